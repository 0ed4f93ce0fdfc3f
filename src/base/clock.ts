// Time is handed in: everything that needs it takes a Clock, so that tests decide what time it is.

/** Milliseconds since 1970. */
export type Clock = () => number;

/** The machine's wall clock. */
export const systemClock: Clock = () => Date.now();

/** A time as ISO 8601 in UTC. */
export function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
