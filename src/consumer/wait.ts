// Waiting for a node to do what was agreed, by reading the book.
import { setTimeout as pause } from 'node:timers/promises';
import { isProblem, Problem } from '../base/errors.js';
import type { Clock } from '../base/clock.js';
import { Client } from '../net/client.js';
import type { Grid } from '../net/grid.js';
import { read } from '../rules/objects.js';
import { viewOf } from '../rules/view.js';
import { delaysOf, progressOf, type Progress } from '../market/contract.js';

/** How far to wait; `ready` of a contract without workloads is `held`. */
export type Goal = Progress;

const RANK: Readonly<Record<Progress, number>> = { committed: 0, held: 1, ready: 2 };
/** Between two looks, whatever happens: a look opens the copy for writing. */
const POLL_MS = 150;
/** What time alone changes, such as the end of a contract, is seen after this long. */
const NEWS_MS = 5_000;

/** A grid for one look. */
export type Looked = Pick<Grid, 'id' | 'url' | 'reader' | 'refresh'> & AsyncDisposable;

/** What waiting needs. */
export interface Waiting {
  /** Opens the grid for one look; between looks others may write in this home. */
  readonly open: () => Promise<Looked>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly timeout_ms: number;
  /** Called at every look with how far it is, and why it is no further, as far as its node says. */
  readonly onLook?: (progress: Progress, delays: readonly string[]) => void;
}

/**
 * Returns once a contract has come as far as `goal`.
 * @throws Problem `failed` where a workload or the node failed, or the contract is over; `not_ready` when the time is
 *   up; a home that is away is waited for as long as there is time
 */
export async function waitFor(contract: string, goal: Goal, { open, clock, signal, timeout_ms, onLook }: Waiting): Promise<void> {
  const end = clock() + timeout_ms;
  let unread: Problem | undefined;
  let reached: Progress = 'committed';
  let seenAt: { url: string | null; id: string; size: number } | undefined;
  for (;;) {
    try {
      await using grid = await open();
      await grid.refresh();
      unread = undefined;
      seenAt = { url: grid.url, id: grid.id, size: grid.reader.size };
      const seen = look(grid, contract, clock());
      reached = seen.progress;
      onLook?.(reached, seen.delays);
      if (RANK[reached] >= Math.min(RANK[goal], seen.most)) return;
    } catch (thrown) {
      if (!isProblem(thrown, 'unreachable') && !isProblem(thrown, 'busy')) throw thrown;
      unread = thrown;
    }
    if (clock() >= end) {
      const why = unread === undefined ? `is ${reached}, not ${goal}, after ${timeout_ms / 1000} s` : `cannot be looked at: ${unread.message}`;
      throw new Problem('not_ready', `contract ${contract.slice(0, 12)} ${why}`, { reason: reached, hint: `3bot contract show ${contract.slice(0, 12)}` });
    }
    await pause(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    if (unread === undefined && seenAt !== undefined) await news(seenAt, Math.min(NEWS_MS, end - clock()), signal);
  }
}

/** Returns once the book has more lines, or after the time. A home reads its own file, which costs nothing. */
async function news({ url, id, size }: { url: string | null; id: string; size: number }, wait_ms: number, signal: AbortSignal): Promise<void> {
  if (url === null || wait_ms <= 0) return;
  await using client = new Client({ url });
  try {
    await client.lines(id, size, { wait: wait_ms, signal });
  } catch (thrown) {
    // The look that follows says so, where it matters.
    if (signal.aborted || !isProblem(thrown)) throw thrown;
  }
}

/** How far it is, and the most that can become of it. */
function look(grid: Looked, id: string, at: number): { progress: Progress; most: number; delays: readonly string[] } {
  const contract = read(grid.reader, 'contract', id);
  if (contract === undefined) throw new Problem('integrity', `contract ${id} is no longer in the book`, { reason: 'withheld' });
  const { progress, failed } = progressOf(grid.reader, contract);
  if (failed !== null) throw new Problem('failed', failed, { reason: 'workload', hint: `3bot contract show ${id.slice(0, 12)}; ending it returns what is unused: 3bot contract cancel ${id.slice(0, 12)}` });
  const { state, reason } = viewOf(grid.reader, contract, at);
  if (state === 'ended') throw new Problem('failed', `the contract is over: ${reason ?? 'ended'}`, { reason: reason ?? 'ended' });
  return { progress, most: contract.workloads.length > 0 ? RANK.ready : RANK.held, delays: delaysOf(grid.reader, contract) };
}
