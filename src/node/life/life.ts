// How a workload lives: what the node remembers of it, and what a look at the machine makes of that. Pure.
//
//             start           ends, unhealthy             the pause is over: remove, start
//   (new) ──────────▶ up ───────────────────────▶ again ────────────────────────────────▶ up   restarts + 1
//                     │ ╲                           ▲  the machine went down, or its container is gone: at once
//                     │  ╲                          │  we stopped it (paused, another share): at once, not counted
//                     │   ╲─────────────────────────╯
//                     │ ends, and its policy says that this is the end; or too often (crash loop);
//                     │ a batch that was cut off
//                     ╰─────────────▶ over          nothing starts it but another list
//
//   up       proven after a while, or when healthy: it is then what a later change is rolled back to (`good`)
//   any      another workload of this name: begins anew; the first time that fails before it is proven, it is `refused`,
//            and `good` is in force in its place until the list changes again
import { canonical } from '../../base/canonical.js';
import { sha256Hex } from '../../base/hash.js';
import { MAX_REASON_CHARS, UPDATE_PROOF_MS } from '../../base/limits.js';
import { CUT_OFF, ROLLED_BACK } from '../../rules/run.js';
import type { WorkloadStatus } from '../../rules/objects.js';
import type { Run, Workload } from '../../schema/types.js';
import { oneLine } from '../children.js';
import type { Task } from '../plan/desired.js';
import { specDigest, type Running } from '../driver.js';
import { wasStoppedForPause } from './pause.js';
import { afterEnd, isRestarted, recentEnds, type End } from './restart.js';
import type { Failure } from '../plan/steps.js';

/** What a health check says. */
export type Health = NonNullable<Run['health']>;

/** It is to be started again. */
export interface Again {
  /** Not before then, ms since 1970. */
  readonly at: number;
  /** ours: we stopped it, and it does not count as a restart. */
  readonly why: 'ended' | 'machine' | 'ours';
  readonly reason: string | null;
  /** The start was begun: what is seen next is the new run. */
  readonly begun: boolean;
}

/** It is not started again. */
export interface Over {
  readonly state: 'exited' | 'failed';
  readonly reason: string | null;
  readonly exit_code: number | null;
}

/** What a node remembers of one workload of one contract. */
export interface Life {
  /** `workloadDigest` of the one in force. */
  readonly workload: string;
  /** When the run seen last was started, ms since 1970; null before the first, 0 where nobody knows. */
  readonly started: number | null;
  /** How often it was started again since it is in force. */
  readonly restarts: number;
  /** When it ended lately, ms since 1970. */
  readonly ends: readonly number[];
  readonly again: Again | null;
  readonly over: Over | null;
  /** Null without a health check. */
  readonly health: Health | null;
  /** The newest that was proven to work. */
  readonly good: Workload | null;
  /** What the list says, and was rolled back. */
  readonly refused: { readonly workload: string; readonly reason: string } | null;
}

/** What is seen of a workload now. */
export interface Seen {
  /** What the list says. */
  readonly task: Task;
  readonly running: Running | undefined;
  /** A step is under way on it. */
  readonly busy: boolean;
  /** How its start failed for good, or for longer than a moment; undefined: it did not. */
  readonly givenUp: (inForce: Task) => Pick<Failure, 'reason' | 'at' | 'refused'> | undefined;
  /** What the checks of the run that was started then say. */
  readonly health: { readonly started: number; readonly health: Health; readonly reason: string | null } | undefined;
  /** What the book has of it. */
  readonly said: WorkloadStatus | undefined;
  readonly now: number;
}

/** Names a workload: SHA-256 of its canonical JSON. */
export function workloadDigest(workload: Workload): string {
  return sha256Hex(canonical(workload));
}

/** What is to run: what the list says, or what ran before where that was refused. The share is that of the list. */
export function taskInForce(task: Task, life: Life | undefined): Task {
  const isRefused = life?.refused?.workload === workloadDigest(task.workload);
  return isRefused && life.good !== null ? { ...task, workload: life.good } : task;
}

/** Why what is in force is not what the list says; null where it is. */
export function rolledBack({ refused, good, workload }: Life): string | null {
  return refused !== null && good !== null && workloadDigest(good) === workload ? `${ROLLED_BACK}${refused.reason}` : null;
}

/** What one look makes of a life. */
export function live(before: Life | undefined, seen: Seen): Life {
  const refused = before?.refused?.workload === workloadDigest(seen.task.workload) ? before.refused : null;
  const task = taskInForce(seen.task, before);
  const digest = workloadDigest(task.workload);
  let life = before?.workload === digest ? before : { ...newborn(digest, task, seen), good: before?.good ?? null };
  if (life.refused !== refused) life = { ...life, refused };
  if (seen.busy) return life;
  const failed = seen.givenUp(task);
  if (failed !== undefined && isTrial(life)) return rollBack(life, failed.reason);
  // What ran before is no less wanted because it cannot be started right now.
  if (failed !== undefined && !failed.refused && life.again !== null && failed.at > (life.ends.at(-1) ?? 0) && isRestarted(task.workload.restart, false)) {
    return ended(life, task.workload, { ok: false, reason: failed.reason, exit_code: null }, Math.max(seen.now, failed.at));
  }
  return follow(life, task, seen);
}

/** A life that begins now, or whose memory was lost: then what the book says is all that is known. */
function newborn(workload: string, inForce: Task, { said, running, now }: Seen): Life {
  const life: Life = { workload, started: null, restarts: said?.restarts ?? 0, ends: [], again: null, over: null, health: said?.health ?? null, good: null, refused: null };
  // It runs, whatever was said before.
  if (running?.state === 'running') return running.digest === specDigest(inForce) ? { ...life, started: 0 } : life;
  if (wasStoppedForPause(said)) return { ...life, again: { at: now, why: 'ours', reason: null, begun: false } };
  if (said?.state === 'running') return { ...life, started: 0 };
  const { state, reason, exit_code } = said ?? { state: null, reason: null, exit_code: null };
  return state === 'exited' || state === 'failed' ? { ...life, over: { state, reason, exit_code } } : life;
}

/** Not proven yet, and there is something to go back to. */
function isTrial({ good, workload, over }: Life): boolean {
  return good !== null && over === null && workloadDigest(good) !== workload;
}

function rollBack({ good, workload }: Life, reason: string): Life {
  const back = good === null ? workload : workloadDigest(good);
  return { workload: back, started: null, restarts: 0, ends: [], again: null, over: null, health: null, good, refused: { workload, reason: oneLine(reason, MAX_REASON_CHARS - 100) } };
}

function follow(before: Life, { workload, limits }: Task, seen: Seen): Life {
  const { running, now } = seen;
  let life = before;
  const isIdle = life.again === null && life.over === null;
  if (running === undefined || running.state === 'created') {
    const reason = running === undefined ? GONE : MACHINE_DOWN;
    return life.started !== null && isIdle ? cutOff(life, workload, reason, now) : life;
  }
  if (running.digest !== specDigest({ workload, limits })) {
    // Another share of the same, or another workload: it is stopped, and that is no end of its own.
    return running.state === 'running' && life.started !== null && isIdle ? stoppedByUs(life, now) : life;
  }
  if (life.again?.begun === true || (isIdle && running.started !== life.started)) {
    life = { ...life, started: running.started, again: null, health: workload.health === undefined ? null : life.started === 0 ? life.health : 'starting' };
  }
  if (life.again !== null || life.over !== null) return life;
  const { health } = seen;
  if (workload.health !== undefined && health !== undefined && health.started === running.started) life = withHealth(life, health.health);
  if (running.state === 'running') {
    const counts = isRestarted(workload.restart, false) || isTrial(life);
    if (life.health === 'unhealthy' && counts) return ended(life, workload, { ok: false, reason: `unhealthy${health?.reason == null ? '' : `: ${health.reason}`}`, exit_code: null }, now);
    return proven(life, workload, running, now);
  }
  if (running.state === 'cut') return cutOff(life, workload, MACHINE_DOWN, now);
  const ok = running.state === 'exited';
  return ended(life, workload, { ok, reason: running.reason, exit_code: running.exit_code }, now);
}

const [GONE, MACHINE_DOWN] = CUT_OFF;

function withHealth(life: Life, health: Health): Life {
  return life.health === health ? life : { ...life, health };
}

/** We stop it, and start it again as soon as it may run. */
export function stoppedByUs(life: Life, now: number): Life {
  return life.again === null && life.over === null ? { ...life, again: { at: now, why: 'ours', reason: null, begun: false } } : life;
}

/** Its start begins. */
export function starting(life: Life): Life {
  if (life.again === null || life.again.begun) return life;
  return { ...life, restarts: life.restarts + (life.again.why === 'ours' ? 0 : 1), again: { ...life.again, begun: true } };
}

/** It cannot be started. */
export function cannotStart(life: Life, reason: string): Life {
  return { ...life, again: null, over: { state: 'failed', reason: oneLine(reason, MAX_REASON_CHARS), exit_code: null } };
}

/** When it was proven to work, so that a change that does not can be taken back; a batch never is. */
function proven(life: Life, workload: Workload, { started }: Running, now: number): Life {
  const isProven = workload.restart?.policy !== 'never' && (workload.health === undefined ? now - (started ?? now) >= UPDATE_PROOF_MS : life.health === 'healthy');
  return isProven && (life.good === null || workloadDigest(life.good) !== life.workload) ? { ...life, good: workload } : life;
}

/** Stopped by what is no fault of its own. A batch may have done half of its work, and doing it twice could be worse. */
function cutOff(life: Life, { restart }: Workload, reason: string, now: number): Life {
  if (restart?.policy === 'never') return { ...life, over: { state: 'failed', reason: `${reason}; a batch is not run again`, exit_code: null } };
  return { ...life, again: { at: now, why: 'machine', reason, begun: false } };
}

function ended(life: Life, { restart }: Workload, end: End, now: number): Life {
  const words = end.reason ?? `ended with exit code ${end.exit_code ?? 0}`;
  if (isTrial(life) && restart?.policy !== 'never' && (!end.ok || restart?.policy === 'always')) return rollBack(life, words);
  const ends = recentEnds(restart, [...life.ends, now], now);
  const next = afterEnd(restart, end, ends, now);
  if ('again_at' in next) return { ...life, ends, health: life.health === null ? null : 'starting', again: { at: next.again_at, why: 'ended', reason: oneLine(words, MAX_REASON_CHARS - 100), begun: false } };
  const reason = next.verdict === null ? end.reason : `${next.verdict}; the last time: ${words}`;
  return { ...life, ends, good: end.ok ? null : life.good, over: { state: end.ok && next.verdict === null ? 'exited' : 'failed', reason: reason === null ? null : oneLine(reason, MAX_REASON_CHARS), exit_code: end.exit_code } };
}
