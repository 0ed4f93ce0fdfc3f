import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_STROOPS } from '../../src/base/amount.js';
import { readGrid } from '../../src/rules/objects.js';
import type { Allowance } from '../../src/rules/rule.js';
import { move } from '../../src/rules/token.js';
import { contractId, deal, genesisOf, key, market, TFT, World, type Submission } from './world.js';

const payment = (amount: bigint | string, to = 'bob', from = 'purse'): Submission => ({
  chain: `account/${key(from)}`, kind: 'transfer@1', body: { payers: [{ account: key(from), amount_stroops: amount.toString() }], to: key(to), memo: '' }, by: [from],
});
const faucetOf = (amount = 100n * TFT, name = 'bob'): Submission => ({ chain: `account/${key(name)}`, kind: 'faucet@1', body: { amount_stroops: amount.toString() }, by: [name] });

test('a transfer moves exactly what it says', () => {
  const world = market();
  world.submit(payment(400n * TFT));
  assert.deepEqual([world.balance('purse'), world.balance('bob')], [600n * TFT, 400n * TFT]);
  world.submit(payment(600n * TFT));
  assert.deepEqual([world.balance('purse'), world.balance('bob')], [0n, 1_000n * TFT]);
  world.submit(payment(1n, 'purse', 'bob'));
});

describe('a transfer is refused', () => {
  const two = [{ account: key('purse'), amount_stroops: '1' }, { account: key('bob'), amount_stroops: '1' }];
  const cases: [string, string, Submission][] = [
    ['above the balance', 'funds', payment(1_000n * TFT + 1n)],
    ['from an account that has nothing', 'funds', payment(1n, 'purse', 'bob')],
    ['of nothing', 'payers', payment(0n)],
    ['to itself', 'payers', payment(1n, 'purse')],
    ['that debits another account', 'payers', { ...payment(1n, 'carol'), chain: `account/${key('bob')}`, by: ['bob', 'purse'] }],
    ['with two payers', 'payers', { ...payment(1n), body: { payers: two, to: key('carol'), memo: '' } }],
    ['without a payer', 'payers', { ...payment(1n), body: { payers: [], to: key('carol'), memo: '' } }],
    ['that the account did not sign', 'signatures', { ...payment(1n), by: [] }],
    ['that somebody else signed', 'signatures', { ...payment(1n), by: ['bob'] }],
    ['that somebody else signed too', 'signatures', { ...payment(1n), by: ['purse', 'bob'] }],
    ['above 2^63-1', 'malformed', payment(MAX_STROOPS + 1n)],
    ['of a negative amount', 'malformed', payment('-1')],
    ['on a chain of another type', 'chain', { ...payment(1n), chain: `bot/${key('purse')}` }],
  ];
  for (const [title, reason, submission] of cases) test(title, () => assert.equal(market().refusal(submission), reason));
});

test('what is short is said in TFT', () => {
  const world = market();
  assert.throws(() => world.submit(payment(1_000n * TFT + 1n)), /has 1000\.0000000 TFT, 1000\.0000001 TFT are needed/);
});

test('the faucet gives once, and what it gives exists from then on', () => {
  const world = market();
  world.submit(faucetOf());
  assert.equal(world.balance('bob'), 100n * TFT);
  assert.equal(readGrid(world).supply_stroops, (1_100n * TFT).toString());
  assert.equal(world.refusal(faucetOf()), 'faucet');
  world.submit(payment(100n * TFT, 'purse', 'bob'));
  assert.equal(world.refusal(faucetOf()), 'faucet');
});

describe('the faucet refuses', () => {
  test('another amount', () => assert.equal(market().refusal(faucetOf(1n)), 'amount'));
  test('on a grid that is not for development', () => assert.equal(market({ dev: false }).refusal(faucetOf()), 'dev'));
  test('on a grid without one', () => assert.equal(market({ faucet_stroops: null }).refusal(faucetOf()), 'dev'));
  test('above the maximum supply', () => assert.equal(market({ max_supply_stroops: (1_050n * TFT).toString() }).refusal(faucetOf()), 'supply'));
  test('an account that did not ask', () => assert.equal(market().refusal({ ...faucetOf(), by: ['alice'] }), 'signatures'));
});

describe('money moves only from where the record may take it', () => {
  const allowed = (change: Partial<Allowance> = {}): Allowance => ({ payers: new Map(), contract: null, mints: false, ...change });
  const purse = { account: key('purse') };
  const bob = { account: key('bob') };

  test('an account that is not listed cannot be debited', () => {
    assert.throws(() => move(market(), allowed({ payers: new Map([[key('bob'), 5n]]) }), purse, bob, 1n), /does not let account/);
  });
  test('a listed payer gives no more than is listed, however often it is asked', () => {
    const world = market();
    const allowance = allowed({ payers: new Map([[key('purse'), 5n]]) });
    move(world, allowance, purse, bob, 3n);
    move(world, allowance, purse, bob, 2n);
    assert.throws(() => move(world, allowance, purse, bob, 1n), /does not let account/);
    assert.equal(world.balance('bob'), 5n);
  });
  test("another contract's escrow cannot be paid out", () => {
    const world = deal();
    const escrow = { escrow: contractId(world) };
    assert.throws(() => move(world, allowed({ contract: '0'.repeat(40) }), escrow, bob, 1n), /own contract/);
    assert.throws(() => move(world, allowed(), escrow, bob, 1n), /own contract/);
    assert.throws(() => move(world, allowed({ contract: contractId(world) }), escrow, bob, 10_000n * TFT), /would hold/);
  });
  test('only genesis and faucet mint, and never beyond the maximum', () => {
    assert.throws(() => move(market(), allowed(), 'mint', bob, 1n), /does not mint/);
    assert.throws(() => move(market(), allowed({ mints: true }), 'mint', bob, 1_000n * TFT + 1n), /this grid allows/);
  });
  test('no balance goes above 2^63-1', () => {
    const world = new World();
    world.submit(genesisOf({ max_supply_stroops: MAX_STROOPS.toString(), allocations: [{ account: key('purse'), amount_stroops: MAX_STROOPS.toString() }] }));
    assert.throws(() => move(world, allowed({ mints: true }), 'mint', purse, 1n), /this grid allows/);
  });
  test('a negative amount does not move backwards', () => {
    assert.throws(() => move(market(), allowed({ payers: new Map([[key('purse'), 5n]]) }), purse, bob, -1n), /negative/);
  });
});
