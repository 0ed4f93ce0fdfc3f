// What follows when a workload ends: over, or started again after a pause that doubles. Pure.
import { MAX_RESTART_PAUSE_MS } from '../../base/limits.js';
import type { Restart } from '../../schema/types.js';

/** What the schema lets a policy ask for. */
const LONGEST_DELAY_MS = 3_600_000;

/** How a run ended. */
export interface End {
  readonly ok: boolean;
  /** Null where it ended well. */
  readonly reason: string | null;
  readonly exit_code: number | null;
}

/** What follows from it. */
export type AfterEnd =
  /** Started again then, ms since 1970. */
  | { readonly again_at: number }
  /** Not started again; why, where that is not simply how it ended. */
  | { readonly verdict: string | null };

/** Whether a policy starts again what ended so. */
export function isRestarted(restart: Restart | undefined, ok: boolean): restart is Restart {
  return restart !== undefined && (restart.policy === 'always' || (restart.policy === 'on-failure' && !ok));
}

/** The ends that still count: within the policy's interval, none of a clock that was ahead, no more than the policy can ask about. */
export function recentEnds(restart: Restart | undefined, ends: readonly number[], now: number): number[] {
  if (restart === undefined) return [];
  return ends.filter((at) => at <= now && at > now - restart.interval_ms).slice(-restart.attempts - 1);
}

/**
 * Decides after an end.
 * @param ends when it ended lately, ms, this end included
 */
export function afterEnd(restart: Restart | undefined, { ok }: Pick<End, 'ok'>, ends: readonly number[], now: number): AfterEnd {
  if (!isRestarted(restart, ok)) return { verdict: null };
  const { attempts, interval_ms, delay_ms } = restart;
  if (ends.length > attempts) return { verdict: `crash loop: it ended ${ends.length} times within ${spanOf(interval_ms)}` };
  const pause = Math.min(delay_ms * 2 ** (ends.length - 1), Math.max(delay_ms, MAX_RESTART_PAUSE_MS));
  return { again_at: now + pause };
}

/** Whether a pause is over. A clock that was put back must not make it last for years. */
export function isDue(at: number, now: number): boolean {
  return at <= now || at > now + Math.max(LONGEST_DELAY_MS, MAX_RESTART_PAUSE_MS);
}

function spanOf(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds % 60 === 0 && seconds >= 60 ? `${seconds / 60} min` : `${seconds} s`;
}
