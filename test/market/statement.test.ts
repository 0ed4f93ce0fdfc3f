// Statements held against the truth: what carrying out every line of the book says the account had.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { entryText } from '../../src/bcdb/entry.js';
import { foldTo } from '../../src/bcdb/fold.js';
import { signaturesText, type ParsedRecord } from '../../src/bcdb/record.js';
import { Store } from '../../src/bcdb/store.js';
import { balanceOf } from '../../src/market/account.js';
import { csvRow } from '../../src/market/csv.js';
import { spanOf } from '../../src/market/period.js';
import { statementOf } from '../../src/market/statement.js';
import { gridRules } from '../../src/rules/all.js';
import type { Signature } from '../../src/schema/types.js';
import { leafHash } from '../../src/tlog/merkle.js';
import { amendOf, agreementOf, beat, claimOf, contractId, endOf, fundOf, HOUR, key, metered, nonce, START, TFT, World, type Submission } from '../rules/world.js';

const folder = mkdtempSync(join(tmpdir(), '3bot-statement-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Everything that the worlds of this file took in, in order. */
const taken: { record: ParsedRecord; at: number; by: readonly string[] }[] = [];
const submit = World.prototype.submit;
World.prototype.submit = function (this: World, submission: Submission): ParsedRecord {
  const record = submit.call(this, submission);
  taken.push({ record, at: this.at, by: submission.by });
  return record;
};

/** The world's lines as a book in a file; signatures, which nothing here looks at, stand for none. */
function bookOf(): Store {
  const store = Store.open(join(folder, 'bcdb.sqlite'));
  store.transact((book) => {
    for (const [index, { record, at, by }] of taken.entries()) {
      gridRules.apply(book, record, { at, index });
      const signatures: Signature[] = by.map(key).sort().map((signer) => ({ by: signer, sig: `${'A'.repeat(85)}A==` }));
      const text = signaturesText(signatures);
      book.add({ record, signatures, signaturesText: text, at, leaf: leafHash(entryText(record.id, text, at)) });
    }
  });
  return store;
}

const send = (from: string, to: string, amount: bigint, memo = ''): Submission => ({ chain: `account/${key(from)}`, kind: 'transfer@1', body: { payers: [{ account: key(from), amount_stroops: amount.toString() }], to: key(to), memo }, by: [from] });

/** A busy month: transfers both ways, a contract that is claimed, funded and amended before it ends, one that just ends. */
function month(): World {
  const world = metered({ notice_ms: HOUR });
  const later = (submission: Submission, ms = 60_000): void => {
    world.at += ms;
    world.submit(submission);
  };
  later(send('purse', 'shop', 5n * TFT, 'rent'));
  beat(world, 3);
  later(claimOf(world));
  later(fundOf(world, 720 * HOUR, 162_000_000n));
  beat(world, 2);
  later(send('shop', 'purse', TFT / 3n, 'change'));
  later(amendOf(world, {}, 40n * TFT));
  later(agreementOf(world, { nonce: nonce('second') }));
  beat(world, 2);
  later(claimOf(world));
  later(endOf(world));
  later({ chain: `account/${key('shop')}`, kind: 'faucet@1', body: { amount_stroops: (100n * TFT).toString() }, by: ['shop'] });
  world.at += 2 * HOUR;
  later(endOf(world, ['alice'], 'second'));
  later(send('shop', 'purse', 1n));
  return world;
}

const world = month();
const book = bookOf();
after(() => book[Symbol.dispose]());
const accounts = ['purse', 'payout', 'shop'].map(key);
const balances = await Promise.all(Array.from({ length: book.size + 1 }, async (_, size) => {
  const state = await foldTo(book, gridRules, size);
  return accounts.map((account) => balanceOf(state, account).balance_stroops);
}));
const truth = (account: string, size: number): bigint => balances[size]?.[accounts.indexOf(account)] ?? -1n;

for (const [i, account] of accounts.entries()) {
  test(`every movement of ${['a payer', 'a payee', 'somebody who only pays and is paid'][i]} is there, each with the balance that every line made`, async () => {
    const { opening_stroops, postings, closing_stroops } = await statementOf(book, gridRules, account, { from: 0, to: world.at + 1 });
    assert.deepEqual([opening_stroops, closing_stroops], [0n, truth(account, book.size)]);
    const changed = Array.from({ length: book.size }, (_, line) => line).filter((line) => truth(account, line + 1) !== truth(account, line));
    assert.deepEqual(postings.map(({ index, amount_stroops, balance_stroops }) => [index, amount_stroops, balance_stroops]), changed.map((line) => [line, truth(account, line + 1) - truth(account, line), truth(account, line + 1)]));
    assert.ok(changed.length > 2);
  });
}

test('any two periods that meet add up: one closes with what the other opens with', async () => {
  const times = taken.map(({ at }) => at);
  for (const account of accounts) {
    for (const middle of [START, ...times.filter((_, i) => i % 4 === 0), world.at + HOUR]) {
      const before = await statementOf(book, gridRules, account, { from: 0, to: middle });
      const since = await statementOf(book, gridRules, account, { from: middle, to: world.at + 2 * HOUR });
      const size = times.filter((at) => at < middle).length;
      assert.deepEqual([before.closing_stroops, since.opening_stroops], [truth(account, size), truth(account, size)], `${middle}`);
      assert.equal(before.postings.length + since.postings.length, (await statementOf(book, gridRules, account, { from: 0, to: Infinity })).postings.length);
    }
  }
});

test('a movement says which record, from or to whom, and why', async () => {
  const { postings } = await statementOf(book, gridRules, key('shop'), { from: 0, to: Infinity });
  assert.deepEqual(postings.map(({ kind, counterparty, memo }) => [kind, counterparty, memo]), [
    ['transfer@1', `account/${key('purse')}`, 'rent'], ['transfer@1', `account/${key('purse')}`, 'change'], ['faucet@1', null, ''], ['transfer@1', `account/${key('purse')}`, ''],
  ]);
  const { postings: paid } = await statementOf(book, gridRules, key('purse'), { from: 0, to: Infinity });
  assert.deepEqual(new Set(paid.map(({ counterparty }) => counterparty).filter((with_) => with_?.startsWith('contract/'))), new Set([`contract/${contractId(world)}`, `contract/${contractId(world, 'second')}`]));
  assert.deepEqual(postings.map(({ record, index }) => taken[index]?.record.id === record), postings.map(() => true));
});

test('an account that nobody has paid has an empty statement', async () => {
  assert.deepEqual(await statementOf(book, gridRules, key('nobody'), { from: 0, to: 9 }), { from: 0, to: 9, opening_stroops: 0n, postings: [], closing_stroops: 0n });
});

test('a movement that is missing does not pass unseen', async () => {
  // As if the index had lost a line: what is there makes less than the balance.
  const halved = new Proxy(book, {
    get: (of, name) => {
      const value: unknown = Reflect.get(of, name, of);
      if (name === 'get') return (id: string) => (id === `account/${key('shop')}` ? { ...book.get(id), balance_stroops: '7' } : book.get(id));
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(of) : value;
    },
  });
  await assert.rejects(statementOf(halved, gridRules, key('shop'), { from: 0, to: Infinity }), (thrown) => isProblem(thrown, 'integrity', 'statement'));
});

test('days and months are whole ones; a time is a moment', () => {
  const now = Date.UTC(2026, 10, 23, 12);
  for (const [from, to, begin, end] of [
    ['2026-11-01', '2026-11-30', Date.UTC(2026, 10, 1), Date.UTC(2026, 11, 1)], ['2026-02', '2026-02', Date.UTC(2026, 1, 1), Date.UTC(2026, 2, 1)], ['2026-11-01T06:00Z', '2026-11-01T07:00Z', Date.UTC(2026, 10, 1, 6), Date.UTC(2026, 10, 1, 7)],
    [undefined, undefined, Date.UTC(2026, 10, 1), now + 1], ['2026-12', '2026-12', Date.UTC(2026, 11, 1), Date.UTC(2027, 0, 1)],
  ] as const) assert.deepEqual(spanOf(from, to, now), { from: begin, to: end });
  for (const [from, to] of [['2026-11-31', undefined], ['2026-13', undefined], ['soon', undefined], ['2026', undefined], ['2026-12-01', '2026-11-30'], ['2026-11-01', '2026-11-30T25:00Z']] as const) {
    assert.throws(() => spanOf(from, to, now), (thrown) => isProblem(thrown, 'usage'), `${from} ${to}`);
  }
});

test('a row of CSV is quoted where it must be, and no memo becomes a formula', () => {
  assert.equal(csvRow([7, 'rent, May', 'say "hi"', '=HYPERLINK("x")', '+1', '-2.5000000', '@a', '-x', ' pad ', '']), `7,"rent, May","say ""hi""","'=HYPERLINK(""x"")",'+1,-2.5000000,'@a,'-x," pad ",`);
});
