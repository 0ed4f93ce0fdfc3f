// What single checks make of the health of one run. Pure.
//
//   starting ── a check holds ──▶ healthy ── retries in a row fail ──▶ unhealthy ── a check holds ──▶ healthy
//       ╰──── retries in a row fail, after start_ms ───────────────────────╯
import { HEALTH_START_INTERVAL_MS } from '../../base/limits.js';
import type { HealthCheck } from '../../schema/types.js';
import type { Health } from './life.js';

/** What is known of the health of one run. */
export interface Checked {
  /** When the run was started, ms since 1970: checks of another say nothing of this one. */
  readonly started: number;
  readonly health: Health;
  /** In a row. */
  readonly failures: number;
  /** Why the last one failed; null where it held. */
  readonly reason: string | null;
}

/** What one check showed; null: it holds. */
export type Finding = string | null;

/** What is known after one more check at `now`. */
export function afterCheck(before: Checked, { start_ms, retries }: Pick<HealthCheck, 'start_ms' | 'retries'>, reason: Finding, now: number): Checked {
  if (reason === null) return { ...before, health: 'healthy', failures: 0, reason };
  if (now - before.started < start_ms) return { ...before, reason };
  const failures = before.failures + 1;
  return { ...before, failures, reason, health: failures >= retries ? 'unhealthy' : before.health };
}

/** How long until the next check; what has just begun is looked at more often, so that nobody waits for a whole interval. */
export function nextCheckIn({ health }: Checked, { interval_ms }: Pick<HealthCheck, 'interval_ms'>): number {
  return health === 'starting' ? Math.min(interval_ms, HEALTH_START_INTERVAL_MS) : interval_ms;
}
