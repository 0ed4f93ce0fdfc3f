// Published blueprints: versions, fees, and what a contract made from one pays.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MAX_BLUEPRINT_CHARS } from '../../src/base/limits.js';
import { blueprintId } from '../../src/rules/blueprint.js';
import { readGrid } from '../../src/rules/objects.js';
import type { Agreement, Blueprint } from '../../src/schema/types.js';
import { agreementOf, amendOf, beat, claimOf, contractId, endOf, heldOf, HOUR, identityOf, key, market, NODE_METER, type Submission, type World } from './world.js';

const NAME = 'shop';
const FEES = [{ account: key('ann'), share_ppm: 50_000 }, { account: key('ben'), share_ppm: 20_001 }];
const FARMER = { account: key('payout'), role: 'farmer' as const };
const idOf = (world: World, name = NAME): string => blueprintId(world.grid, key('ann'), name);

function blueprintOf(world: World, change: Partial<Blueprint> = {}, by = ['ann']): Submission {
  const body: Blueprint = { by: key('ann'), name: NAME, version: 1, about: 'a shop', text: ['services:', '  web:'], fees: FEES, ...change };
  return { chain: `blueprint/${idOf(world, body.name)}`, kind: 'blueprint@1', body, by };
}

const withdrawOf = (world: World, version = 1, by = ['ann']): Submission => ({ chain: `blueprint/${idOf(world)}`, kind: 'withdraw@1', body: { version, reason: 'a mistake' }, by });

/** A market of rules 2 with ann, an architect, and her first version. */
function published(fees = FEES): World {
  const world = market({ rules: 2 });
  world.submit(identityOf('ann'));
  world.submit(blueprintOf(world, { fees }));
  return world;
}

/** Payees of a contract with these fees: the farmer gets the rest. */
function payeesWith(fees: readonly { account: string; share_ppm: number }[], others: Agreement['payees'] = []): Agreement['payees'] {
  const architects = fees.map((fee) => ({ ...fee, role: 'architect' as const }));
  const rest = [...architects, ...others].reduce((left, { share_ppm }) => left - share_ppm, 1_000_000);
  return [{ ...FARMER, share_ppm: rest }, ...architects, ...others];
}

/** What agreements made from a version say. */
const from = (world: World, version = 1, fees = FEES): Partial<Agreement> => ({ blueprint: { id: idOf(world), version }, payees: payeesWith(fees) });

describe('a version of a blueprint', () => {
  test('follows the one before, which stays as it was', () => {
    const world = published();
    world.submit(blueprintOf(world, { version: 2, about: 'a better shop', fees: [] }));
    const { version, about, contracts } = world.object('blueprint', idOf(world));
    assert.deepEqual({ version, about, contracts }, { version: 2, about: 'a better shop', contracts: 0 });
    assert.deepEqual([1, 2].map((n) => world.object('blueprint_version', `${idOf(world)}/${n}`).fees), [FEES, []]);
  });

  const cases: [title: string, reason: string, change: Partial<Blueprint>, by?: string[]][] = [
    ['that is not the next one', 'exists', { version: 3 }],
    ['that is there already', 'exists', { version: 1 }],
    ['of somebody else', 'signatures', { version: 2 }, ['alice']],
    ['with fees that leave nothing to a farm', 'shares', { version: 2, fees: [{ account: key('ann'), share_ppm: 999_999 }, { account: key('ben'), share_ppm: 1 }] }],
    ['with an account twice among the fees', 'terms', { version: 2, fees: [{ account: key('ann'), share_ppm: 1 }, { account: key('ann'), share_ppm: 2 }] }],
    ['with five fees', 'malformed', { version: 2, fees: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ account: key(name), share_ppm: 1 })) }],
    ['with a fee of nothing', 'malformed', { version: 2, fees: [{ account: key('ann'), share_ppm: 0 }] }],
    ['of more text than one object should hold', 'size', { version: 2, text: Array.from({ length: 40 }, () => 'x'.repeat(MAX_BLUEPRINT_CHARS / 40)) }],
  ];
  for (const [title, reason, change, by] of cases) {
    test(`${title} is refused: ${reason}`, () => {
      const world = published();
      assert.equal(world.refusal(blueprintOf(world, change, by)), reason);
    });
  }

  test('has an id that follows from architect and name', () => {
    const world = published();
    assert.equal(world.refusal({ ...blueprintOf(world, { name: 'other', version: 2 }), chain: `blueprint/${idOf(world)}` }), 'id');
    assert.notEqual(idOf(world), blueprintId(world.grid, key('bob'), NAME));
  });

  test('needs rules 2', () => {
    const world = market();
    world.submit(identityOf('ann'));
    assert.equal(world.refusal(blueprintOf(world)), 'later_release');
  });
});

describe('an agreement made from a blueprint', () => {
  test('pays its architects, and is counted', () => {
    const world = published();
    world.submit(agreementOf(world, from(world)));
    assert.equal(world.object('blueprint', idOf(world)).contracts, 1);
  });

  const cases: [title: string, reason: string, change: (world: World) => Partial<Agreement>][] = [
    ['that leaves an architect out', 'shares', (world) => ({ ...from(world), payees: payeesWith(FEES.slice(0, 1)) })],
    ['that gives an architect a millionth less', 'shares', (world) => ({ ...from(world), payees: payeesWith([{ account: key('ann'), share_ppm: 49_999 }, ...FEES.slice(1)]) })],
    ['that gives an architect more', 'shares', (world) => ({ ...from(world), payees: payeesWith([{ account: key('ann'), share_ppm: 50_001 }, ...FEES.slice(1)]) })],
    ['that pays another account', 'shares', (world) => ({ ...from(world), payees: payeesWith([{ account: key('bob'), share_ppm: 50_000 }, ...FEES.slice(1)]) })],
    ['that pays an architect more whom the blueprint does not name', 'shares', (world) => ({ ...from(world), payees: payeesWith([...FEES, { account: key('bob'), share_ppm: 1 }]) })],
    ['that names a version that is not there', 'not_found', (world) => from(world, 2)],
    ['that names another blueprint', 'not_found', (world) => ({ ...from(world), blueprint: { id: '0'.repeat(40), version: 1 } })],
  ];
  for (const [title, reason, change] of cases) {
    test(`${title} is refused: ${reason}`, () => {
      const world = published();
      assert.equal(world.refusal(agreementOf(world, change(world))), reason);
    });
  }

  test('is refused from a version that is withdrawn; contracts that there are keep it', () => {
    const world = published();
    world.submit(agreementOf(world, { ...from(world), meter: NODE_METER }));
    world.submit(heldOf(world));
    assert.equal(world.refusal(withdrawOf(world, 1, ['alice'])), 'signatures');
    assert.equal(world.refusal(withdrawOf(world, 2)), 'not_found');
    world.submit(withdrawOf(world));
    assert.equal(world.refusal(withdrawOf(world)), 'state');
    assert.equal(world.refusal(agreementOf(world, { ...from(world), nonce: '12'.repeat(16) })), 'state');
    beat(world, 1);
    world.submit(claimOf(world));
    assert.deepEqual([world.balance('ann'), world.balance('ben')], [11_250n, 4_500n], '225,000 stroops an hour');
  });

  test('needs rules 2, and so do more than four payees', () => {
    const world = market();
    assert.equal(world.refusal(agreementOf(world, from(world))), 'later_release');
    const five = { payees: payeesWith(['a', 'b', 'c', 'd'].map((name) => ({ account: key(name), share_ppm: 1 }))) };
    assert.equal(world.refusal(agreementOf(world, five)), 'later_release');
    const later = market({ rules: 2 });
    assert.equal(later.refusal(agreementOf(later, five)), 'taken', 'without a blueprint anybody may be called architect');
  });
});

test('two architects get their exact parts of what is billed, however often it is claimed, and when it ends early', () => {
  fc.assert(fc.property(fc.tuple(fc.integer({ min: 1, max: 499_999 }), fc.integer({ min: 1, max: 499_999 })), fc.integer({ min: 1, max: 12 }), fc.subarray([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), fc.integer({ min: HOUR, max: 1.5 * HOUR }), (ppm, hours, claims, step) => {
    const fees = FEES.map((fee, i) => ({ ...fee, share_ppm: ppm[i] ?? 1 }));
    const world = published(fees);
    const before = world.money;
    world.submit(agreementOf(world, { ...from(world, 1, fees), meter: NODE_METER }));
    world.submit(heldOf(world));
    for (let hour = 1; hour <= hours; hour += 1) {
      beat(world, 1, step);
      if (claims.includes(hour)) world.submit(claimOf(world));
    }
    world.submit(endOf(world));
    const { settled, escrow_stroops } = world.contract(contractId(world));
    const billed = BigInt(settled?.billed_stroops ?? '0');
    const [ann, ben] = fees.map(({ share_ppm }) => (billed * BigInt(share_ppm)) / 1_000_000n) as [bigint, bigint];
    assert.deepEqual([world.balance('ann'), world.balance('ben'), world.balance('payout')], [ann, ben, billed - ann - ben]);
    assert.deepEqual([escrow_stroops, world.money], ['0', before]);
  }), { numRuns: 60 });
});

test('with as many accounts as a contract can have, every record about it is within the bound on objects', () => {
  const fees = ['ann', 'ben', 'cem', 'dan'].map((name) => ({ account: key(name), share_ppm: 10_000 }));
  const shares = [{ account: key('fees'), role: 'grid' as const, share_ppm: 20_000 }, { account: null, role: 'burn' as const, share_ppm: 10_000 }];
  const names = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'];
  const rich = (some: string[]): { account: string; amount_stroops: string }[] => some.map((name) => ({ account: key(name), amount_stroops: '40500000' }));
  const world = market({ rules: 2, allocations: rich(names) });
  world.submit(identityOf('ann'));
  world.submit({ chain: 'grid', kind: 'policy@1', body: { rules: 2, shares }, by: ['governor'] });
  world.submit(blueprintOf(world, { fees }));
  const first = names.slice(0, 4);
  world.submit(agreementOf(world, { ...from(world, 1, fees), payees: payeesWith(fees, shares), payers: rich(first), meter: NODE_METER }, ['alice', 'farm', ...first]));
  world.submit(heldOf(world));
  const longer = (more: string[], term_ms: number): Submission => amendOf(world, { payers: rich(more), term_ms }, 0n, ['alice', 'farm', ...more]);
  beat(world, 1);
  world.submit(longer(['p5'], 720 * HOUR));
  assert.equal(world.refusal(longer(['p6'], 721 * HOUR)), 'payers', 'five payers and seven payees are as many as can be settled');
  beat(world, 1);
  world.submit(claimOf(world));
  world.submit(endOf(world));
  assert.equal(world.money, BigInt(readGrid(world).supply_stroops));
});
