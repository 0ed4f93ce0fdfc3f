// What the driver `process` keeps on disk, so that a workload is found again whoever died: one folder a workload.
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stop } from '../../schema/types.js';
import { run } from '../children.js';

/*
 *   <folder>/<contract>.<workload>/
 *     spec.json        what to run; written before the folder gets its name
 *     run.<boot>.json  who runs it since the machine was started; made once, by the supervisor that may start it
 *     exit.json        how it ended
 *     work/            its folder, when it has no volume
 *
 * Losing spec.json or run.json of what runs means losing sight of it; the others cost a reason. What it prints is in the
 * node's folder of logs (`Logs`).
 */

/** spec.json */
export interface ProcessSpec {
  readonly grid: string;
  readonly node: string;
  readonly contract: string;
  readonly workload: string;
  readonly digest: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Variables whose values are in files, which no disk holds: read when it is started. */
  readonly secret_env?: readonly { readonly name: string; readonly file: string }[];
  readonly folder: string;
  /** Where it is written what it prints, in rows. */
  readonly log: string;
  readonly ports: readonly number[];
  /** Not there in what an earlier release wrote. */
  readonly stop?: Stop;
}

/** A process that cannot be mistaken for a later one with the same number. */
export interface Identity {
  readonly pid: number;
  /** When the kernel says it was born. */
  readonly born: string;
}

/** run.<boot>.json; `child` is null until it was started. */
export interface ProcessRun {
  readonly supervisor: Identity;
  readonly child: Identity | null;
  readonly started: number;
}

/** exit.json */
export interface ProcessExit {
  readonly exit_code: number | null;
  readonly reason: string | null;
}

/** Path of what is known of the run since this start of the machine: process numbers mean nothing after the next. */
export async function runFile(folder: string): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'unknown');
  return join(folder, `run.${boot.trim().slice(0, 8)}.json`);
}

/** When a process was born, or null when there is none (or only its remains, not yet waited for). */
export async function bornAt(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The name, field 2, may hold spaces and brackets: fields 3 and on follow the last bracket; 22 is the start in ticks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  }
  const line = await run('ps', ['-o', 'lstart=', '-p', String(pid)], AbortSignal.timeout(5_000)).catch(() => '');
  return line.trim() || null;
}

/** Whether just this process is there. */
export async function isAlive(one: Identity): Promise<boolean> {
  return (await bornAt(one.pid)) === one.born;
}

/** Writes a file so that readers see all of it or the one before. */
export async function writeWhole(path: string, value: unknown): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, JSON.stringify(value), { mode: 0o600 });
  await rename(draft, path);
}

/** Reads one of the files above, or null when it is not there. These are our own files: their shape is trusted. */
export async function readWhole<T>(path: string): Promise<T | null> {
  try {
    const text = await readFile(path, 'utf8');
    // Made but not yet filled: as good as not there.
    return text === '' ? null : (JSON.parse(text) as T);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
