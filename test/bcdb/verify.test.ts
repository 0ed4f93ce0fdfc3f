import assert from 'node:assert/strict';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import { Store } from '../../src/bcdb/store.js';
import { verifyBook, type Verified } from '../../src/bcdb/verify.js';
import { rules1 } from '../../src/rules/all.js';
import type { SignedRecord } from '../../src/schema/types.js';
import { namedSigner, nextPayload, TestBook } from '../book.js';

const LINES = 302;

/** A book of 302 lines, so that the tree has a full tile; every change below is made to a copy of its file. */
const original = await TestBook.create();
const wallet = namedSigner('wallet');
const records: SignedRecord[] = [];
let payload = nextPayload(original.store, `account/${wallet.key}`, 'transfer@1', {}, Date.now());
for (let i = 0; i < LINES - 2; i++) {
  const record = makeRecord({ ...payload, body: { payers: [{ account: wallet.key, amount_stroops: '1' }], to: namedSigner('other').key, memo: `n ${i}` } });
  records.push(await signRecord(record, [wallet]));
  payload = { ...payload, height: record.payload.height + 1, prev: record.id };
}
await original.must(...records);
original.store.db.pragma('wal_checkpoint(TRUNCATE)');
test.after(() => original[Symbol.asyncDispose]());

let copies = 0;

/** Verifies a copy of the book after its file was changed by hand. */
async function verifyAfter(change: (db: Database.Database) => void): Promise<Verified> {
  const path = join(original.folder, `changed-${copies++}.sqlite`);
  copyFileSync(join(original.folder, 'bcdb.sqlite'), path);
  const db = new Database(path);
  try {
    for (const name of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all() as string[]) db.exec(`DROP TRIGGER ${name}`);
    change(db);
  } finally {
    db.close();
  }
  try {
    using store = Store.read(path);
    return await verifyBook({ store, rules: rules1, grid: original.store.grid as string });
  } finally {
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  }
}

/** Changes one bit of one value. */
function flip(db: Database.Database, table: string, column: string, where: string, place: number): void {
  const { value, type } = db.prepare(`SELECT CAST(${column} AS BLOB) AS value, typeof(${column}) AS type FROM ${table} WHERE ${where}`).get() as { value: Buffer; type: string };
  if (type === 'integer') {
    db.exec(`UPDATE ${table} SET ${column} = (${column} | ${1 << place}) - (${column} & ${1 << place}) WHERE ${where}`);
    return;
  }
  const at = Math.floor((place * 7919) % value.length);
  value[at] = (value[at] ?? 0) ^ (1 << (place % 7));
  db.prepare(`UPDATE ${table} SET ${column} = ${type === 'text' ? 'CAST(? AS TEXT)' : '?'} WHERE ${where}`).run(value);
}

test('a book that nobody touched holds', async () => {
  const { size, signed, signatures } = await verifyAfter(() => undefined);
  assert.deepEqual({ size, signed, signatures }, { size: LINES, signed: LINES, signatures: LINES });
});

const PLACES = [0, 3, 11, 40];
const VALUES: [table: string, column: string, rows: string[]][] = [
  ['record', 'payload', ['idx = 0', 'idx = 1', 'idx = 150', `idx = ${LINES - 1}`]],
  ['record', 'signatures', ['idx = 0', 'idx = 255', `idx = ${LINES - 1}`]],
  ['record', 'leaf', ['idx = 2', 'idx = 256', `idx = ${LINES - 1}`]],
  ['record', 'id', ['idx = 77']],
  ['object', 'json', ["id = 'grid'", `id = 'account/${wallet.key}'`]],
  ['object', 'id', [`id = 'account/${wallet.key}'`]],
  ['tile', 'hashes', ['level = 0', 'level = 1']],
  ['checkpoint', 'note', ['only = 1']],
  ['symbol', 'text', ['num = 1', 'num = 3']],
];
for (const [table, column, rows] of VALUES) {
  test(`any bit of ${table}.${column} that is changed is found`, async () => {
    for (const row of rows) {
      for (const place of PLACES) await assert.rejects(verifyAfter((db) => flip(db, table, column, row, place)), { code: 'integrity' }, `${row}, place ${place}`);
    }
  });
}

const CHANGES: [string, string][] = [
  ['a time of intake', 'UPDATE record SET at = at + 1 WHERE idx = 40'],
  ['a height', 'UPDATE record SET height = 1000 WHERE idx = 40'],
  ['a chain', 'UPDATE record SET chain = (SELECT chain FROM record WHERE idx = 0), height = 9 WHERE idx = 40'],
  ['a kind', 'UPDATE record SET kind = (SELECT kind FROM record WHERE idx = 0) WHERE idx = 40'],
  ['a line taken out', 'DELETE FROM record WHERE idx = 40'],
  ['the last line taken out', `DELETE FROM record WHERE idx = ${LINES - 1}`],
  ['every line taken out', 'DELETE FROM record'],
  ['two lines that change places', 'UPDATE record SET idx = 9999 WHERE idx = 5; UPDATE record SET idx = 5 WHERE idx = 6; UPDATE record SET idx = 6 WHERE idx = 9999'],
  ['an object taken out', "DELETE FROM object WHERE id = 'grid'"],
  ['an object put in', `INSERT INTO object (id, json) VALUES ('account/${'99'.repeat(32)}', '{"balance_stroops":"1"}')`],
  ['a tile taken out', 'DELETE FROM tile WHERE level = 0'],
  ['a tile put in', "INSERT INTO tile (level, n, hashes) VALUES (2, 0, x'00')"],
  ['a checkpoint taken out', 'DELETE FROM checkpoint'],
  ['the size beside a checkpoint', 'UPDATE checkpoint SET size = size - 1'],
];
for (const [what, sql] of CHANGES) {
  test(`${what} is found`, async () => {
    await assert.rejects(verifyAfter((db) => db.exec(sql)), { code: 'integrity' });
  });
}
