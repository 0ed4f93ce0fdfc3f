import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eraAt, trustOf } from '../../src/bcdb/pinned.js';
import { readGrid } from '../../src/rules/objects.js';
import type { Handover } from '../../src/schema/types.js';
import { formatVkey } from '../../src/tlog/note.js';
import { genesisBody, key, market, some, type Submission, type World } from './world.js';

const GOVERNORS = some(2, ...['a', 'b', 'c'].map((name) => `bot/${key(name)}`));
const governed = (): World => market({ governance: some(1, `bot/${key('governor')}`, `bot/${key('deputy')}`) });

const watcher = (name: string): string => `witness ${name} ${formatVkey({ name: `${name}.example`, type: 'cosignature', key: key(name) })} https://${name}.example`;
const WATCHED = [watcher('w1'), watcher('w2'), 'group both all w1 w2', 'quorum both'];

const witnessesOf = (witnesses: string[] | null, by = ['governor']): Submission => ({ chain: 'grid', kind: 'witnesses@1', body: { witnesses }, by });
/** A hand-over made for the line that comes next. */
function handoverOf(world: World, change: Partial<Handover> = {}, by = ['governor']): Submission {
  return { chain: 'grid', kind: 'handover@1', body: { seen: { size: world.index, root: 'ab'.repeat(32) }, log_key: key('new log'), clock_key: key('new clock'), ...change }, by };
}

test('a hand-over gives the grid the keys of its new home, from its own line on', () => {
  const world = governed();
  const line = world.index;
  const old = genesisBody();
  world.submit(handoverOf(world));
  const trust = trustOf(world, world.grid);
  assert.deepEqual([trust.log_key, trust.clock_key], [key('new log'), key('new clock')]);
  const logAt = (size: number): string => eraAt(trust, size).log_key;
  assert.deepEqual([1, line, line + 1, 1_000_000].map(logAt), [old.log_key, old.log_key, key('new log'), key('new log')]);
  assert.equal(readGrid(world).handovers, 1);
});

test('a change of witnesses counts from the checkpoint after the one that first covers it', () => {
  const world = governed();
  const line = world.index;
  world.submit(witnessesOf(WATCHED));
  const trust = trustOf(world);
  const quorumAt = (size: number): string | undefined => eraAt(trust, size).witnesses?.quorum?.name;
  assert.deepEqual([line, line + 1, line + 2].map(quorumAt), [undefined, undefined, 'both']);
});

test('eras follow one another, and each keeps what it was', () => {
  const world = governed();
  const begin = world.index;
  world.submit(witnessesOf(WATCHED));
  world.submit(handoverOf(world));
  world.submit(handoverOf(world, { log_key: key('third log'), clock_key: key('third clock') }));
  world.submit(witnessesOf(null, ['deputy']));
  const trust = trustOf(world);
  const at = (size: number): unknown => [eraAt(trust, size).log_key, eraAt(trust, size).witnesses !== null];
  const [first] = [genesisBody().log_key];
  assert.deepEqual([begin, begin + 1, begin + 2, begin + 3, begin + 4, begin + 5].map(at), [
    [first, false], [first, false], [key('new log'), true], [key('third log'), true], [key('third log'), true], [key('third log'), false],
  ]);
});

test('governance raises the rules, and nobody lowers them', () => {
  const world = governed();
  const policyOf = (rules: 1 | 2, by = 'governor'): Submission => ({ chain: 'grid', kind: 'policy@1', body: { rules }, by: [by] });
  assert.equal(world.refusal(policyOf(2, 'alice')), 'signatures');
  world.submit(policyOf(2));
  assert.equal(readGrid(world).rules, 2);
  assert.equal(world.refusal(policyOf(2)), 'terms');
  assert.equal(world.refusal(policyOf(1)), 'terms');
});

describe('a hand-over is refused', () => {
  const cases: [string, string, (world: World) => Submission][] = [
    ['that governance did not sign', 'signatures', (world) => handoverOf(world, {}, ['alice'])],
    ['made for an earlier line', 'grid', (world) => handoverOf(world, { seen: { size: world.index - 1, root: 'ab'.repeat(32) } })],
    ['made for a later line', 'grid', (world) => handoverOf(world, { seen: { size: world.index + 1, root: 'ab'.repeat(32) } })],
    ['to the log key of the old home', 'key', (world) => handoverOf(world, { log_key: genesisBody().log_key })],
    ['to its clock key', 'key', (world) => handoverOf(world, { log_key: genesisBody().clock_key })],
    ['whose clock keeps the old key', 'key', (world) => handoverOf(world, { clock_key: genesisBody().clock_key })],
    ['with one key for both', 'key', (world) => handoverOf(world, { clock_key: key('new log') })],
    ['to a governor', 'key', (world) => handoverOf(world, { log_key: key('governor') })],
    ['to a key that a bot has', 'key', (world) => handoverOf(world, { log_key: key('alice') })],
    ['to a key that a node has', 'key', (world) => handoverOf(world, { clock_key: key('node') })],
    ['on another chain', 'chain', (world) => ({ ...handoverOf(world), chain: `bot/${key('alice')}` })],
    ['of another grid', 'grid', (world) => ({ ...handoverOf(world), grid: 'cd'.repeat(32) })],
    ['without what was seen', 'malformed', (world) => handoverOf(world, { seen: undefined as unknown as Handover['seen'] })],
  ];
  for (const [what, reason, submission] of cases) {
    test(what, () => {
      const world = governed();
      assert.equal(world.refusal(submission(world)), reason);
    });
  }
  test('by one of three governors where two are asked for', () => {
    const world = market();
    const grid = readGrid(world);
    world.put('grid', { ...grid, governance: GOVERNORS } as never);
    assert.equal(world.refusal(handoverOf(world, {}, ['a'])), 'signatures');
    world.submit(handoverOf(world, {}, ['a', 'c']));
  });
  test('to a witness of the grid', () => {
    const world = governed();
    world.submit(witnessesOf(WATCHED));
    assert.equal(world.refusal(handoverOf(world, { log_key: key('w1') })), 'key');
  });
});

describe('a change of witnesses is refused', () => {
  const cases: [string, string, Submission][] = [
    ['that governance did not sign', 'signatures', witnessesOf(WATCHED, ['alice'])],
    ['that changes nothing', 'terms', witnessesOf(null)],
    ['with a policy that is none', 'quorum', witnessesOf(['witness w1 nonsense', 'quorum w1'])],
    ['without a quorum', 'quorum', witnessesOf(WATCHED.slice(0, 3))],
    ['where the log witnesses for itself', 'key', witnessesOf([`witness w ${formatVkey({ name: 'w.example', type: 'cosignature', key: genesisBody().log_key })} https://w.example`, 'quorum w'])],
  ];
  for (const [what, reason, submission] of cases) test(what, () => assert.equal(governed().refusal(submission), reason));
});
