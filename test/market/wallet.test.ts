import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import { history } from '../../src/market/account.js';
import { checkTransfer, send, takeFromFaucet } from '../../src/market/wallet.js';
import { nextPayload } from '../../src/net/compose.js';
import type { Grid } from '../../src/net/grid.js';
import { balance, TestHome } from '../net/homes.js';

const TFT = 10_000_000n;
const BOB = 'b0'.repeat(32);
let alice: TestHome;
let grid: Grid;
let wallet: string;

before(async () => {
  alice = await TestHome.create('alice');
  await alice.create();
  grid = await alice.grid();
  wallet = alice.identity.public['wallet'] ?? '';
});
after(() => alice[Symbol.asyncDispose]());

const transferOf = (amount: bigint, memo: string) => ({ chain: `account/${wallet}`, kind: 'transfer@1', body: { payers: [{ account: wallet, amount_stroops: amount.toString() }], to: BOB, memo } });

test('a transfer moves exactly what it says', async () => {
  await send(grid, alice.identity, { from: wallet, to: BOB, amount: 25_000_001n, memo: 'rent' });
  assert.deepEqual([balance(grid, wallet), balance(grid, BOB)], ['997.4999999', '2.5000001']);
});

for (const [what, change, code, reason] of [
  ['nothing', { amount: 0n }, 'usage', undefined],
  ['to oneself', { to: 'self' }, 'usage', undefined],
  ['with a long memo', { memo: 'x'.repeat(101) }, 'usage', undefined],
  ['more than there is', { amount: 5_000n * TFT }, 'refused', 'funds'],
] as const) {
  test(`a transfer of ${what} is refused before anything is signed`, () => {
    const wanted = { from: wallet, to: BOB, amount: TFT, memo: '', ...change };
    assert.throws(() => checkTransfer(grid.reader, { ...wanted, to: wanted.to === 'self' ? wallet : wanted.to }), (thrown) => isProblem(thrown, code, reason));
  });
}

test('too little TFT is said with how much is missing', () => {
  assert.throws(() => checkTransfer(grid.reader, { from: BOB, to: wallet, amount: 3n * TFT, memo: '' }), /3\.0000000 are to be sent, 2\.5000001 are there, 0\.4999999 are missing/);
});

test('of two transfers signed for one height one gets in; the other is a chain conflict and moves nothing', async () => {
  const records = await Promise.all(['first', 'second'].map((memo) => {
    const { chain, kind, body } = transferOf(10n * TFT, memo);
    return signRecord(makeRecord(nextPayload(grid, chain, kind, body, Date.now())), [alice.identity.signer('wallet')]);
  }));
  const before = balance(grid, BOB);
  const outcomes = (await Promise.all(records.map((record) => grid.submit([record])))).flat();
  assert.equal(outcomes.filter(({ ok }) => ok).length, 1);
  const [refused] = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.problem]));
  assert.ok(isProblem(refused, 'refused', 'chain_conflict'), String(refused));
  assert.deepEqual([before, balance(grid, BOB)], ['2.5000001', '12.5000001']);
});

test('the same transfer handed in again gets the line it has, and money moves once', async () => {
  const { chain, kind, body } = transferOf(TFT, 'again');
  const record = await signRecord(makeRecord(nextPayload(grid, chain, kind, body, Date.now())), [alice.identity.signer('wallet')]);
  const first = await grid.append(record);
  const after = balance(grid, BOB);
  assert.deepEqual(await grid.append(record), first);
  assert.equal(balance(grid, BOB), after);
});

test('a transfer of one grid means nothing on another, though keys and chain fit', async () => {
  await using other = await TestHome.create('other');
  await other.create();
  const there = await other.grid();
  await takeFromFaucet(there, alice.identity);
  assert.equal(balance(there, wallet), '1000.0000000');
  const body = transferOf(TFT, 'replayed').body;
  const payload = { ...nextPayload(there, `account/${wallet}`, 'transfer@1', body, Date.now()), grid: grid.id };
  await assert.rejects(there.append(await signRecord(makeRecord(payload), [alice.identity.signer('wallet')])), (thrown) => isProblem(thrown, 'refused', 'grid'));
  assert.equal(balance(there, wallet), '1000.0000000');
});

test("another's key cannot debit an account", async () => {
  const { chain, kind, body } = transferOf(TFT, 'stolen');
  const record = makeRecord(nextPayload(grid, chain, kind, body, Date.now()));
  await assert.rejects(signRecord(record, [alice.identity.signer('bot')]).then((signed) => grid.append(signed)), (thrown) => isProblem(thrown, 'refused'));
});

test('the faucet gives once; history tells it all, newest first, and adds up to the balance', async () => {
  await takeFromFaucet(grid, alice.identity);
  await assert.rejects(takeFromFaucet(grid, alice.identity), (thrown) => isProblem(thrown, 'refused', 'faucet'));
  const { movements, complete } = history(grid.reader, wallet, 100);
  assert.equal(complete, true);
  assert.deepEqual(movements.map(({ kind }) => kind), ['faucet@1', 'transfer@1', 'transfer@1', 'transfer@1', 'genesis@1']);
  assert.equal(movements.reduce((sum, { amount_stroops }) => sum + amount_stroops, 0n), 19_864_999_999n);
  assert.equal(balance(grid, wallet), '1986.4999999');
  assert.deepEqual(history(grid.reader, BOB, 2).movements.map(({ counterparty, amount_stroops, memo }) => [counterparty, amount_stroops, memo]), [
    [`account/${wallet}`, TFT, 'again'],
    [`account/${wallet}`, 10n * TFT, history(grid.reader, wallet, 3).movements[2]?.memo],
  ]);
});
