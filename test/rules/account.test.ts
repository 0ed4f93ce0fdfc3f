// Accounts with several keys: who may change them, who may spend, and who never could.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_ACCOUNT_KEYS } from '../../src/base/limits.js';
import type { Quorum } from '../../src/schema/types.js';
import { chainId } from '../../src/bcdb/record.js';
import { resolve } from '../../src/rules/quorum.js';
import { agreementBody, agreementOf, all, endOf, key, market, nonce, some, TFT, type Submission, type World } from './world.js';

const account = (name: string): string => `account/${key(name)}`;
const weighted = (threshold: number, ...members: [name: string, weight: number][]): Quorum => ({ threshold, members: members.map(([name, weight]) => ({ of: account(name), weight })) });
const keysOf = (keys: Quorum | null, by: string[]): Submission => ({ chain: account('purse'), kind: 'account@1', body: { keys }, by });
const send = (by: string[], amount = TFT): Submission => ({ chain: account('purse'), kind: 'transfer@1', body: { payers: [{ account: key('purse'), amount_stroops: amount.toString() }], to: key('shop'), memo: '' }, by });

/** Two of ann, ben and purse spend purse. */
function shared(): World {
  const world = market({ rules: 2 });
  world.submit(keysOf(some(2, account('purse'), account('ann'), account('ben')), ['purse', 'ann']));
  return world;
}

test('an account is spent by its quorum, whichever of its keys sign, and by nobody else', () => {
  const world = shared();
  for (const by of [['purse'], ['ann'], []]) assert.equal(world.refusal(send(by)), 'signatures', by.join());
  assert.equal(world.refusal(send(['purse', 'mallory'])), 'signatures');
  world.submit(send(['purse', 'ann']));
  world.submit(send(['ann', 'ben']));
  world.submit(send(['purse', 'ann', 'ben']));
  assert.equal(world.balance('shop'), 3n * TFT);
});

test('an account in a quorum speaks by the keys that spend it now, with the weight that it has there', () => {
  const world = market({ rules: 2 });
  const quorum = weighted(3, ['purse', 2], ['cid', 1]);
  const body = { by: key('alice'), nonce: nonce('paper'), title: 'paper', documents: [], quorum, commit_by: world.at + 60_000 };
  const chain = `document/${chainId(world.grid, key('alice'), nonce('paper'))}`;
  const version = (by: string[], text: string): Submission => ({ chain, kind: 'document@1', body: { ...body, text: [text] }, by });
  world.submit(version(['alice', 'purse', 'cid'], 'one'));
  // A key of weight 0 need not agree to be named, so naming cid's must not silence cid.
  world.submit(keysOf(weighted(2, ['ann', 1], ['ben', 1], ['cid', 0]), ['purse', 'ann', 'ben']));
  assert.equal(world.refusal(version(['purse', 'cid'], 'two')), 'signatures', 'the first key speaks for it no more');
  assert.equal(world.refusal(version(['ann', 'cid'], 'two')), 'signatures');
  assert.equal(world.refusal(version(['ann', 'ben'], 'two')), 'signatures');
  world.submit(version(['ann', 'ben', 'cid'], 'two'));
  assert.equal(resolve(world, quorum, { kind: 'document@1', at: world.at, rules: 2 }).fewest, 3);
});

test('weights count: the own key may have none, and then spends nothing, not even with one that is too light', () => {
  const world = market({ rules: 2 });
  world.submit(keysOf(weighted(2, ['purse', 0], ['ann', 2], ['ben', 1], ['cid', 1]), ['purse', 'ann']));
  for (const by of [['purse'], ['purse', 'ben']]) assert.equal(world.refusal(send(by)), 'signatures', by.join());
  world.submit(send(['ann']));
  world.submit(send(['ben', 'cid']));
  world.submit(send(['purse', 'ann']));
});

test('who spends changes by those who spend, together with as many of the new ones as spending will need', () => {
  const world = shared();
  const next = all(account('cid'), account('dan'));
  for (const by of [['purse', 'cid', 'dan'], ['cid', 'dan'], ['purse', 'ann'], ['purse', 'ann', 'cid']]) assert.equal(world.refusal(keysOf(next, by)), 'signatures', by.join());
  world.submit(keysOf(next, ['purse', 'ben', 'cid', 'dan']));
  assert.equal(world.refusal(send(['purse', 'ann'])), 'signatures');
  world.submit(send(['cid', 'dan']));
  world.submit(keysOf(null, ['cid', 'dan', 'purse']));
  assert.equal(world.account('purse').keys, undefined);
  world.submit(send(['purse']));
});

for (const [what, keys, by, reason] of [
  ['a quorum that all its keys together cannot meet', some(3, account('purse'), account('ann')), ['purse', 'ann'], 'quorum'],
  ['one whose weights are too little', weighted(3, ['purse', 1], ['ann', 1]), ['purse', 'ann'], 'quorum'],
  ['a key that stands twice', some(1, account('ann'), account('ann')), ['purse', 'ann'], 'quorum'],
  ['a bot as a member', all(`bot/${key('alice')}`), ['purse', 'alice'], 'quorum'],
  ["a bot's key as if it were a wallet's", all(account('purse'), account('alice')), ['purse', 'alice'], 'key'],
  ["a farm's key", all(account('purse'), account('farm')), ['purse', 'farm'], 'key'],
  ["the log's key", all(account('purse'), account('log')), ['purse', 'log'], 'key'],
  ['more keys than are taken', some(1, account('purse'), ...Array.from({ length: MAX_ACCOUNT_KEYS }, (_, i) => account(`k${i}`))), ['purse'], 'quorum'],
  ['what holds already', null, ['purse'], 'terms'],
  ['a threshold of nothing', { threshold: 0, members: [{ of: account('ann'), weight: 1 }] }, ['purse', 'ann'], 'malformed'],
  ["another account's keys", all(account('ann')), ['ann'], 'signatures'],
] as const) {
  test(`${what} is refused`, () => {
    assert.equal(market({ rules: 2 }).refusal(keysOf(keys as Quorum | null, [...by])), reason);
  });
}

test('an account with several keys pays for an agreement by its quorum, and gets back what is not used', () => {
  const world = shared();
  assert.equal(world.refusal(agreementOf(world)), 'signatures', 'its own key alone is not enough');
  world.submit(agreementOf(world, {}, ['alice', 'farm', 'ann', 'ben']));
  const before = world.money;
  world.submit(endOf(world));
  assert.deepEqual([world.money, world.balance('purse')], [before, 1_000n * TFT]);
});

test("a key of a paying account counts for no bot: one that speaks for a party of the agreement too is refused", () => {
  const world = market({ rules: 2 });
  world.submit(keysOf(some(1, account('purse'), account('cora')), ['purse']));
  // Cora's wallet key was free when it became a key of the account; now it is also a bot's.
  const body = { name: 'cora', keys: [{ key: key('cora'), kinds: ['*'], until: null }], sealing_key: key('cora sealing'), endpoint: null, roles: [], recovery: null };
  world.submit({ chain: `bot/${key('cora')}`, kind: 'identity@1', body, by: ['cora'] });
  const party = `bot/${key('cora')}`;
  const { roles, quorums } = agreementBody(world);
  const both = { roles: [...roles, { role: 'signer', party }], quorums: { ...quorums, commit: all(...roles.map((role) => role.party), party) } };
  assert.equal(world.refusal(agreementOf(world, both, ['alice', 'farm', 'purse', 'cora'])), 'payers');
});

test('under rules 1 an account has one key', () => {
  assert.equal(market().refusal(keysOf(some(1, account('purse'), account('ann')), ['purse'])), 'later_release');
});

test('whatever the weights, money leaves exactly where the signed weight reaches the threshold', () => {
  const names = ['purse', 'ann', 'ben', 'cid'];
  const weights = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 });
  fc.assert(fc.property(weights, fc.integer({ min: 1, max: 12 }), fc.subarray(names), (given, threshold, by) => {
    const world = market({ rules: 2 });
    const sum = given.reduce((a, b) => a + b, 0);
    const quorum = weighted(threshold, ...names.map((name, i): [string, number] => [name, given[i] ?? 0]));
    if (threshold > sum) return assert.equal(world.refusal(keysOf(quorum, names)), 'quorum');
    world.submit(keysOf(quorum, names));
    const signed = by.reduce((weight, name) => weight + (given[names.indexOf(name)] ?? 0), 0);
    assert.equal(world.refusal(send(by)), signed >= threshold ? 'taken' : 'signatures');
    assert.equal(world.balance('shop'), signed >= threshold ? TFT : 0n);
  }), { numRuns: 100 });
});
