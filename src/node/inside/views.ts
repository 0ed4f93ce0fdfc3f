// Logs and use of a contract's workloads, as its operators are sent them.
import { setTimeout as delay } from 'node:timers/promises';
import { statfs } from 'node:fs/promises';
import { isProblem } from '../../base/errors.js';
import { read } from '../../rules/objects.js';
import type { LogsWish, StatsWish } from '../../schema/types.js';
import type { Driver, Ref, Running, Stats } from '../driver.js';
import type { LogRow, LogWish } from '../logs.js';
import type { InsideParts, Visit } from './inside.js';

/** Sends rows of a log as they are, each with its time before it if that is wanted. */
export async function sendLogs({ driver }: InsideParts, { channel, ends, signal }: Visit, wish: LogsWish): Promise<void> {
  const { workload, timestamps } = wish;
  for await (const { stream, bytes } of printed(driver, { contract: ends.contract, workload }, wish, timestamps, signal)) await channel.sendAll(stream, bytes);
}

/** A log as bytes: lines with their ends, and a time before each line where it is wanted and known. */
export async function* printed(driver: Pick<Driver, 'follow'>, ref: Ref, { since, tail, previous, follow }: LogWish, timestamps: boolean, signal: AbortSignal): AsyncGenerator<{ stream: LogRow['stream']; bytes: Buffer }> {
  let begins = true;
  for await (const { time, stream, text, whole } of driver.follow(ref, { since, tail, previous, follow }, signal)) {
    if (signal.aborted) return;
    const stamp = timestamps && begins && time !== null ? `${new Date(time).toISOString()} ` : '';
    yield { stream, bytes: Buffer.concat([Buffer.from(stamp), text, Buffer.from(whole ? '\n' : '')]) };
    begins = whole;
  }
}

/** A workload as it is now. */
export interface WorkloadUse {
  readonly workload: string;
  readonly state: Running['state'] | 'absent';
  /** ms since 1970. */
  readonly started: number | null;
  /** What its health check says; null without one. */
  readonly health: string | null;
  readonly restarts: number | null;
  /** Null while it does not run. */
  readonly use: Stats | null;
}

/** What a contract's workloads use. */
export interface ContractUse {
  readonly time: number;
  readonly contract: string;
  /** Of the volume, bytes; null where there is none, or its size is no bound of its own. */
  readonly disk: { readonly size_bytes: number; readonly used_bytes: number } | null;
  readonly workloads: readonly WorkloadUse[];
}

/** Sends what is used, again and again until the operator has seen enough. */
export async function sendStats(parts: InsideParts, { channel, ends, signal }: Visit, { interval_ms }: StatsWish): Promise<void> {
  while (!signal.aborted) {
    await channel.sendJson({ stats: await useOf(parts, ends.contract, signal) });
    await delay(interval_ms, undefined, { signal }).catch(() => undefined);
  }
}

/** What a contract's workloads use now. @throws Problem as the driver */
export async function useOf({ driver, volumes, grid, clock }: Pick<InsideParts, 'driver' | 'volumes' | 'grid' | 'clock'>, contract: string, signal: AbortSignal): Promise<ContractUse> {
  const wanted = read(grid.reader, 'contract', contract)?.workloads ?? [];
  const said = read(grid.reader, 'run', contract)?.workloads ?? [];
  const running = (await driver.list(signal)).filter((one) => one.contract === contract);
  const workloads = await Promise.all(
    wanted.map(async ({ name: workload }): Promise<WorkloadUse> => {
      const here = running.find((one) => one.workload === workload);
      const status = said.find(({ name }) => name === workload);
      const use = here?.state === 'running' ? await driver.stats({ contract, workload }, signal).catch(gone) : null;
      return { workload, state: here?.state ?? 'absent', started: here?.started ?? null, health: status?.health ?? null, restarts: status?.restarts ?? null, use };
    }),
  );
  const path = (await volumes.list()).find((one) => one.contract === contract)?.path;
  const disk = path == null ? null : await statfs(path).then(({ bsize, blocks, bfree }) => ({ size_bytes: bsize * blocks, used_bytes: bsize * (blocks - bfree) }));
  return { time: clock(), contract, disk, workloads };
}

/** It ended between two looks. */
function gone(thrown: unknown): null {
  if (isProblem(thrown, 'not_found')) return null;
  throw thrown;
}
