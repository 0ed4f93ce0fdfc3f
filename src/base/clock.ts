// Time is handed in: everything that needs it takes a Clock, so that tests decide what time it is.
import { uptime } from 'node:os';
import { performance } from 'node:perf_hooks';

/** Milliseconds since 1970. */
export type Clock = () => number;

/** The machine's wall clock. */
export const systemClock: Clock = () => Date.now();

/** A time as ISO 8601 in UTC. */
export function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** How long the process's own clock is gone by, before the system is asked again. */
const ASK_EVERY_MS = 1_000;
let asked = { uptime_ms: 0, at: -Infinity };

/**
 * Time since boot, sleep included, ms.
 * @param isExact asks the system, which costs as much as hashing 20 kB; else only once a second, and a machine that
 *   slept within that second shows too little
 */
export function sinceBoot(isExact: boolean): number {
  const here = performance.now();
  if (isExact || here - asked.at > ASK_EVERY_MS) asked = { uptime_ms: uptime() * 1000, at: here };
  return asked.uptime_ms + here - asked.at;
}
