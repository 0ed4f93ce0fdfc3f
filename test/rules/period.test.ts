import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MAX_CONTRACT_PAYERS } from '../../src/base/limits.js';
import { takenFrom } from '../../src/rules/split.js';
import { viewOf, type ContractView } from '../../src/rules/view.js';
import type { Agreement } from '../../src/schema/types.js';
import { agreementOf, amendOf, announcementOf, beat, claimOf, contractId, deal, endOf, fundOf, gib, heldOf, HOUR, key, market, metered, NODE_METER, noticeOf, runOf, START, TFT, type Submission, type World } from './world.js';

const MONTH = 720 * HOUR;
const TOTAL = 162_000_000n;
const A_HOUR = 225_000n;
const now = (world: World): ContractView => viewOf(world, world.contract(contractId(world)), world.at);
const after = (world: World, ms: number): World => Object.assign(world, { at: world.at + ms });
/** A contract of a month that was held, unmetered, under rules 2. */
const unmetered = (change: Partial<Agreement> = {}, held = true): World => metered({ meter: null, notice_ms: 48 * HOUR, ...change }, held);
const paid = (world: World): [bigint, bigint, bigint] => [world.balance('payout'), 1_000n * TFT - world.balance('purse'), BigInt(world.contract(contractId(world)).escrow_stroops)];

describe('claim', () => {
  test('pays what is billed and was not paid yet, and leaves the rest where it was', () => {
    const world = after(unmetered(), 10 * HOUR);
    world.submit(claimOf(world));
    assert.deepEqual(paid(world), [10n * A_HOUR, TOTAL, TOTAL - 10n * A_HOUR]);
    assert.deepEqual([now(world).due_stroops, now(world).billed_stroops, now(world).refundable_stroops], [0n, 10n * A_HOUR, TOTAL - 10n * A_HOUR]);
    assert.equal(world.account('purse').escrowed_stroops, (TOTAL - 10n * A_HOUR).toString());
    assert.equal(world.refusal(claimOf(world)), 'state');
    after(world, HOUR);
    world.submit(claimOf(world));
    world.submit(endOf(world));
    assert.deepEqual(paid(world), [11n * A_HOUR, 11n * A_HOUR, 0n]);
  });
  test('pays all payees, whoever of them asks, and nobody else may ask', () => {
    const payees: Agreement['payees'] = [{ account: key('architect'), role: 'architect', share_ppm: 333_333 }, { account: key('payout'), role: 'farmer', share_ppm: 666_667 }];
    const world = after(unmetered({ payees }), HOUR);
    for (const name of ['purse', 'alice', 'farm']) assert.equal(world.refusal(claimOf(world, name)), 'terms');
    assert.equal(world.refusal({ ...claimOf(world, 'architect'), by: ['payout'] }), 'signatures');
    world.submit(claimOf(world, 'architect'));
    assert.deepEqual([world.balance('architect'), world.balance('payout')], [74_999n, 150_000n]);
    world.submit(endOf(world));
    assert.deepEqual([world.balance('architect'), world.balance('payout')], [74_999n, 150_001n], 'what rounding leaves is the farmer\'s in the end');
  });
  test('is refused before anything is billed, once it is settled, and under rules 1', () => {
    const early = unmetered({}, false);
    assert.equal(early.refusal(claimOf(early)), 'state');
    const over = after(unmetered(), HOUR);
    over.submit(endOf(over));
    assert.equal(over.refusal(claimOf(over)), 'ended');
    const old = after(deal(), HOUR);
    assert.equal(old.refusal(claimOf(old)), 'later_release');
  });
  test('pays a farmer whose consumer has vanished, up to the end of the term', () => {
    const world = beat(metered({ term_ms: 3 * HOUR, grace_ms: 0 }), 4);
    world.submit(claimOf(world));
    assert.equal(world.balance('payout'), 3n * A_HOUR);
    assert.equal(world.refusal(endOf(world, ['farm'])), 'taken');
  });
});

test('settling once, ten times or ten thousand times gives the same balances', () => {
  const names = ['purse', 'second'];
  const run = (claims: number): bigint[] => {
    const payees: Agreement['payees'] = [['a', 'architect', 333_333], ['b', 'architect', 333_333], ['payout', 'farmer', 222_223], ['c', 'architect', 111_111]].map(([name, role, share_ppm]) => ({ account: key(name as string), role: role as 'farmer', share_ppm: share_ppm as number }));
    const world = market({ rules: 2, allocations: names.map((name) => ({ account: key(name), amount_stroops: TOTAL.toString() })) });
    const payers = [{ account: key('purse'), amount_stroops: '100000001' }, { account: key('second'), amount_stroops: (TOTAL - 100_000_001n).toString() }];
    world.submit(agreementOf(world, { payees, payers, meter: null }, ['alice', 'farm', ...names]));
    world.submit(runOf(world, 'held'));
    const until = START + 555 * HOUR + 1_234;
    for (let i = 1; i <= claims; i += 1) {
      world.at = START + Math.floor(((until - START) * i) / (claims + 1));
      world.submit(claimOf(world, 'a'));
    }
    world.at = until;
    world.submit(endOf(world));
    return ['a', 'b', 'c', 'payout', ...names].map((name) => world.balance(name));
  };
  const once = run(0);
  for (const times of [1, 10, 10_000]) assert.deepEqual(run(times), once, `${times} claims`);
});

describe('fund', () => {
  test('lengthens an active contract for the price of the longer term less that of the present one', () => {
    const world = after(unmetered(), 10 * HOUR);
    world.submit(fundOf(world, MONTH, TOTAL));
    assert.deepEqual([now(world).funded_until, now(world).total_stroops, now(world).billed_stroops], [START + 2 * MONTH, 2n * TOTAL, 10n * A_HOUR]);
    assert.deepEqual(paid(world), [10n * A_HOUR, 2n * TOTAL, 2n * TOTAL - 10n * A_HOUR], 'and the payees have what was billed');
    assert.equal(world.node().allocations[0]?.until, START + 2 * MONTH + 24 * HOUR);
    after(world, 2 * MONTH);
    world.submit(endOf(world));
    assert.deepEqual(paid(world), [2n * TOTAL, 2n * TOTAL, 0n]);
  });
  test('in the grace begins a new term, and the pause between is not paid', () => {
    const world = after(unmetered(), MONTH + HOUR);
    assert.equal(now(world).state, 'paused');
    world.submit(fundOf(world, 10 * HOUR, 10n * A_HOUR));
    assert.deepEqual([now(world).state, now(world).funded_until, now(world).billed_stroops], ['active', world.at + 10 * HOUR, TOTAL]);
    after(world, 5 * HOUR);
    world.submit(endOf(world));
    assert.deepEqual(paid(world), [TOTAL + 5n * A_HOUR, TOTAL + 5n * A_HOUR, 0n]);
  });
  test('in the grace is for as long as the pause was, so that seconds do not hold a place for hours', () => {
    const world = after(unmetered(), MONTH + HOUR);
    assert.equal(world.refusal(fundOf(world, 1_000, (A_HOUR + 3_599n) / 3_600n)), 'terms');
    assert.equal(world.refusal(fundOf(world, HOUR - 1, A_HOUR)), 'terms');
    assert.equal(world.refusal(fundOf(world, HOUR, A_HOUR)), 'taken');
  });
  test('in the grace pays the last window, which the meter could still confirm, and counts none of it twice', () => {
    const world = beat(metered({ term_ms: 2.5 * HOUR, grace_ms: HOUR, notice_ms: HOUR }), 2);
    after(world, 0.75 * HOUR);
    assert.deepEqual([now(world).state, now(world).billed_stroops, now(world).open_stroops], ['paused', 2n * A_HOUR, A_HOUR / 2n]);
    world.submit(fundOf(world, 10 * HOUR, 10n * A_HOUR));
    assert.equal(world.balance('payout'), (A_HOUR * 5n) / 2n);
    beat(world, 1, 0.25 * HOUR);
    beat(world, 1);
    assert.equal(now(world).billed_stroops, (A_HOUR * 5n) / 2n + (A_HOUR * 5n) / 4n);
  });
  const cases: [string, (world: World) => Submission, string][] = [
    ['for another amount', (world) => fundOf(world, MONTH, TOTAL - 1n), 'payers'],
    ['for more than it costs', (world) => fundOf(world, MONTH, TOTAL + 1n), 'payers'],
    ['by an account that has not paid before', (world) => fundOf(world, MONTH, TOTAL, 'payout'), 'payers'],
    ['with the money of another account', (world) => ({ ...fundOf(world, MONTH, TOTAL), chain: `account/${key('alice')}`, by: ['alice', 'purse'] }), 'payers'],
    ['without its signature', (world) => ({ ...fundOf(world, MONTH, TOTAL), by: [] }), 'signatures'],
    ['with more than it has', (world) => fundOf(world, 70 * MONTH, 70n * TOTAL), 'funds'],
    ['to more than ten years', (world) => fundOf(world, 315_576_000_000, 1n), 'terms'],
  ];
  for (const [title, make, reason] of cases) {
    test(`is refused ${title}`, () => {
      const world = unmetered();
      assert.equal(world.refusal(make(world)), reason);
    });
  }
  test('is refused before held, once over, and where the farm could not give notice', () => {
    const early = unmetered({}, false);
    assert.equal(early.refusal(fundOf(early, MONTH, TOTAL)), 'state');
    const over = after(unmetered(), MONTH + 24 * HOUR);
    assert.equal(over.refusal(fundOf(over, MONTH, TOTAL)), 'ended');
    const bound = unmetered({ notice_ms: 0 });
    assert.equal(bound.refusal(fundOf(bound, MONTH, TOTAL)), 'terms');
    const told = unmetered();
    told.submit(noticeOf(told));
    assert.equal(told.refusal(fundOf(told, MONTH, TOTAL)), 'state');
  });
  test('of a term whose price is not whole never lowers a bill that was paid', () => {
    const world = unmetered({ term_ms: 1_001 });
    const total = BigInt(world.contract(contractId(world)).agreement.total_stroops);
    after(world, 1_000);
    world.submit(claimOf(world));
    const before = now(world).billed_stroops;
    const { resources, prices } = world.contract(contractId(world)).agreement;
    const longer = amendOf(world, { resources, prices, term_ms: 1_001 + 5_003 }).body as { total_stroops: string };
    world.submit(fundOf(world, 5_003, BigInt(longer.total_stroops) - total));
    assert.ok(now(world).billed_stroops >= before && now(world).due_stroops >= 0n);
  });
});

describe('amend', () => {
  test('to twice the machine: what was used is paid, what is left counts, the rest is paid in', () => {
    const world = after(unmetered(), 120 * HOUR);
    const used = 120n * A_HOUR;
    world.submit(announcementOf(world, { capacity: gib(32, 64, 1_000) }));
    world.submit(amendOf(world, { resources: gib(8, 8, 200) }, TOTAL + used));
    assert.deepEqual(paid(world), [used, 2n * TOTAL + used, 2n * TOTAL]);
    assert.deepEqual([now(world).total_stroops, now(world).funded_until, now(world).billed_stroops], [used + 2n * TOTAL, world.at + MONTH, used]);
    assert.deepEqual(world.node().allocations[0]?.resources, gib(8, 8, 200));
    after(world, 10 * HOUR);
    assert.equal(now(world).billed_stroops, used + 20n * A_HOUR);
    assert.deepEqual(world.contract(contractId(world)).agreement.resources, gib(4, 4, 100), 'the agreement stays as it was signed');
  });
  test('to less: what the escrow holds too much of goes back, to each payer in proportion', () => {
    const payers = [{ account: key('purse'), amount_stroops: (TOTAL / 3n).toString() }, { account: key('bob'), amount_stroops: ((2n * TOTAL) / 3n).toString() }];
    const world = market({ rules: 2, allocations: payers });
    world.submit(agreementOf(world, { payers, meter: null }, ['alice', 'farm', 'purse', 'bob']));
    world.submit(heldOf(world));
    world.submit(amendOf(world, { resources: gib(2, 2, 100), term_ms: 360 * HOUR }));
    const left = BigInt(world.contract(contractId(world)).escrow_stroops);
    assert.equal(left, 45_000_000n);
    assert.deepEqual([world.balance('purse'), world.balance('bob')], [(TOTAL - left) / 3n, (2n * (TOTAL - left)) / 3n]);
    assert.deepEqual([world.account('purse').escrowed_stroops, world.account('bob').escrowed_stroops], [(left / 3n).toString(), ((2n * left) / 3n).toString()]);
  });
  test('gives back in the same record what is listed and not needed, since nobody knows while signing when it is committed', () => {
    const world = after(unmetered(), 100 * HOUR);
    world.submit(amendOf(world, {}, TOTAL));
    assert.deepEqual(paid(world), [100n * A_HOUR, TOTAL + 100n * A_HOUR, TOTAL]);
  });
  test('in the grace takes it up again, and lifts a notice', () => {
    const world = after(unmetered(), MONTH + HOUR);
    world.submit(noticeOf(world));
    world.submit(amendOf(world, {}, TOTAL));
    assert.deepEqual([now(world).state, now(world).ends_at], ['active', world.at + MONTH + 24 * HOUR]);
    assert.equal(world.contract(contractId(world)).notice, undefined);
  });
  test('of a metered contract pays the open window and goes on from there', () => {
    const world = beat(metered(), 3);
    after(world, HOUR / 2);
    world.submit(amendOf(world, { term_ms: MONTH }, TOTAL));
    assert.equal(world.balance('payout'), (A_HOUR * 7n) / 2n);
    beat(world, 1, HOUR / 2);
    assert.equal(now(world).billed_stroops, 4n * A_HOUR);
    const broken = beat(metered(), 3);
    after(broken, HOUR / 2);
    broken.submit(amendOf(broken, { term_ms: MONTH }, TOTAL));
    beat(broken, 1, 10 * HOUR);
    beat(broken, 1);
    assert.equal(now(broken).billed_stroops, 4n * A_HOUR, 'what was paid and then not confirmed is taken off what follows');
  });
  const cases: [string, (world: World) => Submission, string][] = [
    ['by the consumer alone', (world) => amendOf(world, {}, 0n, ['alice']), 'signatures'],
    ['by the farm alone', (world) => amendOf(world, {}, 0n, ['farm']), 'signatures'],
    ['without the payer', (world) => amendOf(world, {}, TOTAL, ['alice', 'farm']), 'signatures'],
    ['with too little money', (world) => amendOf(world, { term_ms: MONTH + HOUR }), 'payers'],
    ['at another total than the price', (world) => amendOf(world, { total_stroops: '1' }), 'price'],
    ['with less disk', (world) => amendOf(world, { resources: gib(4, 4, 99) }), 'terms'],
    ['with more than the node has', (world) => amendOf(world, { resources: gib(4, 4, 501) }, TOTAL), 'capacity'],
    ['after its signatures may be used', (world) => amendOf(world, { commit_by: world.at - 1 }), 'deadline'],
    ['whose signatures may be collected for a year', (world) => amendOf(world, { commit_by: world.at + 365 * 24 * HOUR }), 'terms'],
  ];
  for (const [title, make, reason] of cases) {
    test(`is refused ${title}`, () => {
      const world = unmetered();
      assert.equal(world.refusal(make(world)), reason);
    });
  }
  test('may take all that the node has left, its own part included', () => {
    const world = unmetered();
    assert.equal(world.refusal(amendOf(world, { resources: gib(8, 16, 500) }, 500_000_000n)), 'taken');
  });
  test('is refused before held, once over, and where the amend quorum has not signed', () => {
    const early = unmetered({}, false);
    assert.equal(early.refusal(amendOf(early)), 'state');
    const over = after(unmetered(), MONTH + 24 * HOUR);
    assert.equal(over.refusal(amendOf(over, {}, TOTAL)), 'ended');
  });
  test(`has no room for more than ${MAX_CONTRACT_PAYERS} payers`, () => {
    const names = Array.from({ length: MAX_CONTRACT_PAYERS + 1 }, (_, i) => `p${i}`);
    const world = market({ rules: 2, allocations: names.slice(1).map((name) => ({ account: key(name), amount_stroops: TOTAL.toString() })) });
    world.submit({ chain: `account/${key('p0')}`, kind: 'faucet@1', body: { amount_stroops: (100n * TFT).toString() }, by: ['p0'] });
    const part = (some: string[]): Agreement['payers'] => some.map((name) => ({ account: key(name), amount_stroops: (TOTAL / 4n).toString() }));
    world.submit(agreementOf(world, { payers: part(names.slice(0, 4)), meter: NODE_METER }, ['alice', 'farm', ...names.slice(0, 4)]));
    world.submit(heldOf(world));
    world.submit(amendOf(world, { payers: part(names.slice(4, 8)), term_ms: 2 * MONTH }, 0n, ['alice', 'farm', ...names.slice(4, 8)]));
    const more = { payers: part(names.slice(8)), term_ms: 2 * MONTH + 1_000 };
    assert.equal(world.refusal(amendOf(world, more, 0n, ['alice', 'farm', ...names.slice(8)])), 'payers');
    beat(world, 1);
    assert.equal(world.refusal(claimOf(world)), 'taken', 'all of them are within the bound on objects');
    assert.equal(world.refusal(endOf(world)), 'taken');
  });
});

describe('notice', () => {
  test('ends the contract after the agreed lead, and what is unused goes back', () => {
    const world = after(unmetered(), 10 * HOUR);
    world.submit(noticeOf(world));
    assert.deepEqual([now(world).state, now(world).ends_at, now(world).funded_until], ['active', world.at + 48 * HOUR, world.at + 48 * HOUR]);
    assert.equal(world.node().allocations[0]?.until, world.at + 48 * HOUR);
    after(world, 48 * HOUR);
    assert.deepEqual([now(world).state, now(world).reason], ['ended', 'notice']);
    world.submit(endOf(world, ['farm']));
    assert.deepEqual(paid(world), [58n * A_HOUR, 58n * A_HOUR, 0n]);
    assert.equal(world.contract(contractId(world)).settled?.reason, 'notice');
  });
  test('of a metered contract bills no more than what was confirmed before its end', () => {
    const world = metered({ notice_ms: 5 * HOUR });
    world.submit(noticeOf(world));
    beat(world, 8);
    assert.equal(now(world).billed_stroops, 5n * A_HOUR);
  });
  test('leaves a contract that ends sooner as it is', () => {
    const world = after(unmetered({ notice_ms: 2 * MONTH }), MONTH - HOUR);
    world.submit(noticeOf(world));
    assert.equal(now(world).ends_at, START + MONTH + 24 * HOUR);
  });
  const cases: [string, (world: World) => Submission, string][] = [
    ['by others than the farm', (world) => noticeOf(world, ['alice']), 'signatures'],
    ['twice', (world) => (world.submit(noticeOf(world)), noticeOf(world)), 'exists'],
    ['of a contract that is over', (world) => (after(world, 9 * MONTH), noticeOf(world)), 'ended'],
    ['of one that is settled', (world) => (world.submit(endOf(world)), noticeOf(world)), 'ended'],
    ['of none', (world) => noticeOf(world, ['farm'], 'no deal'), 'not_found'],
  ];
  for (const [title, make, reason] of cases) {
    test(`is refused ${title}`, () => {
      const world = unmetered();
      assert.equal(world.refusal(make(world)), reason);
    });
  }
  test("is refused where none was agreed on, and on another farm's chain", () => {
    const bound = unmetered({ notice_ms: 0 });
    assert.equal(bound.refusal(noticeOf(bound)), 'terms');
    const world = unmetered();
    assert.equal(world.refusal({ ...noticeOf(world), chain: `farm/${'f'.repeat(40)}` }), 'terms');
  });
});

test('what is taken from several is never more than each has, and adds up', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(0n, 1_000_000_000_000n), { minLength: 1, maxLength: 8 }), fc.bigInt(0n, 1_000_000n), (amounts, ppm) => {
      const stakes = amounts.map((amount_stroops, i) => ({ account: `${i}`, amount_stroops }));
      const whole = amounts.reduce((a, b) => a + b, 0n);
      const amount = (whole * ppm) / 1_000_000n;
      const taken = takenFrom(stakes, amount).map(({ amount_stroops }) => amount_stroops);
      assert.equal(taken.reduce((a, b) => a + b, 0n), amount);
      for (const [i, part] of taken.entries()) assert.ok(part >= 0n && part <= (amounts[i] ?? 0n));
    }),
  );
});
