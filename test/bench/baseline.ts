// Baselines: the same work without a book around it.
import Database from 'better-sqlite3';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { signingBytes } from '../../src/keys/signed.js';
import type { SignedRecord } from '../../src/schema/types.js';

const CHECKER = `
const { parentPort, workerData } = require('node:worker_threads');
const sodium = require('sodium-native');
const items = workerData.map(([m, k, s]) => [Buffer.from(m), Buffer.from(k), Buffer.from(s)]);
parentPort.on('message', () => {
  const start = performance.now();
  let good = 0;
  for (const [message, key, sig] of items) if (sodium.crypto_sign_verify_detached(sig, message, key)) good += 1;
  parentPort.postMessage({ good, ms: performance.now() - start });
});
parentPort.postMessage('ready');
`;

/** Signature checks a second of bare sodium-native on two worker threads, over the bytes that these records sign. */
export async function bareChecks(records: readonly SignedRecord[]): Promise<number> {
  const items = records.flatMap(({ payload, signatures }) =>
    signatures.map(({ by, sig }) => [signingBytes('record', payload), Buffer.from(by, 'hex'), Buffer.from(sig, 'base64')]),
  );
  const half = Math.ceil(items.length / 2);
  const workers = [items.slice(0, half), items.slice(half)].map((part) => new Worker(CHECKER, { eval: true, workerData: part }));
  const message = (worker: Worker): Promise<unknown> => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  await Promise.all(workers.map(message));
  const start = performance.now();
  const answers = workers.map(message);
  for (const worker of workers) worker.postMessage('go');
  const done = (await Promise.all(answers)) as { good: number }[];
  const ms = performance.now() - start;
  await Promise.all(workers.map((worker) => worker.terminate()));
  if (done.reduce((sum, { good }) => sum + good, 0) !== items.length) throw new Error('the baseline did not hold');
  return (items.length * 1000) / ms;
}

/** Durable commits a second of plain better-sqlite3: one 1 KiB row with 3 indexes, WAL, FULL. */
export function plainCommits(count: number): number {
  const folder = mkdtempSync(join(tmpdir(), '3bot-bench-'));
  const db = new Database(join(folder, 'plain.sqlite'));
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec('CREATE TABLE row (n INTEGER PRIMARY KEY, id BLOB, chain TEXT, kind TEXT, at INTEGER, body TEXT) STRICT; CREATE UNIQUE INDEX row_id ON row (id); CREATE INDEX row_chain ON row (chain, n); CREATE INDEX row_kind ON row (kind, n)');
    const insert = db.prepare('INSERT INTO row (id, chain, kind, at, body) VALUES (?, ?, ?, ?, ?)');
    const body = 'x'.repeat(1024);
    const start = performance.now();
    for (let i = 0; i < count; i++) insert.run(randomBytes(32), `account/${i % 100}`, 'transfer@1', Date.now(), body);
    return (count * 1000) / (performance.now() - start);
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
