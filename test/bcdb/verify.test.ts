import assert from 'node:assert/strict';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { isProblem } from '../../src/base/errors.js';
import { entryText } from '../../src/bcdb/entry.js';
import { makeRecord, signaturesText, signRecord } from '../../src/bcdb/record.js';
import { Store } from '../../src/bcdb/store.js';
import { verifyBook, verifyHashes, type Verified } from '../../src/bcdb/verify.js';
import { gridRules } from '../../src/rules/all.js';
import type { Payload, SignedRecord } from '../../src/schema/types.js';
import { leafHash, nodeHash } from '../../src/tlog/merkle.js';
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
    return await verifyBook({ store, rules: gridRules, grid: original.store.grid as string });
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

test('a checkpoint stored as the last of an era that never ended does not pass', async () => {
  await assert.rejects(verifyAfter((db) => void db.exec("INSERT INTO milestone (size, note) VALUES (2, 'surplus')")), (thrown) => isProblem(thrown, 'integrity') && /no era ended there/.test(thrown.message));
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

/** Verifies the book with a scratch file, and breaks off at the first page of lines where that is wanted. */
async function verifyFrom(path: string, scratch: string, isBrokenOff = false): Promise<Verified> {
  using store = Store.read(path);
  const stop = new AbortController();
  return await verifyBook({
    store, rules: gridRules, grid: original.store.grid as string, scratch, by: 'test', signal: stop.signal,
    onProgress: (step) => void (isBrokenOff && step === 'lines' && stop.abort(new Error('broken off'))),
  });
}

/** A copy of the book, of which the first 256 lines were verified before the run was broken off. */
async function brokenOff(): Promise<{ path: string; scratch: string }> {
  const path = join(original.folder, `changed-${copies++}.sqlite`);
  copyFileSync(join(original.folder, 'bcdb.sqlite'), path);
  const scratch = `${path}.scratch`;
  await assert.rejects(verifyFrom(path, scratch, true), { message: 'broken off' });
  return { path, scratch };
}

function change(path: string, sql: string): void {
  const db = new Database(path);
  for (const name of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all() as string[]) db.exec(`DROP TRIGGER ${name}`);
  db.exec(sql);
  db.close();
}

test('a run that was broken off goes on where it was', async () => {
  const { path, scratch } = await brokenOff();
  const { resumed, signatures, size } = await verifyFrom(path, scratch);
  assert.deepEqual({ resumed, signatures, size }, { resumed: 256, signatures: LINES - 256, size: LINES });
});

const BELOW: [string, string][] = [
  ['a signature', `UPDATE record SET signatures = replace(signatures, '"sig":"', '"sig":"A') WHERE idx = 100`],
  ['a time of intake', 'UPDATE record SET at = at + 1 WHERE idx = 40'],
  ['a height', 'UPDATE record SET height = 1000 WHERE idx = 40'],
  ['a kind', 'UPDATE record SET kind = (SELECT kind FROM record WHERE idx = 0) WHERE idx = 40'],
  ['an object', `UPDATE object SET json = '{}' WHERE id = 'grid'`],
  ['a tile', 'UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0'],
];
for (const [what, sql] of BELOW) {
  test(`a change of ${what} below where a run was broken off is found by the next`, async () => {
    const { path, scratch } = await brokenOff();
    change(path, sql);
    await assert.rejects(verifyFrom(path, scratch), { code: 'integrity' });
  });
}

test('a run that was broken off over other lines is forgotten: lines changed with all their hashes are checked anew', async () => {
  const { path, scratch } = await brokenOff();
  const line = original.store.line(100);
  const forged = { ...line, signatures: line.signatures.map(({ by, sig }) => ({ by, sig: `${sig.startsWith('A') ? 'B' : 'A'}${sig.slice(1)}` })) };
  const leaf = leafHash(entryText(makeRecord(JSON.parse(line.payload) as Payload).id, signaturesText(forged.signatures), line.at));
  const tile = Buffer.from(original.store.db.prepare('SELECT hashes FROM tile WHERE level = 0 AND n = 0').pluck().get() as Buffer);
  leaf.copy(tile, 100 * 32);
  let row: Buffer[] = Array.from({ length: 256 }, (_, i) => tile.subarray(32 * i, 32 * i + 32));
  while (row.length > 1) row = row.flatMap((left, i) => (i % 2 === 0 ? [nodeHash(left, row[i + 1] as Buffer)] : []));
  const above = row[0]?.toString('hex') ?? '';
  change(path, `
    UPDATE record SET signatures = '${signaturesText(forged.signatures)}', leaf = x'${leaf.toString('hex')}' WHERE idx = 100;
    UPDATE tile SET hashes = x'${tile.toString('hex')}' WHERE level = 0;
    UPDATE tile SET hashes = x'${above}' WHERE level = 1`);
  await assert.rejects(verifyFrom(path, scratch), { code: 'integrity', message: `line 100: signature by ${wallet.key} does not hold` });
});

test('another release begins anew', async () => {
  const { path, scratch } = await brokenOff();
  using store = Store.read(path);
  const { resumed } = await verifyBook({ store, rules: gridRules, grid: original.store.grid as string, scratch, by: 'later' });
  assert.equal(resumed, 0);
});

async function hashesAfter(sql: string): Promise<{ size: number; signed: number }> {
  const path = join(original.folder, `changed-${copies++}.sqlite`);
  copyFileSync(join(original.folder, 'bcdb.sqlite'), path);
  change(path, sql);
  using store = Store.read(path);
  return await verifyHashes({ store, grid: original.store.grid as string });
}

test('hashes alone hold of a book that nobody touched', async () => {
  const { size, signed } = await hashesAfter('');
  assert.deepEqual({ size, signed }, { size: LINES, signed: LINES });
});

const HASHED: [string, string][] = [
  ...CHANGES.filter(([what]) => !what.startsWith('an object')),
  ['a payload', `UPDATE record SET payload = replace(payload, 'n 77', 'n 78') WHERE idx = 79`],
  ['a payload with its id', `UPDATE record SET payload = '{}', id = x'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a' WHERE idx = 79`],
  ['a signature', `UPDATE record SET signatures = replace(signatures, '"sig":"', '"sig":"A') WHERE idx = 100`],
  ['a leaf', `UPDATE record SET leaf = zeroblob(32) WHERE idx = 256`],
  ['a full tile', 'UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0'],
  ['a tile that grows', 'UPDATE tile SET hashes = zeroblob(32) WHERE level = 1'],
  ['a checkpoint', `UPDATE checkpoint SET note = replace(note, '${LINES}', '${LINES - 1}'), size = ${LINES - 1}`],
];
for (const [what, sql] of HASHED) {
  test(`${what}: hashes alone find it`, async () => {
    await assert.rejects(hashesAfter(sql), { code: 'integrity' });
  });
}

test('threads find in a large book what one finds in a small one, and name the first line', async () => {
  await using book = await TestBook.create();
  let next = nextPayload(book.store, `account/${wallet.key}`, 'transfer@1', { payers: [{ account: wallet.key, amount_stroops: '1' }], to: namedSigner('other').key, memo: '' }, Date.now());
  const many: SignedRecord[] = [];
  while (many.length < 1_500) {
    const record = makeRecord(next);
    many.push(await signRecord(record, [wallet]));
    next = { ...next, height: record.payload.height + 1, prev: record.id };
  }
  await book.must(...many.slice(0, 1_000));
  await book.must(...many.slice(1_000));
  const parts = { store: book.store, rules: gridRules, grid: book.store.grid as string };
  assert.equal((await verifyBook(parts)).signatures, 1_502);
  assert.equal((await verifyHashes(parts)).size, 1_502);
  book.store.db.exec("DROP TRIGGER record_is_never_changed; UPDATE record SET payload = replace(payload, '\"1\"', '\"2\"') WHERE idx IN (700, 1400)");
  await assert.rejects(verifyBook(parts), { code: 'integrity', message: `line 700: signature by ${wallet.key} does not hold` });
  await assert.rejects(verifyHashes(parts), { code: 'integrity', message: 'line 700: its id is not the hash of its record' });
});
