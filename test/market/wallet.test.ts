import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseTft } from '../../src/base/amount.js';
import { isProblem } from '../../src/base/errors.js';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import { history } from '../../src/market/account.js';
import { paidUnder, settle, type Settled, type Written } from '../../src/market/once.js';
import { checkTransfer, isTransfer, send, takeFromFaucet, type WantedTransfer } from '../../src/market/wallet.js';
import { Unsent } from '../../src/market/unsent.js';
import { appendSigned, nextPayload } from '../../src/net/compose.js';
import type { Grid } from '../../src/net/grid.js';
import { openPrivate, type Private } from '../../src/private.js';
import type { Keyring } from '../../src/keys/keyring.js';
import { Proxy } from '../deal.js';
import { balance, TestHome } from '../net/homes.js';

const TFT = 10_000_000n;
const BOB = 'b0'.repeat(32);
let alice: TestHome;
let grid: Grid;
let wallet: string;
let data: Private;

before(async () => {
  alice = await TestHome.create('alice');
  await alice.create();
  grid = await alice.grid();
  wallet = alice.identity.public['wallet'] ?? '';
  data = openPrivate(alice.home);
});
after(async () => {
  data[Symbol.dispose]();
  await alice[Symbol.asyncDispose]();
});

const paid = (book: Grid, unsent: Unsent, wanted: WantedTransfer): Written | undefined => paidUnder(book, unsent, wanted.key, (payload) => isTransfer(wanted, payload));
const settled = (book: Grid, unsent: Unsent, wanted: WantedTransfer): Promise<Settled[]> => settle(book, unsent, wanted.from, wanted.key, (payload) => isTransfer(wanted, payload));
const transferOf = (amount: bigint, memo: string) => ({ chain: `account/${wallet}`, kind: 'transfer@1', body: { payers: [{ account: wallet, amount_stroops: amount.toString() }], to: BOB, memo } });

test('a transfer moves exactly what it says', async () => {
  await send(grid, alice.identity, new Unsent(data, grid.id), { from: wallet, to: BOB, amount: 25_000_001n, memo: 'rent' });
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
  await assert.rejects(takeFromFaucet(grid, alice.identity), (thrown) => isProblem(thrown, 'refused', 'faucet') && /wallet create/.test(thrown.hint ?? ''));
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

/** Calls back once something is signed with the wallet: what is asked for next is the hand-over. */
function whenSigned(keyring: Keyring, then: () => void): Keyring {
  const signerOf: Keyring['signer'] = (role) => {
    const signer = keyring.signer(role);
    return { key: signer.key, sign: async (...what) => { then(); return signer.sign(...what); } };
  };
  return { ...keyring, signer: signerOf };
}

/** A copy of alice's book behind a proxy that can lose answers; its wallet has 1,000 TFT. */
async function behindProxy(name: string): Promise<{ bob: TestHome; copy: Grid; proxy: Proxy; unsent: Unsent } & AsyncDisposable> {
  const seller = await TestHome.create('seller');
  await seller.create();
  const proxy = await Proxy.to((await seller.daemon()).url);
  const bob = await TestHome.create(name);
  await bob.join(proxy.url);
  const copy = await bob.grid();
  await takeFromFaucet(copy, bob.identity);
  const own = openPrivate(bob.home);
  return {
    bob, copy, proxy, unsent: new Unsent(own, copy.id),
    async [Symbol.asyncDispose]() {
      own[Symbol.dispose]();
      await bob[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await seller[Symbol.asyncDispose]();
    },
  };
}

test('a transfer whose answer is lost says how to look; the same again settles it and pays once', async () => {
  await using there = await behindProxy('bob');
  const { bob, copy, proxy, unsent } = there;
  const wanted: WantedTransfer = { from: bob.identity.public['wallet'] ?? '', to: BOB, amount: 10n * TFT, memo: '' };
  await assert.rejects(send(copy, whenSigned(bob.identity, () => { proxy.lose = 2; }), unsent, wanted), (thrown) => {
    assert.ok(isProblem(thrown, 'unreachable'), String(thrown));
    assert.match(thrown.message, /whether record [0-9a-f]{64} is in the book is not known/);
    assert.match(thrown.hint ?? '', /does not pay twice; to look: 3bot bcdb get [0-9a-f]{64}$/);
    return true;
  });
  const [found, ...more] = await settled(copy, unsent, wanted);
  assert.deepEqual([found?.isWanted, typeof found?.index, more.length], [true, 'number', 0]);
  assert.equal(balance(copy, BOB), '10.0000000');
  assert.deepEqual(await settled(copy, unsent, wanted), []);
  await send(copy, bob.identity, unsent, wanted);
  assert.equal(balance(copy, BOB), '20.0000000', 'once more, because it is asked for again after a verdict');
});

test('a transfer that never arrived is handed in again as the same record, and another one takes its place', async () => {
  await using there = await behindProxy('carl');
  const { bob, copy, unsent } = there;
  const from = bob.identity.public['wallet'] ?? '';
  const keepOne = async (to: string): Promise<string> => {
    const record = makeRecord(nextPayload(copy, `account/${from}`, 'transfer@1', { payers: [{ account: from, amount_stroops: TFT.toString() }], to, memo: '' }, Date.now()));
    unsent.keep(record, await signRecord(record, [bob.identity.signer('wallet')]), Date.now());
    return record.id;
  };
  const id = await keepOne(BOB);
  const [same] = await settled(copy, unsent, { from, to: BOB, amount: TFT, memo: '' });
  assert.deepEqual([same?.id, same?.isWanted, balance(copy, BOB)], [id, true, '1.0000000']);

  await keepOne(BOB);
  const other: WantedTransfer = { from, to: 'c0'.repeat(32), amount: 2n * TFT, memo: '' };
  assert.deepEqual(await settled(copy, unsent, other), [], 'no verdict is needed');
  await send(copy, bob.identity, unsent, other);
  const [gone] = await settled(copy, unsent, other);
  assert.deepEqual([gone?.index, gone?.isWanted, balance(copy, BOB)], [null, false, '1.0000000']);
});

test('whatever else is handed over without an answer names the record and the command that looks', async () => {
  await using there = await behindProxy('dora');
  const { bob, copy, proxy } = there;
  const wallet = whenSigned(bob.identity, () => { proxy.lose = 2; }).signer('wallet');
  const body = { payers: [{ account: wallet.key, amount_stroops: '1' }], to: BOB, memo: '' };
  await assert.rejects(appendSigned(copy, { chain: `account/${wallet.key}`, kind: 'transfer@1', body }, [wallet]), (thrown) => isProblem(thrown, 'unreachable') && /^before you repeat it: 3bot bcdb get [0-9a-f]{64}$/.test(thrown.hint ?? ''));
});

test('under a key a transfer is paid once: repeated it is found, with other arguments or from another account refused', async () => {
  const unsent = new Unsent(data, grid.id);
  const wanted: WantedTransfer = { from: wallet, to: BOB, amount: 3n * TFT, memo: 'rent', key: 'rent-11' };
  const before = balance(grid, BOB);
  assert.equal(paid(grid, unsent, wanted), undefined);
  const written = await send(grid, alice.identity, unsent, wanted);
  assert.deepEqual(paid(grid, unsent, wanted), written);
  assert.deepEqual(await send(grid, alice.identity, unsent, wanted), written, 'another command that was as far as signing');
  assert.equal(parseTft(balance(grid, BOB)) - parseTft(before), 3n * TFT);
  for (const change of [{ amount: 4n * TFT }, { to: 'c0'.repeat(32) }, { memo: 'rent ' }, { from: BOB }]) {
    assert.throws(() => paid(grid, unsent, { ...wanted, ...change }), (thrown) => isProblem(thrown, 'refused', 'idempotency_key'));
  }
  assert.notDeepEqual(await send(grid, alice.identity, unsent, { ...wanted, key: 'rent-12' }), written);
});

test('a transfer in doubt under one key is not taken for the same payment under another, nor for one without', async () => {
  await using there = await behindProxy('emil');
  const { bob, copy, proxy, unsent } = there;
  const from = bob.identity.public['wallet'] ?? '';
  const wanted: WantedTransfer = { from, to: BOB, amount: TFT, memo: '', key: 'one' };
  await assert.rejects(send(copy, whenSigned(bob.identity, () => { proxy.lose = 2; }), unsent, wanted), (thrown) => isProblem(thrown, 'unreachable'));
  for (const key of [undefined, 'two']) assert.deepEqual((await settled(copy, unsent, { ...wanted, key })).filter(({ isWanted }) => isWanted), []);
  assert.notEqual(paid(copy, unsent, wanted), undefined, 'the answer was lost, not the transfer');
  await send(copy, bob.identity, unsent, { ...wanted, key: 'two' });
  await send(copy, bob.identity, unsent, wanted);
  assert.equal(balance(copy, BOB), '2.0000000');
});

test('what was signed under a key and never handed over, as after a crash, is the payment that the next command makes', async () => {
  const unsent = new Unsent(data, grid.id);
  const wanted: WantedTransfer = { from: wallet, to: BOB, amount: TFT, memo: 'crash', key: 'crashed' };
  const body = { payers: [{ account: wallet, amount_stroops: TFT.toString() }], to: BOB, memo: 'crash' };
  const record = makeRecord(nextPayload(grid, `account/${wallet}`, 'transfer@1', body, Date.now()));
  const signed = await signRecord(record, [alice.identity.signer('wallet')]);
  unsent.keep(record, signed, Date.now(), 'crashed');
  const [found] = await settled(grid, unsent, wanted);
  assert.deepEqual([found?.id, found?.isWanted], [record.id, true]);

  // Had its place gone to another transfer, it could never be recorded, and a new one is made under the key.
  const late = makeRecord(nextPayload(grid, `account/${wallet}`, 'transfer@1', { ...body, memo: 'late' }, Date.now()));
  unsent.keep(late, await signRecord(late, [alice.identity.signer('wallet')]), Date.now(), 'late');
  await send(grid, alice.identity, unsent, { ...wanted, memo: 'other', key: undefined });
  const again: WantedTransfer = { ...wanted, memo: 'late', key: 'late' };
  assert.deepEqual((await settled(grid, unsent, again)).map(({ index, isWanted }) => [index, isWanted]), [[null, false]]);
  const written = await send(grid, alice.identity, unsent, again);
  assert.deepEqual([paid(grid, unsent, again), unsent.under('late').length], [written, 2]);
});
