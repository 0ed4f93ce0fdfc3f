import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readGrid } from '../../src/rules/objects.js';
import { formatVkey } from '../../src/tlog/note.js';
import type { Genesis } from '../../src/schema/types.js';
import { all, genesisBody, genesisOf, identityOf, key, market, nonce, some, TFT, World } from './world.js';

/** A line of a witness policy. */
const watcher = (name: string, url = ` https://${name}.example/w`): string => `witness ${name} ${formatVkey({ name, type: 'cosignature', key: key(name) })}${url}`;

test('genesis makes the grid and what is allocated, and nothing more', () => {
  const world = new World();
  const record = world.submit(genesisOf());
  assert.equal(readGrid(world).id, record.id);
  assert.equal(readGrid(world).supply_stroops, (1_000n * TFT).toString());
  assert.equal(world.balance('purse'), 1_000n * TFT);
  assert.deepEqual([...world.objects.keys()].sort(), [`account/${key('purse')}`, 'grid'].sort());
});

test('allocations may name an account twice; the sum is what counts', () => {
  const world = new World();
  const half = { account: key('purse'), amount_stroops: '5' };
  world.submit(genesisOf({ allocations: [half, half], max_supply_stroops: '10' }));
  assert.equal(world.balance('purse'), 10n);
});

describe('a genesis is refused', () => {
  const cases: [string, string, Partial<Genesis>][] = [
    ['whose origin is not its nonce', 'grid', { origin: `3bot/${nonce('other')}` }],
    ['whose log key is the clock key', 'key', { clock_key: key('log') }],
    ['whose log governs', 'key', { governance: some(1, `bot/${key('governor')}`, `bot/${key('log')}`) }],
    ['whose clock key governs', 'key', { governance: some(1, `bot/${key('governor')}`, `bot/${key('clock')}`) }],
    ['whose log certifies', 'key', { certifiers: all(`bot/${key('log')}`) }],
    ['under rules 1, whose governance has groups', 'quorum', { governance: { threshold: 1, members: [all(`bot/${key('governor')}`)] } }],
    ['whose governance names an account within a group', 'quorum', { rules: 2, governance: { threshold: 1, members: [all(`account/${key('governor')}`)] } }],
    ['whose log has a say within a group', 'key', { rules: 2, governance: { threshold: 1, members: [some(1, `bot/${key('governor')}`, `bot/${key('log')}`)] } }],
    ['that an account governs', 'quorum', { governance: all(`account/${key('governor')}`) }],
    ['that nobody can govern', 'quorum', { governance: some(2, `bot/${key('governor')}`) }],
    ['whose witnesses are no policy', 'quorum', { witnesses: [watcher('a'), 'quorum b'] }],
    ['whose policy names a log', 'malformed', { witnesses: [`log ${formatVkey({ name: 'x', type: 'ed25519', key: key('log') })}`, watcher('a'), 'quorum a'] }],
    ['whose policy is not spelled in the one way', 'malformed', { witnesses: [watcher('a'), 'quorum  a'] }],
    ['whose policy asks for nobody', 'quorum', { witnesses: [watcher('a'), 'quorum none'] }],
    ['whose quorum asks for more witnesses than it has', 'quorum', { witnesses: [watcher('a'), watcher('b'), 'group g 3 a b', 'quorum g'] }],
    ['whose quorum needs a witness that nobody can reach', 'quorum', { witnesses: [watcher('a'), watcher('b', ''), 'group g all a b', 'quorum g'] }],
    ['whose witness is at no address', 'quorum', { witnesses: [watcher('a', ' ftp://a.example'), 'quorum a'] }],
    ['whose log witnesses for itself', 'key', { witnesses: [watcher('log'), 'quorum log'] }],
    ['whose clock witnesses', 'key', { witnesses: [watcher('a'), watcher('clock'), 'quorum a'] }],
    ['that allocates more than may exist', 'supply', { max_supply_stroops: '1' }],
    ['whose amounts are above 2^63-1', 'malformed', { max_supply_stroops: '9999999999999999999' }],
    ['whose faucet gives more than can exist', 'malformed', { faucet_stroops: '9999999999999999999' }],
    ['longer than its own limit', 'size', { limits: { record_bytes: 4096, signatures: 4 }, governance: some(1, ...Array.from({ length: 80 }, (_, i) => `bot/${key(`g${i}`)}`), `bot/${key('governor')}`) }],
  ];
  for (const [title, reason, change] of cases) {
    test(title, () => assert.equal(new World().refusal(genesisOf(change)), reason));
  }
  test('that governance did not sign', () => {
    assert.equal(new World().refusal({ ...genesisOf({ governance: all(`bot/${key('governor')}`, `bot/${key('second')}`) }), by: ['governor'] }), 'signatures');
  });
  test('that names a grid', () => {
    assert.equal(new World().refusal({ ...genesisOf(), grid: 'a'.repeat(64) }), 'grid');
  });
  test('that is not the first line', () => {
    assert.equal(market().refusal(genesisOf()), 'grid');
    assert.equal(market().refusal({ ...genesisOf(), grid: null }), 'grid');
    const late = new World();
    late.index = 1;
    assert.equal(late.refusal(genesisOf()), 'grid');
  });
  test('on a chain that is not the grid', () => {
    assert.equal(new World().refusal({ ...genesisOf(), chain: `bot/${key('governor')}` }), 'chain');
  });
});

test('nothing comes before genesis', () => {
  assert.equal(new World().refusal(identityOf('alice')), 'grid');
  assert.equal(new World().refusal({ ...identityOf('alice'), grid: 'a'.repeat(64) }), 'grid');
});

test('a witness policy stands in the state as genesis spells it', () => {
  const witnesses = [watcher('a'), watcher('b'), watcher('c', ''), 'group g 2 a b c', 'quorum g'];
  const world = new World();
  world.submit(genesisOf({ witnesses }));
  assert.deepEqual(readGrid(world).witnesses, witnesses);
});

test('two governors of three are enough where genesis says so', () => {
  const governance = some(2, ...['a', 'b', 'c'].map((name) => `bot/${key(name)}`));
  new World().submit({ chain: 'grid', kind: 'genesis@1', body: genesisBody({ governance }), by: ['a', 'c'] });
});
