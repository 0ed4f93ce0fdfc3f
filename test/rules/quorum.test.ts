import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { MAX_QUORUM_DEPTH } from '../../src/base/limits.js';
import { allOf, checkSigned, keysOf, missingOf, partiesOf, resolve, signersOf, type Occasion, type Signers } from '../../src/rules/quorum.js';
import type { IdentityKey, Quorum } from '../../src/schema/types.js';
import { all, farmId, identityOf, key, market, some, START, type World } from './world.js';

const account = (name: string): string => `account/${key(name)}`;
const bot = (name: string): string => `bot/${key(name)}`;
const keys = (...names: string[]): Set<string> => new Set(names.map(key));
const isRefused = (reason: string, message?: RegExp) => (thrown: unknown) => isProblem(thrown, 'refused', reason) && (message === undefined || message.test(thrown.message));
const FIRST: Occasion = { kind: 'end@1', at: START, rules: 1 };
const SECOND: Occasion = { kind: 'end@1', at: START, rules: 2 };

/** Accounts by name, each with a weight; groups as they are. */
const group = (threshold: number, ...members: (readonly [name: string, weight: number] | Quorum)[]): Quorum => ({
  threshold,
  members: members.map((member) => ('threshold' in member ? member : { of: account(member[0]), weight: member[1] })),
});
const isMet = (signers: Signers, signed: ReadonlySet<string>): boolean => {
  try {
    checkSigned(signers, signed);
    return true;
  } catch (thrown) {
    if (!isProblem(thrown, 'refused', 'signatures')) throw thrown;
    return false;
  }
};

test('a quorum is met by enough of its members, and by nobody else', () => {
  const signers = resolve(market(), some(2, account('a'), account('b'), account('c')), FIRST);
  assert.ok(isMet(signers, keys('a', 'b')));
  assert.ok(isMet(signers, keys('a', 'c', 'stranger')));
  for (const names of [[], ['a'], ['a', 'stranger'], ['x', 'y', 'z']]) assert.ok(!isMet(signers, keys(...names)));
});

test('who is missing is named, and a crowd is counted', () => {
  assert.throws(() => checkSigned(allOf([key('a'), 'bot/a'], [key('b'), 'bot/b']), keys('a')), isRefused('signatures', /^1 of 2 signatures.*not signed by bot\/b$/));
  const crowd = Array.from({ length: 20 }, (_, i) => account(`m${i}`));
  assert.throws(() => checkSigned(resolve(market(), all(...crowd), FIRST), keys()), isRefused('signatures', /and 15 more$/));
});

test('parties speak by their keys: bots by identity, farms by farm key, nodes and accounts by their own', () => {
  const world = market();
  assert.deepEqual(keysOf(world, bot('alice'), FIRST), [key('alice')]);
  assert.deepEqual(keysOf(world, `farm/${farmId(world)}`, FIRST), [key('farm')]);
  assert.deepEqual(keysOf(world, `node/${key('any')}`, FIRST), [key('any')]);
  assert.deepEqual(keysOf(world, account('any'), FIRST), [key('any')]);
  assert.deepEqual(keysOf(market({ rules: 2 }), `node/${key('node')}`, SECOND), [key('node')]);
  assert.throws(() => keysOf(market({ rules: 2 }), `node/${key('any')}`, SECOND), isRefused('not_found'));
  assert.throws(() => keysOf(world, bot('nobody'), FIRST), isRefused('identity'));
  assert.throws(() => keysOf(world, `farm/${'0'.repeat(40)}`, FIRST), isRefused('not_found'));
});

describe('rules 1 refuse what they do not know and what nobody can meet', () => {
  const forms: [string, Quorum][] = [
    ['a group within a quorum', { threshold: 1, members: [all(account('a'))] }],
    ['a weight of 2', group(1, ['a', 2])],
    ['a weight of 0', group(1, ['a', 0])],
    ['more than there are', some(3, account('a'), account('b'))],
    ['a member twice', all(account('a'), account('a'))],
  ];
  for (const [title, quorum] of forms) test(title, () => assert.throws(() => partiesOf(quorum, 1), isRefused('quorum')));
});

describe('rules 2 know weights and groups', () => {
  const board = group(3, ['chair', 2], ['a', 1], ['b', 1], ['guest', 0]);
  const nested = group(2, ['owner', 1], group(2, ['a', 1], ['b', 1], ['c', 1]), group(1, ['x', 1], ['y', 1]));
  const cases: [string, Quorum, string[], boolean, string[]][] = [
    ['weights add up', board, ['chair', 'a'], true, []],
    ['light members alone are not enough', board, ['a', 'b'], false, ['chair']],
    ['who weighs nothing is welcome and changes nothing', board, ['chair', 'guest'], false, ['a', 'b']],
    ['one heavy member can be enough', group(2, ['chair', 2], ['a', 1]), ['chair'], true, []],
    ['a group that is met weighs one, like a member', nested, ['owner', 'a', 'b'], true, []],
    ['two groups can do without the member', nested, ['b', 'c', 'y'], true, []],
    ['a group that is met twice over weighs one', nested, ['a', 'b', 'c'], false, ['owner', 'x', 'y']],
    ['a group that is not met weighs nothing', nested, ['owner', 'a'], false, ['b', 'c', 'x', 'y']],
    ['groups may stand in groups', group(1, group(1, group(1, group(1, ['deep', 1])))), ['deep'], true, []],
  ];
  for (const [title, quorum, signed, met, missing] of cases) {
    test(title, () => {
      const signers = resolve(market(), quorum, SECOND);
      assert.equal(isMet(signers, keys(...signed)), met);
      assert.deepEqual(missingOf(signers, keys(...signed)), missing.map(account));
    });
  }
  test('who may help is named, and how much is missing', () => {
    assert.throws(() => checkSigned(resolve(market(), board, SECOND), keys('a')), isRefused('signatures', /^signatures of weight 1, and 3 is needed; not signed by account\/[0-9a-f]{8}…, account\/[0-9a-f]{8}…$/));
  });
});

describe('rules 2 refuse', () => {
  const deep = Array.from({ length: MAX_QUORUM_DEPTH }).reduce<Quorum>((inner) => ({ threshold: 1, members: [inner] }), group(1, ['a', 1]));
  const forms: [string, Quorum][] = [
    ['what all members together cannot meet', group(4, ['a', 2], ['b', 1])],
    ['a group that nobody can meet, though others could do without it', group(1, ['a', 1], group(2, ['b', 1]))],
    ['a member that stands in two groups', group(2, group(1, ['a', 1]), group(1, ['a', 1], ['b', 1]))],
    ['groups nested too deep', deep],
    ['optional members only', group(1, ['a', 0])],
  ];
  for (const [title, quorum] of forms) test(title, () => assert.throws(() => partiesOf(quorum, 2), isRefused('quorum')));
});

describe('the fewest signatures that are enough', () => {
  const cases: [number, Quorum][] = [
    [2, all(account('a'), account('b'))],
    [1, group(5, ['a', 1], ['b', 5], ['c', 4])],
    [2, group(6, ['a', 1], ['b', 5], ['c', 4])],
    [3, group(2, ['a', 1], group(3, ['b', 1], ['c', 1], ['d', 1]), group(2, ['e', 1], ['f', 1]))],
    [1, group(1, group(2, ['b', 1], ['c', 1]), ['a', 1])],
  ];
  for (const [fewest, quorum] of cases) test(`are ${fewest} for ${JSON.stringify(quorum.members.length)} members and threshold ${quorum.threshold}`, () => assert.equal(resolve(market(), quorum, SECOND).fewest, fewest));
});

/** A market where alice has three keys: her own, one for `end@1`, one that is over. */
function threeKeys(): World {
  const world = market();
  const grants: IdentityKey[] = [
    { key: key('alice'), kinds: ['*'], until: null },
    { key: key('ci'), kinds: ['end@1', 'talk'], until: START + 1_000 },
    { key: key('old'), kinds: ['*'], until: START },
  ];
  world.put(bot('alice'), { ...(identityOf('alice', { keys: grants }).body as object), key: key('alice') } as never);
  return world;
}

test('a bot speaks by the keys that are valid for this kind at this moment', () => {
  const world = threeKeys();
  assert.deepEqual(keysOf(world, bot('alice'), SECOND), ['alice', 'ci'].map(key));
  assert.deepEqual(keysOf(world, bot('alice'), { kind: 'workload@1', at: START }), [key('alice')]);
  assert.deepEqual(keysOf(world, bot('alice'), { kind: 'end@1', at: START + 1_000 }), [key('alice')]);
});

test('a bot counts once, whichever of its keys sign and however many', () => {
  const signers = resolve(threeKeys(), some(2, bot('alice'), bot('other')), SECOND);
  assert.ok(isMet(signers, keys('ci', 'other')));
  assert.ok(isMet(signers, keys('alice', 'ci', 'other')));
  assert.ok(!isMet(signers, keys('alice', 'ci')));
  assert.deepEqual(missingOf(signers, keys('alice', 'ci')), [bot('other')]);
});

test('a bot without a valid key cannot sign, and where it is needed nobody can meet the quorum', () => {
  const world = threeKeys();
  world.put(bot('alice'), { ...(world.get(bot('alice')) ?? {}), keys: [{ key: key('old'), kinds: ['*'], until: START }] });
  assert.throws(() => resolve(world, all(bot('alice'), bot('other')), SECOND), isRefused('quorum', /nobody can meet.*bot\//));
  assert.deepEqual([...resolve(world, some(1, bot('alice'), bot('other')), SECOND).keys.keys()], [key('other')]);
});

test('a key counts once, however many parties it speaks for', () => {
  const both = [bot('alice'), account('alice')];
  for (const occasion of [FIRST, SECOND]) {
    assert.throws(() => resolve(market(), all(...both), occasion), isRefused('quorum'));
    assert.equal(signersOf(some(1, ...both), occasion.rules, () => [key('alice')]).keys.size, 1);
  }
});

test('ten thousand members in groups are looked at a fixed number of times each', () => {
  const parties = Array.from({ length: 10_000 }, (_, i) => `account/${i}`);
  let looks = 0;
  const counted = (of: string) => ({ get of() { looks += 1; return of; }, weight: 1 });
  const groups = Array.from({ length: 100 }, (_, g): Quorum => ({ threshold: 100, members: parties.slice(g * 100, g * 100 + 100).map(counted) }));
  const signers = signersOf({ threshold: 100, members: groups }, 2, (party) => [party]);
  const signed = new Set(parties);
  checkSigned(signers, signed);
  signed.delete('account/77');
  assert.deepEqual(missingOf(signers, signed), ['account/77']);
  assert.ok(looks < 10 * parties.length, `${looks} looks`);
});
