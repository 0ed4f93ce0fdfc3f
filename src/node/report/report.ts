// What is said in the book of a workload that is in force, and when. Pure.
//
// An end that is the last, and the first time that something runs, are said at once. What can go on by itself (started
// again and again, healthy and not) is said at most once a minute, with how often it was started until then.
import { SAY_WORKLOAD_EVERY_MS } from '../../base/limits.js';
import type { WorkloadStatus } from '../../rules/objects.js';
import type { PublishedPort, Workload } from '../../schema/types.js';
import type { Running } from '../driver.js';
import { rolledBack, type Life } from '../life/life.js';
import type { Report } from '../plan/steps.js';

/** What is said of a workload. */
export type Saying = Omit<Report, 'contract' | 'workload' | 'seen'>;

/**
 * How a workload is; null where there is nothing to say yet.
 * @param running what is on this machine of it, if that is what is in force
 */
export function sayingOf({ restart, health }: Workload, life: Life, running: Running | undefined, said: WorkloadStatus | undefined): Saying | null {
  const counts = { ...(restart === undefined ? {} : { restarts: life.restarts }), ...(health === undefined || life.over !== null ? {} : { health: life.health ?? 'starting' }) };
  const back = rolledBack(life);
  const join = (...parts: (string | null)[]): string | null => parts.filter((part) => part !== null).join('; ') || null;
  if (life.over !== null) return { state: life.over.state, reason: join(life.over.reason, back), exit_code: life.over.exit_code, ports: [], ...counts };
  if (life.again !== null) {
    // It comes back at once: what was said goes on to hold.
    if (life.again.why !== 'ended') return null;
    return { state: 'running', reason: join(`${life.again.reason ?? 'ended'}: it is started again`, back), exit_code: null, ports: said?.ports ?? [], ...counts };
  }
  if (running?.state !== 'running') return null;
  return { state: 'running', reason: back, exit_code: null, ports: sorted(running.ports), ...counts };
}

/** When it is to be said, ms since 1970: now or later; null where the book has it. @param spoken when it was spoken of last */
export function dueAt(saying: Saying, said: WorkloadStatus | undefined, spoken: number | undefined, now: number): number | null {
  if (said === undefined || said.state !== saying.state) return now;
  if (isSaid(saying, said)) return null;
  const flips = said.health !== undefined && said.health !== 'starting' && said.health !== saying.health;
  // It has not begun to repeat itself.
  if ((saying.restarts ?? 0) === 0 && !flips) return now;
  return Math.min(spoken ?? said.at, now) + SAY_WORKLOAD_EVERY_MS;
}

function isSaid({ state, reason, exit_code, ports, restarts, health }: Saying, said: WorkloadStatus): boolean {
  const samePorts = JSON.stringify(sorted(said.ports)) === JSON.stringify(ports);
  // Why something ended is said with the end, in words that may differ from one look to the next.
  const sameReason = state !== 'running' || said.reason === reason;
  return said.exit_code === exit_code && samePorts && sameReason && said.restarts === restarts && said.health === health;
}

function sorted(ports: readonly PublishedPort[]): PublishedPort[] {
  return ports.map(({ container, host }) => ({ container, host })).sort((a, b) => a.container - b.container || a.host - b.host);
}
