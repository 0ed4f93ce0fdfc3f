import assert from 'node:assert/strict';
import { closeSync, copyFileSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ingestBatch, freshness } from '../../src/bcdb/copy.js';
import { openCheckpoint } from '../../src/bcdb/checkpoint.js';
import { readHead } from '../../src/bcdb/head.js';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import { query } from '../../src/bcdb/query.js';
import { Store } from '../../src/bcdb/store.js';
import { verifyBook } from '../../src/bcdb/verify.js';
import { gridRules } from '../../src/rules/all.js';
import { identityBody, namedSigner, nextPayload, openSequencer, TestBook } from '../book.js';
import { Problem } from '../../src/base/errors.js';
import { receiptOf } from '../../src/bcdb/prove.js';
import { verifyReceipt } from '../../src/bcdb/receipt.js';
import { Sequencer } from '../../src/bcdb/sequencer.js';
import type { Signer } from '../../src/keys/ed25519.js';
import type { Line, Payload, SignedRecord } from '../../src/schema/types.js';

async function transfers(book: TestBook, count: number): Promise<SignedRecord[]> {
  const wallet = namedSigner('wallet');
  const records: SignedRecord[] = [];
  let payload = nextPayload(book.store, `account/${wallet.key}`, 'transfer@1', {}, Date.now());
  for (let i = 0; i < count; i++) {
    const record = makeRecord({ ...payload, body: { payers: [{ account: wallet.key, amount_stroops: '1' }], to: namedSigner('other').key, memo: `n ${i}` } });
    records.push(await signRecord(record, [wallet]));
    payload = { ...payload, height: record.payload.height + 1, prev: record.id };
  }
  return records;
}

test('a book takes records, keeps its checkpoint, and verifies from its bytes alone', async () => {
  await using book = await TestBook.create();
  await book.must(...(await transfers(book, 300)));
  const verified = await verifyBook({ store: book.store, rules: gridRules, grid: book.store.grid as string });
  assert.equal(verified.size, 302);
  assert.equal(verified.signed, 302);
  assert.equal(openCheckpoint(book.sequencer.checkpoint, book.sequencer.pinned).size, 302);
  assert.equal(freshness(book.store, Date.now).fresh, true);
  assert.deepEqual(
    query(book.store, { kind: 'transfer@1', limit: 2 }).records.map((found) => found.index),
    [301, 300],
  );
});

test('a record sent twice gets the line it has', async () => {
  await using book = await TestBook.create();
  const [record] = (await transfers(book, 1)) as [SignedRecord];
  const [index] = await book.must(record);
  const again = await book.try(record);
  assert.deepEqual(again.ok && { index: again.index, known: again.known }, { index, known: true });
});

test('records that arrive together get a verdict each', async () => {
  await using book = await TestBook.create();
  const [first, second, third] = (await transfers(book, 3)) as [SignedRecord, SignedRecord, SignedRecord];
  const outcomes = await book.sequencer.append([first, third, second]);
  assert.deepEqual(outcomes.map((outcome) => outcome.ok), [true, false, true]);
  assert.equal(!outcomes[1]?.ok && outcomes[1]?.problem.reason, 'chain_conflict');
});

test('a copy believes what it re-checked and equals the home', async () => {
  await using book = await TestBook.create();
  await book.must(...(await transfers(book, 20)));
  const lines = [...book.store.lines(0, book.store.size)] as Line[];
  const copy = Store.open(join(book.folder, 'copy.sqlite'));
  const grid = book.store.grid as string;
  for (const [from, to] of [[0, 7], [7, 22]] as const) {
    ingestBatch({ store: copy, rules: gridRules, grid, clock: Date.now }, {
      lines: lines.slice(from, to),
      trailer: { checkpoint: book.sequencer.checkpoint, consistency: book.store.tree.consistencyProof(to).map((hash) => hash.toString('base64')) },
    });
  }
  assert.deepEqual(copy.tree.root(), book.store.tree.root());
  assert.deepEqual(copy.objects('', 1000), book.store.objects('', 1000));
});

test('a home whose older database was put back refuses to sign', async () => {
  await using book = await TestBook.create();
  book.store.db.pragma('wal_checkpoint(TRUNCATE)');
  const backup = join(book.folder, 'backup.sqlite');
  copyFileSync(join(book.folder, 'bcdb.sqlite'), backup);
  await book.must(...(await transfers(book, 2)));
  using older = Store.open(backup);
  await assert.rejects(openSequencer(book.folder, older, book.pool), { code: 'integrity', reason: 'rewound' });
});

test('the database itself refuses to change or delete a record', async () => {
  await using book = await TestBook.create();
  assert.throws(() => book.store.db.exec('UPDATE record SET at = 1'), /never changed/);
  assert.throws(() => book.store.db.exec('DELETE FROM record'), /never deleted/);
});

test('a time stamp renewed while records arrive never hides the newer lines', async () => {
  await using book = await TestBook.create();
  const records = await transfers(book, 40);
  const work: Promise<unknown>[] = [];
  for (const record of records) work.push(book.sequencer.renew(), book.must(record));
  await Promise.all(work);
  assert.equal(openCheckpoint(book.sequencer.checkpoint, book.sequencer.pinned).size, book.store.size);
  assert.equal(book.store.checkpoint()?.size, book.store.size);
});

test('what is recorded and could not be signed is said to be recorded, and signed with what comes next', async () => {
  await using book = await TestBook.create();
  await book.sequencer[Symbol.asyncDispose]();
  let locked = false;
  const log: Signer = { key: namedSigner('log').key, sign: (type, payload) => (locked ? Promise.reject(new Problem('locked', 'the agent is gone')) : namedSigner('log').sign(type, payload)) };
  const parts = { store: book.store, rules: gridRules, log, clockSigner: namedSigner('clock'), pool: book.pool, clock: Date.now, headPath: join(book.folder, 'head') };
  await using home = await Sequencer.open(parts);
  const [record] = (await transfers(book, 1)) as [SignedRecord];
  locked = true;
  const refusal = async (): Promise<string | undefined> => {
    const [outcome] = await home.append([record]);
    return outcome?.ok === false ? `${outcome.problem.code} ${outcome.problem.reason}` : undefined;
  };
  assert.equal(await refusal(), 'failed unsigned');
  assert.equal(book.store.size, 3);
  assert.equal(await refusal(), 'failed unsigned', 'still not below a checkpoint');
  locked = false;
  const [outcome] = await home.append([record]);
  assert.deepEqual(outcome?.ok && { index: outcome.index, known: outcome.known }, { index: 2, known: true });
  assert.equal(openCheckpoint(home.checkpoint, home.pinned).size, 3);
});

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // gone meanwhile
  }
}

test('what is recorded while the head file cannot be written is said to be recorded, and told with what comes next', async () => {
  await using book = await TestBook.create();
  const [first, second] = (await transfers(book, 2)) as [SignedRecord, SignedRecord];
  const headPath = join(book.folder, 'head');
  const fd = Number(readdirSync('/proc/self/fd').find((one) => linkOf(`/proc/self/fd/${one}`) === headPath));
  closeSync(fd);
  let told = 0;
  book.sequencer.onPublished(() => (told += 1));
  const [outcome] = await book.sequencer.append([first]);
  assert.equal(outcome?.ok === false && `${outcome.problem.code} ${outcome.problem.reason}`, 'failed unsigned');
  assert.equal(told, 0);
  assert.equal(book.store.size, 3);
  assert.equal(openSync(headPath, 'r+'), fd, 'the same number again');
  await book.must(second);
  assert.equal(told, 1);
  assert.equal(readHead(headPath)?.size, 4);
});

test('one process numbers the lines of a book once', async () => {
  await using book = await TestBook.create();
  using same = Store.open(join(book.folder, 'bcdb.sqlite'));
  await assert.rejects(openSequencer(book.folder, same, book.pool), { code: 'busy' });
});

test('a checkpoint of fewer lines is never kept over one of more', async () => {
  await using book = await TestBook.create();
  const before = book.store.checkpoint();
  await book.must(...(await transfers(book, 1)));
  book.store.keepCheckpoint(before?.size ?? 0, before?.note ?? '');
  assert.equal(book.store.checkpoint()?.size, 3);
  using reader = Store.read(join(book.folder, 'bcdb.sqlite'));
  assert.equal(reader.checkpoint()?.size, 3);
});

test('a reader beside the writer proves a record that came after its last look', async () => {
  await using book = await TestBook.create();
  using reader = Store.read(join(book.folder, 'bcdb.sqlite'));
  assert.equal(reader.tree.size, 2);
  const [first, second] = (await transfers(book, 2)) as [SignedRecord, SignedRecord];
  await book.must(first);
  await book.must(second);
  const { index } = verifyReceipt(receiptOf(reader, makeRecord(JSON.parse(first.payload) as Payload).id), book.sequencer.pinned);
  assert.equal(index, 2);
});

test('an older view of a lagging copy is no rewind, even while catching up', async () => {
  await using book = await TestBook.create();
  const grid = book.store.grid as string;
  const trailer = (from: number): { checkpoint: string; consistency: string[] } => ({
    checkpoint: book.sequencer.checkpoint,
    consistency: book.store.tree.consistencyProof(from).map((hash) => hash.toString('base64')),
  });
  using copy = Store.open(join(book.folder, 'copy.sqlite'));
  let now = Date.now();
  const parts = { store: copy, rules: gridRules, grid, clock: () => now };
  ingestBatch(parts, { lines: [...book.store.lines(0, 2)], trailer: trailer(2) });
  const records = await transfers(book, 10);
  await book.must(...records.slice(0, 3));
  const lagging = { lines: [], trailer: trailer(5) };
  await book.must(...records.slice(3));
  ingestBatch(parts, { lines: [...book.store.lines(2, 7)], trailer: trailer(7) });
  assert.equal(ingestBatch(parts, lagging), 7);
  now -= 11 * 60_000;
  assert.throws(() => ingestBatch(parts, { lines: [...book.store.lines(7, 12)], trailer: trailer(12) }), { code: 'unreachable', reason: 'clocks' });
});

test('a query with two conditions finds what an index alone does not', async () => {
  await using book = await TestBook.create();
  await book.must(...(await transfers(book, 5)));
  const wallet = namedSigner('wallet').key;
  assert.deepEqual(query(book.store, { signer: wallet, kind: 'transfer@1', limit: 3 }).records.map(({ index }) => index), [6, 5, 4]);
  assert.deepEqual(query(book.store, { chain: `account/${wallet}`, signer: wallet, since: book.store.line(4).at }).records.length >= 3, true);
  assert.deepEqual(query(book.store, { signer: wallet, kind: 'identity@1' }), { records: [], next: null });
});

test('records that belong together are all taken in, or none is, whatever arrives beside them', async () => {
  await using book = await TestBook.create();
  const [first, second, third, fourth] = (await transfers(book, 4)) as [SignedRecord, SignedRecord, SignedRecord, SignedRecord];
  const wallet = namedSigner('wallet');
  const before = book.store.get(`account/${wallet.key}`);
  // The third cannot follow the first.
  const [none, alone] = await Promise.all([book.sequencer.append([first, third], true), book.sequencer.append([await book.sign(`bot/${book.owner.key}`, 'identity@1', identityBody(book.owner, 'again'), [book.owner])])]);
  assert.deepEqual(none.map((outcome) => !outcome.ok && outcome.problem.reason), ['together', 'chain_conflict']);
  assert.equal(alone[0]?.ok, true);
  assert.deepEqual(book.store.get(`account/${wallet.key}`), before);
  const size = book.store.size;
  const all = await book.sequencer.append([first, second, third], true);
  assert.deepEqual(all.map((outcome) => outcome.ok && outcome.index), [size, size + 1, size + 2]);
  const known = await book.sequencer.append([third, fourth], true);
  assert.deepEqual(known.map((outcome) => outcome.ok && [outcome.index, outcome.known]), [[size + 2, true], [size + 3, false]]);
  const refused = await book.sequencer.append([fourth, first, { ...second, signatures: [] }, third], true);
  assert.deepEqual(refused.map((outcome) => outcome.ok), [true, true, true, true], 'what is in the book is in it, whoever signed it now');
  const verified = await verifyBook({ store: book.store, rules: gridRules, grid: book.store.grid as string });
  assert.equal(verified.size, size + 4);
});
