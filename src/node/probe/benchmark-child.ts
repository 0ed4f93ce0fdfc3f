// The benchmark `3bot/1`: measures one thing after the other and prints a JSON value a line. A program of its own,
// because it fills processor and memory, and may be killed.
//
//   cpu      SHA-256 of 1 MiB, again and again, MiB a second: one thread, then a thread a core at the same time
//   memory   copying 128 MiB to another place, MiB copied a second
//   disk     one file of at most 256 MiB, random bytes: written 16 MiB at a time, each synced (fdatasync); read again
//            past the page cache (dd iflag=direct); then 4 KiB at a time, each synced: such writes a second
//
// Each lasts `span_ms`, or until the file is whole. What cannot be measured is 0.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, statfsSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import type { BenchmarkLine } from './benchmark.js';

const MIB = 1_048_576;
const COPY_BYTES = 128 * MIB;
const FILE_BYTES = 256 * MIB;
const PIECE_BYTES = 16 * MIB;
const SYNC_BYTES = 4_096;
/** Left free on the disk whatever happens. */
const SPARE_BYTES = 1_024 * MIB;

/** Repeats until the time is over. @returns how often a second */
function rate(span_ms: number, work: () => void): number {
  const begin = performance.now();
  let count = 0;
  let now = begin;
  do {
    work();
    count += 1;
    now = performance.now();
  } while (now - begin < span_ms);
  return (count * 1_000) / (now - begin);
}

function hashing(span_ms: number): number {
  const block = randomBytes(MIB);
  return rate(span_ms, () => void createHash('sha256').update(block).digest());
}

async function hashingOnAll(span_ms: number): Promise<number> {
  const threads = Array.from({ length: availableParallelism() }, () => new Worker(fileURLToPath(import.meta.url), { workerData: span_ms }));
  const rates = await Promise.all(threads.map((thread) => new Promise<number>((resolve, reject) => void thread.once('message', resolve).once('error', reject))));
  return rates.reduce((sum, one) => sum + one, 0);
}

function copying(span_ms: number): number {
  const from = randomBytes(MIB);
  const source = Buffer.alloc(COPY_BYTES);
  for (let at = 0; at < COPY_BYTES; at += MIB) from.copy(source, at);
  // Written once before, so that the kernel's handing out of pages does not count.
  const target = Buffer.alloc(COPY_BYTES, 1);
  return (rate(span_ms, () => void source.copy(target)) * COPY_BYTES) / MIB;
}

/** @returns MiB written, and how many a second */
function writing(file: number, span_ms: number): { mib: number; rate: number } {
  const piece = randomBytes(PIECE_BYTES);
  const begin = performance.now();
  let bytes = 0;
  let passed = 0;
  do {
    bytes += writeSync(file, piece, 0, PIECE_BYTES, bytes);
    fdatasyncSync(file);
    passed = performance.now() - begin;
  } while (bytes < FILE_BYTES && passed < span_ms);
  return { mib: bytes / MIB, rate: (bytes / MIB / passed) * 1_000 };
}

async function reading(path: string, mib: number): Promise<number> {
  const begin = performance.now();
  try {
    await promisify(execFile)('dd', [`if=${path}`, 'of=/dev/null', 'bs=1M', 'iflag=direct'], { timeout: 5_000 });
  } catch {
    // The file system does not read past its cache (tmpfs), or there is no dd.
    return 0;
  }
  return (mib * 1_000) / (performance.now() - begin);
}

function syncing(file: number, span_ms: number): number {
  const piece = randomBytes(SYNC_BYTES);
  let at = 0;
  return rate(span_ms, () => {
    writeSync(file, piece, 0, SYNC_BYTES, at % FILE_BYTES);
    at += SYNC_BYTES;
    fdatasyncSync(file);
  });
}

async function disk(path: string, span_ms: number): Promise<{ read: number; write: number; sync: number }> {
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize < FILE_BYTES + SPARE_BYTES) return { read: 0, write: 0, sync: 0 };
  const file = openSync(path, 'w', 0o600);
  try {
    const written = writing(file, span_ms);
    say({ step: 'disk, reading' });
    const read = await reading(path, written.mib);
    say({ step: 'disk, syncing' });
    return { read, write: written.rate, sync: syncing(file, span_ms) };
  } finally {
    closeSync(file);
  }
}

function say(line: BenchmarkLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main(path: string, span_ms: number): Promise<void> {
  say({ step: 'one core' });
  const single = hashing(span_ms);
  say({ step: 'all cores' });
  const all = await hashingOnAll(span_ms);
  say({ step: 'memory' });
  const memory = copying(span_ms);
  say({ step: 'disk, writing' });
  const { read, write, sync } = await disk(path, span_ms);
  say({
    figures: {
      cpu_single: Math.round(single), cpu_all: Math.round(all), memory_mib_s: Math.round(memory),
      disk_read_mib_s: Math.round(read), disk_write_mib_s: Math.round(write), disk_sync_s: Math.round(sync),
    },
  });
}

if (isMainThread) {
  const [path = '', span = ''] = process.argv.slice(2);
  await main(path, Number(span));
} else parentPort?.postMessage(hashing(workerData as number));
