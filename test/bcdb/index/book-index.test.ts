import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { isProblem } from '../../../src/base/errors.js';
import { MAX_UNINDEXED } from '../../../src/base/limits.js';
import { IndexKeeper } from '../../../src/bcdb/index/keeper.js';
import { findRecord, query } from '../../../src/bcdb/query.js';
import { askLines } from '../../../src/bcdb/query/answer.js';
import { parseQuery } from '../../../src/bcdb/query/parse.js';
import { Store } from '../../../src/bcdb/store.js';
import { namedSigner, TestBook } from '../../book.js';
import { poll } from '../../script.js';

const WALLET = namedSigner('wallet');

/** Records so many transfers. */
async function transfers(book: TestBook, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await book.must(await book.sign(`account/${WALLET.key}`, 'transfer@1', { payers: [{ account: WALLET.key, amount_stroops: '7' }], to: namedSigner(`to ${i % 3}`).key, memo: `n ${i}` }, [WALLET]));
  }
}

/** What every query here must answer, read off the lines themselves. */
function assertAnswers(store: Store): void {
  const lines = [...store.lines(0, store.size)].map((line, index) => ({ index, ...line, payload: JSON.parse(line.payload) as { chain: string; kind: string } })).reverse();
  for (const signer of [WALLET.key, namedSigner('owner').key, namedSigner('nobody').key]) {
    const expected = lines.filter(({ signatures }) => signatures.some(({ by }) => by === signer)).map(({ index }) => index);
    assert.deepEqual(query(store, { signer, limit: 1_000 }).records.map(({ index }) => index), expected);
  }
  const kind = lines.filter(({ payload }) => payload.kind === 'transfer@1').map(({ index }) => index);
  assert.deepEqual(query(store, { kind: 'transfer@1', limit: 1_000 }).records.map(({ index }) => index), kind);
  for (const { id, index } of query(store, { limit: 1_000 }).records) assert.equal(findRecord(store, id).index, index);
  assert.throws(() => findRecord(store, '00'.repeat(32)), (thrown) => isProblem(thrown, 'not_found'));
}

/** Its tables come in one transaction, a moment after the file. */
function isMade(folder: string): boolean {
  if (!existsSync(join(folder, 'index.sqlite'))) return false;
  const db = new Database(join(folder, 'index.sqlite'), { readonly: true });
  try {
    return db.pragma('user_version', { simple: true }) !== 0;
  } finally {
    db.close();
  }
}

function covered(folder: string): number {
  const db = new Database(join(folder, 'index.sqlite'), { readonly: true });
  try {
    return db.prepare('SELECT size FROM mark').pluck().get() as number;
  } finally {
    db.close();
  }
}

test('an index is made at the first question, follows the book, and answers as the lines do', async () => {
  await using book = await TestBook.create();
  const path = join(book.folder, 'index.sqlite');
  assert.equal(existsSync(path), false, 'nothing is made before it is asked');
  assertAnswers(book.store);
  await transfers(book, 5);
  assertAnswers(book.store);
  assert.equal(covered(book.folder), book.store.size);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('lines that another process keeps from the index are looked at directly', async () => {
  await using book = await TestBook.create();
  assertAnswers(book.store);
  const other = new Database(join(book.folder, 'index.sqlite'));
  try {
    other.exec('BEGIN IMMEDIATE');
    await transfers(book, 4);
    assertAnswers(book.store);
    assert.equal(covered(book.folder), 2);
  } finally {
    other.close();
  }
  assertAnswers(book.store);
  assert.equal(covered(book.folder), 6);
});

const DAMAGES: readonly (readonly [what: string, damage: (path: string) => void])[] = [
  ['no database', (path) => writeFileSync(path, 'no database')],
  ['empty', (path) => writeFileSync(path, '')],
  ['cut short', (path) => truncateSync(path, 8_192)],
  ['missing beside its log', (path) => rmSync(path)],
  ['another program\'s', (path) => overwrite(path, "PRAGMA application_id = 7")],
  ['of another format', (path) => overwrite(path, 'PRAGMA user_version = 999')],
  ['of another grid', (path) => overwrite(path, "UPDATE mark SET grid = x'00'")],
  ['ahead of the book', (path) => overwrite(path, 'UPDATE mark SET size = size + 1')],
  ['of lines that the book does not have', (path) => overwrite(path, "UPDATE mark SET leaf = x'00'")],
  ['without a table', (path) => overwrite(path, 'DROP TABLE term')],
];

/** Copies a database with what is still in its log. */
function copyClosed(from: string, to: string): void {
  overwrite(from, `VACUUM INTO '${to}'`);
}

function overwrite(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.close();
}

for (const [what, damage] of DAMAGES) {
  test(`an index that is ${what} is made again`, async () => {
    await using book = await TestBook.create();
    await transfers(book, 3);
    const path = join(book.folder, 'index.sqlite');
    {
      using reader = Store.read(join(book.folder, 'bcdb.sqlite'));
      assertAnswers(reader);
    }
    damage(path);
    using reader = Store.read(join(book.folder, 'bcdb.sqlite'));
    assertAnswers(reader);
    assert.equal(covered(book.folder), reader.size);
  });
}

test('an index of a book that was put back from a backup and grew on is noticed', async () => {
  await using book = await TestBook.create();
  await transfers(book, 1);
  const restored = join(book.folder, 'restored');
  mkdirSync(restored);
  copyClosed(join(book.folder, 'bcdb.sqlite'), join(restored, 'bcdb.sqlite'));
  await transfers(book, 1);
  assertAnswers(book.store);
  copyClosed(join(book.folder, 'index.sqlite'), join(restored, 'index.sqlite'));
  // As many lines as the index covers, and the last of them another one.
  overwrite(join(restored, 'bcdb.sqlite'), `INSERT INTO record (idx, id, at, chain, height, kind, leaf, payload, signatures)
    SELECT 3, randomblob(32), at, chain, 1, kind, randomblob(32), replace(payload, 'transfer@1', 'faucet@1'), signatures FROM record WHERE idx = 2`);
  using reader = Store.read(join(restored, 'bcdb.sqlite'));
  assert.deepEqual(query(reader, { kind: 'transfer@1' }).records.map(({ index }) => index), [2]);
  assert.deepEqual(query(reader, { kind: 'faucet@1' }).records.map(({ index }) => index), [3]);
});

test('deleting the index while it is in use harms nobody', async () => {
  await using book = await TestBook.create();
  using reader = Store.read(join(book.folder, 'bcdb.sqlite'));
  const path = join(book.folder, 'index.sqlite');
  assertAnswers(book.store);
  assertAnswers(reader);
  for (const file of [[path], [path, `${path}-wal`, `${path}-shm`]]) {
    for (const one of file) rmSync(one, { force: true });
    assertAnswers(reader);
    await transfers(book, 2);
    reader.refresh();
    assertAnswers(reader);
    assertAnswers(book.store);
    assert.equal(covered(book.folder), book.store.size);
    await transfers(book, 1);
    reader.refresh();
    assertAnswers(book.store);
    assertAnswers(reader);
  }
});

test('where no index can be written a small book is looked at directly, a large one says why not', async () => {
  await using book = await TestBook.create();
  // Nothing can be made where a folder has the name.
  const path = join(book.folder, 'index.lock');
  mkdirSync(path);
  assertAnswers(book.store);
  assert.throws(() => book.store.index.catchUp(MAX_UNINDEXED + 1), (thrown) => isProblem(thrown, 'failed', 'index'));
});

test('a keeper takes in what the book has grown by', async () => {
  await using book = await TestBook.create();
  const problems: string[] = [];
  await using keeper = new IndexKeeper(join(book.folder, 'bcdb.sqlite'), (problem) => problems.push(problem));
  for (const count of [1, 3]) {
    await transfers(book, count);
    keeper.grow(book.store.size);
    await poll('the index', () => isMade(book.folder) && covered(book.folder) === book.store.size);
  }
  assert.deepEqual(problems, []);
  assertAnswers(book.store);
});

test('a field that one process adds is kept by another that goes on writing', async () => {
  await using book = await TestBook.create();
  await transfers(book, 2);
  assertAnswers(book.store);
  using reader = Store.read(join(book.folder, 'bcdb.sqlite'));
  reader.index.addField('body.memo');
  await transfers(book, 2);
  book.store.index.catchUp(book.store.size);
  assert.equal(covered(book.folder), 6);
  for (const store of [book.store, reader]) {
    store.refresh();
    assert.deepEqual(askLines(store, parseQuery('body.memo = "n 1"')).lines, [5, 3]);
  }
});

test('what others keep is only read: few newer lines are looked at, with many of them it is busy', async () => {
  await using book = await TestBook.create();
  assertAnswers(book.store);
  book.store.index.isKept = true;
  await transfers(book, 2);
  assertAnswers(book.store);
  assert.equal(covered(book.folder), 2);
  assert.throws(() => book.store.index.catchUp(2 + MAX_UNINDEXED + 1), (thrown) => isProblem(thrown, 'busy', 'index'));
});
