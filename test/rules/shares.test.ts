// Discounts in an agreement, and what a grid's policy takes of every contract.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readGrid } from '../../src/rules/objects.js';
import type { Agreement, Policy } from '../../src/schema/types.js';
import { agreementOf, contractId, endOf, HOUR, key, market, runOf, type Submission, type World } from './world.js';

const SHARES: NonNullable<Policy['shares']> = [{ account: key('fees'), role: 'grid', share_ppm: 20_000 }, { account: null, role: 'burn', share_ppm: 10_000 }];
const FARMER = { account: key('payout'), role: 'farmer' as const };
const policyOf = (body: object, by = 'governor'): Submission => ({ chain: 'grid', kind: 'policy@1', body, by: [by] });

/** A grid of rules 2 with this policy. */
function governed(shares = SHARES): World {
  const world = market({ rules: 2 });
  if (shares.length > 0) world.submit(policyOf({ rules: 2, shares }));
  return world;
}

/** The agreement of `agreementBody` with these discounts, for the price that they leave. */
function discounted(world: World, discounts: Agreement['discounts'], total: bigint, more: Partial<Agreement> = {}): Submission {
  const payers = total === 0n ? [] : [{ account: key('purse'), amount_stroops: total.toString() }];
  const { body, ...submission } = agreementOf(world, { total_stroops: total.toString(), payers, ...more }, total === 0n ? ['alice', 'farm'] : ['alice', 'farm', 'purse']);
  return { ...submission, body: { ...body, discounts } };
}

test('an agreement costs what its discounts leave, to the stroop', () => {
  const world = market({ rules: 2 });
  const discounts = [{ name: 'deal', ppm: 200_000 }, { name: 'length', ppm: 50_000 }];
  for (const wrong of [123_119_999n, 123_120_001n, 162_000_000n]) assert.equal(world.refusal(discounted(world, discounts, wrong)), 'price');
  world.submit(discounted(world, discounts, 123_120_000n));
  assert.equal(world.contract(contractId(world)).escrow_stroops, '123120000');
});

test('a discount of everything leaves nothing to pay', () => {
  const world = market({ rules: 2 });
  assert.equal(world.refusal(discounted(world, [{ name: 'gift', ppm: 1_000_000 }], 0n)), 'taken');
});

describe('discounts are refused', () => {
  const half = { name: 'half', ppm: 500_000 };
  const cases: [string, string, Agreement['discounts'], 1 | 2][] = [
    ['where the grid runs rules 1', 'later_release', [half], 1],
    ['that are none, since nothing has two spellings', 'malformed', [], 2],
    ['twice under one name', 'terms', [half, half], 2],
    ['of more than everything', 'malformed', [{ name: 'much', ppm: 1_000_001 }], 2],
    ['of nothing', 'malformed', [{ name: 'none', ppm: 0 }], 2],
    ['five at once', 'malformed', ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name: `off-${name}`, ppm: 1 })), 2],
  ];
  for (const [what, reason, discounts, rules] of cases) {
    test(what, () => {
      const world = market({ rules });
      assert.equal(world.refusal(discounted(world, discounts, 81_000_000n)), reason);
    });
  }
});

test('governance says what every contract pays to grid and burn, and what is burned no longer exists', () => {
  const world = governed();
  const before = BigInt(readGrid(world).supply_stroops);
  world.submit(agreementOf(world, { payees: [{ ...FARMER, share_ppm: 970_000 }, ...SHARES] }));
  world.submit(runOf(world, 'held'));
  world.at += HOUR;
  world.submit(endOf(world));
  // An hour costs 225,000 stroops.
  assert.deepEqual(['fees', 'payout'].map((name) => world.balance(name)), [4_500n, 218_250n]);
  assert.equal(readGrid(world).supply_stroops, (before - 2_250n).toString());
  assert.equal(world.money, before - 2_250n);
});

test('the architect is paid beside farmer, grid and burn, and the farmer gets what rounding leaves', () => {
  const world = governed();
  world.submit(agreementOf(world, { payees: [{ ...FARMER, share_ppm: 636_667 }, { account: key('architect'), role: 'architect', share_ppm: 333_333 }, ...SHARES] }));
  world.submit(runOf(world, 'held'));
  world.at += HOUR;
  world.submit(endOf(world));
  // Of 225,000 stroops: 74,999.925, 4,500 and 2,250 are cut to whole ones, the farmer's 143,250.075 gets the rest.
  assert.deepEqual(['architect', 'fees', 'payout'].map((name) => world.balance(name)), [74_999n, 4_500n, 143_251n]);
  assert.equal(world.money, BigInt(readGrid(world).supply_stroops));
});

describe('payees are refused', () => {
  const burn = { account: null, role: 'burn' as const };
  const cases: [string, string, Agreement['payees'], typeof SHARES][] = [
    ['that leave the grid out', 'shares', [{ ...FARMER, share_ppm: 1_000_000 }], SHARES],
    ['that give the grid less', 'shares', [{ ...FARMER, share_ppm: 980_000 }, { account: key('fees'), role: 'grid', share_ppm: 10_000 }, { ...burn, share_ppm: 10_000 }], SHARES],
    ["that give the grid's share to another account", 'shares', [{ ...FARMER, share_ppm: 970_000 }, { account: key('alice'), role: 'grid', share_ppm: 20_000 }, { ...burn, share_ppm: 10_000 }], SHARES],
    ['that burn what no policy asks for', 'shares', [{ ...FARMER, share_ppm: 990_000 }, { ...burn, share_ppm: 10_000 }], []],
    ['that burn into an account', 'terms', [{ ...FARMER, share_ppm: 990_000 }, { account: key('fees'), role: 'burn', share_ppm: 10_000 }], []],
    ['whose farmer has no account', 'terms', [{ account: null, role: 'farmer', share_ppm: 1_000_000 }], []],
  ];
  for (const [what, reason, payees, shares] of cases) {
    test(what, () => {
      const world = governed(shares);
      assert.equal(world.refusal(agreementOf(world, { payees })), reason);
    });
  }
});

test('a policy counts for agreements from then on, and is whole: what it leaves out holds no longer', () => {
  const world = governed([]);
  world.submit(agreementOf(world));
  world.submit(policyOf({ rules: 2, shares: SHARES, mint_cap_stroops: '1000' }));
  assert.deepEqual([readGrid(world).shares, readGrid(world).mint_cap_stroops], [SHARES, '1000']);
  world.submit(runOf(world, 'held'));
  world.at += HOUR;
  world.submit(endOf(world));
  assert.deepEqual([world.balance('payout'), world.balance('fees')], [225_000n, 0n], 'a contract in force keeps its payees');
  world.submit(policyOf({ rules: 2 }));
  assert.deepEqual([readGrid(world).shares, readGrid(world).mint_cap_stroops], [undefined, undefined]);
});

describe('a policy is refused', () => {
  const cases: [string, string, object, 1 | 2, string?][] = [
    ['that governance did not sign', 'signatures', { rules: 2, shares: SHARES }, 2, 'alice'],
    ['that lowers the rules', 'terms', { rules: 1 }, 2],
    ['that changes nothing', 'terms', { rules: 2 }, 2],
    ['with shares under rules 1', 'later_release', { rules: 1, shares: SHARES }, 1],
    ['with a cap on minting under rules 1', 'later_release', { rules: 1, mint_cap_stroops: '1' }, 1],
    ['that leaves the farmer nothing', 'terms', { rules: 2, shares: [{ account: key('fees'), role: 'grid', share_ppm: 1_000_000 }] }, 2],
    ['that burns twice', 'terms', { rules: 2, shares: [SHARES[1], SHARES[1]] }, 2],
    ['that burns into an account', 'terms', { rules: 2, shares: [{ account: key('fees'), role: 'burn', share_ppm: 1 }] }, 2],
    ['that pays no account', 'terms', { rules: 2, shares: [{ account: null, role: 'grid', share_ppm: 1 }] }, 2],
    ['with a cap beyond what can exist', 'malformed', { rules: 2, mint_cap_stroops: '9223372036854775808' }, 2],
    ['with no shares in a list', 'malformed', { rules: 2, shares: [] }, 2],
  ];
  for (const [what, reason, body, rules, by] of cases) {
    test(what, () => {
      assert.equal(market({ rules }).refusal(policyOf(body, by)), reason);
    });
  }
});
