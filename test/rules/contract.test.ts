import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { read, type ContractObject } from '../../src/rules/objects.js';
import type { Agreement } from '../../src/schema/types.js';
import { agreementBody, agreementOf, all, announcementOf, contractId, deal, endOf, farmId, farmOf, HOUR, key, market, runOf, some, START, TFT, web, type Submission, type World } from './world.js';

const TOTAL = 162_000_000n;
const TERM = 720 * HOUR;

const workloadOf = (world: World, workloads = [web('api')], by = ['alice']): Submission => ({ chain: `contract/${contractId(world)}`, kind: 'workload@1', body: { workloads }, by });
const at = (world: World, ms: number): World => Object.assign(world, { at: START + ms });
const settled = (world: World): NonNullable<ContractObject['settled']> => {
  const found = world.contract(contractId(world)).settled;
  assert.ok(found !== null);
  return found;
};

describe('end settles and refunds in one record', () => {
  const cases: [string, boolean, number, string, bigint, string[]?][] = [
    ['at once: all goes back', true, 0, 'cancelled', 0n],
    ['before it was held: all goes back', false, HOUR - 1, 'cancelled', 0n],
    ['after an hour: an hour is paid', true, HOUR, 'cancelled', 225_000n],
    ['a millisecond before the end of the term', true, TERM - 1, 'cancelled', TOTAL - 1n],
    ['in the grace: all is paid', true, TERM, 'cancelled', TOTAL],
    ['after it expired, by the farm', true, TERM + 24 * HOUR, 'expired', TOTAL, ['farm']],
    ['after it expired, by the consumer', true, TERM + 24 * HOUR, 'expired', TOTAL, ['alice']],
    ['after the missed deadline, by the consumer: all goes back', false, HOUR, 'not_provisioned', 0n, ['alice']],
    ['after the missed deadline, by the farm: all goes back', false, 9 * TERM, 'not_provisioned', 0n, ['farm']],
  ];
  for (const [title, held, after, reason, billed, by] of cases) {
    test(title, () => {
      const world = at(deal({ commit_by: START + 60_000 }, held), after);
      world.submit(endOf(world, by));
      assert.deepEqual(settled(world), { at: world.at, reason, note: 'done', billed_stroops: billed.toString(), refunded_stroops: (TOTAL - billed).toString() });
      assert.deepEqual([world.balance('payout'), world.balance('purse')], [billed, 1_000n * TFT - billed]);
      assert.equal(world.account('purse').escrowed_stroops, '0');
      assert.equal(world.contract(contractId(world)).escrow_stroops, '0');
      assert.deepEqual(world.node().allocations, []);
    });
  }
});

describe('end is refused', () => {
  test('a second time', () => {
    const world = deal();
    world.submit(endOf(world));
    assert.equal(world.refusal(endOf(world)), 'ended');
    at(world, 9 * TERM);
    assert.equal(world.refusal(endOf(world, ['farm'])), 'ended');
  });
  test('by the farm while the contract is in force and its quorum is the consumer', () => {
    const world = deal();
    assert.equal(world.refusal(endOf(world, ['farm'])), 'signatures');
    at(world, TERM + 24 * HOUR - 1);
    assert.equal(world.refusal(endOf(world, ['farm'])), 'signatures');
  });
  test('by a stranger, even after expiry', () => {
    const world = at(deal(), 9 * TERM);
    for (const name of ['other', 'purse', 'node', 'farmer']) assert.equal(world.refusal(endOf(world, [name])), 'signatures');
    assert.equal(world.refusal(endOf(world, [])), 'signatures');
  });
  test('where there is no contract', () => {
    const world = market();
    assert.equal(world.refusal(endOf(world)), 'not_found');
  });
  test('where both must sign and one did', () => {
    const world = market();
    const { quorums, roles } = agreementBody(world);
    world.submit(agreementOf(world, { quorums: { ...quorums, end: all(...roles.map(({ party }) => party)) } }));
    assert.equal(world.refusal(endOf(world, ['alice'])), 'signatures');
    assert.equal(world.refusal(endOf(world, ['alice', 'farm'])), 'taken');
  });
});

test('after expiry one party is enough even where the farm has come to share a key with another party', () => {
  const world = market();
  const body = agreementBody(world);
  world.submit(agreementOf(world, { roles: [...body.roles, { role: 'operator', party: `account/${key('farm 2')}` }] }));
  world.submit(farmOf(world, { farm_key: key('farm 2') }, ['farm 2', 'farmer']));
  at(world, HOUR);
  assert.equal(world.refusal(endOf(world, ['alice'])), 'taken');
});

test('payees get their shares, and the farmer what rounding leaves', () => {
  const world = market();
  const payees: Agreement['payees'] = [
    { account: key('architect'), role: 'architect', share_ppm: 333_333 },
    { account: key('payout'), role: 'farmer', share_ppm: 566_667 },
    { account: key('grid fees'), role: 'grid', share_ppm: 100_000 },
  ];
  world.submit(agreementOf(world, { payees }));
  world.submit(runOf(world, 'held'));
  at(world, HOUR);
  world.submit(endOf(world));
  assert.deepEqual(['architect', 'grid fees', 'payout'].map((name) => world.balance(name)), [74_999n, 22_500n, 127_501n]);
});

test('a free contract ends like any other', () => {
  const world = market();
  const free = { cu_stroops: '0', su_stroops: '0', nu_stroops: '0', ipv4_stroops: '0' };
  world.submit(agreementOf(world, { prices: free, payers: [] }, ['alice', 'farm']));
  world.submit(runOf(world, 'held'));
  at(world, HOUR);
  world.submit(endOf(world));
  assert.deepEqual([settled(world).billed_stroops, settled(world).refunded_stroops, world.balance('payout')], ['0', '0', 0n]);
});

test('any settlement gives out exactly what was paid in', () => {
  const names = ['p0', 'p1', 'p2', 'p3'];
  const roles = ['architect', 'grid', 'architect'] as const;
  fc.assert(
    fc.property(
      fc.record({ cuts: fc.array(fc.bigInt(1n, TOTAL - 1n), { maxLength: 3 }), shares: fc.array(fc.integer({ min: 0, max: 333_333 }), { maxLength: 3 }), minimum: fc.bigInt(0n, TOTAL), after: fc.integer({ min: 0, max: TERM + 48 * HOUR }), held: fc.boolean() }),
      ({ cuts, shares, minimum, after, held }) => {
        const bounds = [0n, ...new Set(cuts), TOTAL].sort((a, b) => (a < b ? -1 : 1));
        const paid = bounds.slice(1).map((bound, i) => bound - (bounds[i] ?? 0n));
        const payers = paid.map((amount, i) => ({ account: key(`p${i}`), amount_stroops: amount.toString() }));
        const others = shares.map((share_ppm, i) => ({ account: key(`payee ${i}`), role: roles[i] ?? 'grid', share_ppm }));
        const payees: Agreement['payees'] = [...others, { account: key('payout'), role: 'farmer', share_ppm: 1_000_000 - shares.reduce((a, b) => a + b, 0) }];
        const world = market({ allocations: payers });
        world.submit(agreementOf(world, { payers, payees, minimum_stroops: minimum.toString() }, ['alice', 'farm', ...names.slice(0, payers.length)]));
        assert.equal(world.contract(contractId(world)).escrow_stroops, TOTAL.toString());
        if (held) world.submit(runOf(world, 'held'));
        at(world, after);
        world.submit(endOf(world));
        const billed = BigInt(settled(world).billed_stroops);
        const got = ['payout', ...others.map((_, i) => `payee ${i}`)].map((name) => world.balance(name));
        assert.equal(got.reduce((a, b) => a + b), billed);
        assert.equal(world.money, TOTAL);
        for (const [i, share] of shares.entries()) assert.equal(world.balance(`payee ${i}`), (billed * BigInt(share)) / 1_000_000n);
        for (const [i, amount] of paid.entries()) {
          if (i > 0) assert.equal(world.balance(`p${i}`), (amount * (TOTAL - billed)) / TOTAL, 'the first payer gets what rounding leaves');
          assert.equal(world.account(`p${i}`).escrowed_stroops, '0');
        }
      },
    ),
    { numRuns: 60 },
  );
});

describe('workload', () => {
  test('replaces the whole list', () => {
    const world = deal();
    world.submit(workloadOf(world, [web('api'), web('database')]));
    assert.deepEqual(world.contract(contractId(world)).workloads.map(({ name }) => name), ['api', 'database']);
    assert.deepEqual(world.contract(contractId(world)).agreement.workloads, [web()], 'the agreement stays as it was signed');
  });
  test('forgets what was said of a workload that is replaced under the same name, and nothing else', () => {
    const world = market();
    world.submit(agreementOf(world, { workloads: [web('one'), web('two')] }));
    world.submit(runOf(world, 'held'));
    for (const name of ['one', 'two']) world.submit(runOf(world, 'running', name));
    world.submit(workloadOf(world, [web('one'), web('two', { command: ['other'] }), web('three')]));
    assert.deepEqual(read(world, 'run', contractId(world))?.workloads.map(({ name }) => name), ['one']);
  });
  test('is taken in the grace and before held, not when the contract is over', () => {
    const world = deal({}, false);
    assert.equal(world.refusal(workloadOf(world)), 'taken');
    at(world, HOUR);
    assert.equal(world.refusal(workloadOf(world)), 'ended');
    const held = at(deal(), TERM + 1);
    assert.equal(held.refusal(workloadOf(held)), 'taken');
    at(held, TERM + 24 * HOUR);
    assert.equal(held.refusal(workloadOf(held)), 'ended');
    const ended = deal();
    ended.submit(endOf(ended));
    assert.equal(ended.refusal(workloadOf(ended)), 'ended');
  });
  test('is refused by others than its quorum, without a contract, or with what cannot run', () => {
    const world = deal();
    assert.equal(world.refusal(workloadOf(world, [web()], ['farm'])), 'signatures');
    assert.equal(world.refusal(workloadOf(world, [web()], ['alice', 'purse'])), 'signatures');
    assert.equal(world.refusal(workloadOf(world, [web(), web()])), 'workload');
    assert.equal(world.refusal(workloadOf(world, [web('bare', { image: null })])), 'workload');
    world.submit(announcementOf(world, { runtime: 'process' }));
    assert.equal(world.refusal(workloadOf(world, [web('bare', { image: null })])), 'taken');
    const none = market();
    assert.equal(none.refusal(workloadOf(none)), 'not_found');
  });
  test('by one of two, where the agreement says so', () => {
    const world = market();
    const { quorums, roles } = agreementBody(world);
    const workload = some(1, ...roles.map(({ party }) => party));
    world.submit(agreementOf(world, { quorums: { ...quorums, workload } }));
    assert.equal(world.refusal(workloadOf(world, [web('api')], ['farm'])), 'taken');
    assert.equal(farmId(world).length, 40);
  });
});
