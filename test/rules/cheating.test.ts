// What cheats try with money, and what it brings them. Forged signatures, replays of records and forks of chains are the
// core's (test/evil); what a meter does not count is in meter.test.ts.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { viewOf } from '../../src/rules/view.js';
import type { Agreement } from '../../src/schema/types.js';
import { agreementOf, amendOf, beat, claimOf, contractId, endOf, fundOf, gib, heldOf, HOUR, key, market, metered, NODE_METER, nonce, noticeOf, statusOf, TFT, type Submission, type World } from './world.js';

const MONTH = 720 * HOUR;
const A_HOUR = 225_000n;
const after = (world: World, ms: number): World => Object.assign(world, { at: world.at + ms });
const transferOf = (from: string, to: string, amount: bigint | string): Submission => ({ chain: `account/${key(from)}`, kind: 'transfer@1', body: { payers: [{ account: key(from), amount_stroops: amount.toString() }], to: key(to), memo: '' }, by: [from] });
const alive = (change: Partial<Agreement> = {}): World => metered({ notice_ms: 48 * HOUR, minimum_stroops: A_HOUR.toString(), ...change });

describe('refused', () => {
  const cases: [string, (world: World) => Submission, string][] = [
    ['to spend the same money twice: the second contract that was signed on it', (world) => (world.submit(transferOf('purse', 'bob', 900n * TFT)), fundOf(world, 6 * MONTH, 6n * 162_000_000n)), 'funds'],
    ['an amendment paid with money that is gone by now', (world) => (world.submit(transferOf('purse', 'bob', 900n * TFT)), amendOf(world, { term_ms: 8 * MONTH }, 100n * TFT)), 'funds'],
    ['a transfer of more than can exist', () => transferOf('purse', 'bob', 2n ** 63n), 'malformed'],
    ['a transfer of more than there is', () => transferOf('purse', 'bob', 2n ** 63n - 1n), 'funds'],
    ['a transfer of nothing', () => transferOf('purse', 'bob', 0n), 'payers'],
    ['a transfer of less than nothing', () => transferOf('purse', 'bob', '-1'), 'malformed'],
    ['a transfer to oneself', () => transferOf('purse', 'purse', 1n), 'payers'],
    ['prices so high that the total is above what can exist', (world) => ({ ...amendOf(world), body: { ...amendOf(world).body, prices: { cu_stroops: (2n ** 63n - 1n).toString(), su_stroops: '0', nu_stroops: '0', ipv4_stroops: '0' } } }), 'malformed'],
    ['a fund that says another price', (world) => fundOf(world, MONTH, 1n), 'payers'],
    ['a settlement with amounts of its own', (world) => ({ ...endOf(world), body: { reason: 'mine', refunded_stroops: '162000000' } }), 'malformed'],
    ['a claim with an amount of its own', (world) => ({ ...claimOf(world), body: { contract: contractId(world), amount_stroops: '162000000' } }), 'malformed'],
    ['a claim by who gets nothing', (world) => claimOf(world, 'bob'), 'terms'],
    ['a claim for the payee, by another', (world) => ({ ...claimOf(world), by: ['farm'] }), 'signatures'],
    ['a second claim for the same time', (world) => (world.submit(claimOf(world)), claimOf(world)), 'state'],
    ['a status of the node, signed by the farm', (world) => (after(world, HOUR), { ...statusOf(world), by: ['farm'] }), 'signatures'],
    ['a status in the place of the node, on the chain of another key', (world) => (after(world, HOUR), { ...statusOf(world, 'farmer'), by: ['node'] }), 'signatures'],
    ['a fault that was none, once the contract is settled', (world) => (world.submit(endOf(world)), endOf(world, ['alice'], 'deal', { fault: true })), 'ended'],
    ['the end by a farm that wants to be rid of it', (world) => endOf(world, ['farm']), 'signatures'],
    ['a notice in the place of the farm', (world) => noticeOf(world, ['alice']), 'signatures'],
    ['an amendment that the farm has not signed', (world) => amendOf(world, { prices: { cu_stroops: '0', su_stroops: '0', nu_stroops: '0', ipv4_stroops: '0' }, total_stroops: '0' }, 0n, ['alice']), 'signatures'],
    ['a record signed by a clock that is ahead', (world) => ({ ...claimOf(world), time: world.at + HOUR }), 'time'],
    ['a record signed by a clock that is behind', (world) => ({ ...fundOf(world, MONTH, 162_000_000n), time: world.at - HOUR }), 'time'],
    ['a record of another grid', (world) => ({ ...fundOf(world, MONTH, 162_000_000n), grid: 'a'.repeat(64) }), 'grid'],
  ];
  for (const [title, make, reason] of cases) {
    test(title, () => {
      const world = alive();
      assert.equal(world.refusal(make(world)), reason);
      assert.equal(world.money, 1_000n * TFT);
    });
  }
});

test('a record that was signed for one contract pays for no other', () => {
  const world = alive();
  world.submit(agreementOf(world, { nonce: nonce('second'), meter: NODE_METER, resources: gib(1, 1, 1), notice_ms: HOUR }));
  world.submit(heldOf(world, 'second'));
  const { body, chain, by } = fundOf(world, MONTH, 162_000_000n);
  const funded = { ...(body as object), contract: contractId(world, 'second') };
  assert.equal(world.refusal({ chain, kind: 'fund@1', body: funded, by }), 'payers', 'the price is another one');
});

describe('what it brings', () => {
  test('to end before every heartbeat: a minimum charge for each contract', () => {
    const world = market({ rules: 2 });
    for (let i = 1n; i <= 5n; i += 1n) {
      const name = `n${i}`;
      world.submit(agreementOf(world, { nonce: nonce(name), meter: NODE_METER, minimum_stroops: A_HOUR.toString() }));
      world.submit(heldOf(world, name));
      after(world, HOUR - 1);
      world.submit(endOf(world, ['alice'], name, { fault: true }));
      assert.deepEqual([world.balance('payout'), world.balance('purse')], [i * A_HOUR, 1_000n * TFT - i * A_HOUR]);
    }
  });
  test('to end shortly before a heartbeat without a fault: nothing', () => {
    const world = beat(alive(), 5);
    after(world, HOUR - 1);
    world.submit(endOf(world));
    assert.equal(world.balance('payout'), (A_HOUR * (6n * BigInt(HOUR) - 1n)) / BigInt(HOUR));
  });
  test('to switch the node off once it is paid for: the escrow goes back', () => {
    const world = after(beat(alive(), 5), 100 * HOUR);
    world.submit(endOf(world, ['alice'], 'deal', { fault: true }));
    assert.deepEqual([world.balance('payout'), world.balance('purse')], [5n * A_HOUR, 1_000n * TFT - 5n * A_HOUR]);
  });
  test('to vanish without ending: the farm is paid for what its node was up, and ends it alone', () => {
    const world = beat(alive({ term_ms: 5 * HOUR, grace_ms: HOUR }), 7);
    world.submit(endOf(world, ['farm']));
    assert.deepEqual([world.balance('payout'), world.contract(contractId(world)).escrow_stroops], [5n * A_HOUR, '0']);
  });
  test('to confirm time as a meter that the agreement does not name: nothing', () => {
    const world = after(alive(), HOUR);
    world.submit(statusOf(world, 'other'));
    beat(world, 3, HOUR, 'other');
    assert.equal(viewOf(world, world.contract(contractId(world)), world.at).covered_ms, 0);
  });
  test('to be up for one contract and confirm for another: time counts by the node, once for each that it holds', () => {
    const world = beat(alive(), 2);
    world.submit(agreementOf(world, { nonce: nonce('second'), meter: NODE_METER, resources: gib(1, 1, 1), provision_by_ms: 6 * HOUR }));
    beat(world, 2);
    world.submit(heldOf(world, 'second'));
    const second = world.contract(contractId(world, 'second'));
    assert.equal(viewOf(world, second, world.at).covered_ms, 0, 'what was before it was held is not its own');
  });
  test('to be paid by dust: a stroop goes where the shares say, and nothing is made of it', () => {
    const payees: Agreement['payees'] = [{ account: key('architect'), role: 'architect', share_ppm: 999_999 }, { account: key('payout'), role: 'farmer', share_ppm: 1 }];
    const world = metered({ meter: null, payees });
    for (let i = 0; i < 50; i += 1) {
      after(world, 17);
      if (world.refusal(claimOf(world)) === 'state') continue;
      assert.equal(world.money, 1_000n * TFT);
    }
    world.submit(endOf(world));
    assert.deepEqual([world.balance('architect'), world.balance('payout')], [52n, 1n], '53 stroops for 850 ms');
  });
});
