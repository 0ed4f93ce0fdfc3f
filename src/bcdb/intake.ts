// The time of intake: the wall clock, as long as it agrees with the time since boot and with the book.
import { uptime } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Clock } from '../base/clock.js';
import { Problem } from '../base/errors.js';
import { MAX_CLOCK_DRIFT_MS } from '../base/limits.js';

/** Asking the system costs as much as hashing 20 KB; in between, the process's own clock goes on from there. */
const ASK_EVERY_MS = 1_000;

/** Tells a home what time it is, or that it cannot be told. */
export class IntakeClock {
  readonly #clock: Clock;
  readonly #bootTime: number;
  #uptime = 0;
  #askedAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bootTime = clock() - this.#sinceBoot(true);
  }

  /**
   * The time of intake for what comes after `lastAt`, ms since 1970; never before it.
   * @throws Problem `failed`, reason `clocks`
   */
  after(lastAt: number): number {
    const wall = this.#clock();
    let drift = wall - this.#sinceBoot(false) - this.#bootTime;
    // A machine that slept: the process's own clock stood still, the system's did not.
    if (Math.abs(drift) > MAX_CLOCK_DRIFT_MS) drift = wall - this.#sinceBoot(true) - this.#bootTime;
    const behind = lastAt - wall;
    if (Math.abs(drift) > MAX_CLOCK_DRIFT_MS || behind > MAX_CLOCK_DRIFT_MS) {
      throw new Problem('failed', `this machine's clocks disagree by ${Math.round(Math.max(Math.abs(drift), behind) / 1000)} s; nothing was recorded`, { reason: 'clocks', hint: 'set the clock (NTP), then start again' });
    }
    return Math.max(wall, lastAt);
  }

  /** Time since boot, sleep included, ms. */
  #sinceBoot(now: boolean): number {
    const here = performance.now();
    if (now || here - this.#askedAt > ASK_EVERY_MS) {
      this.#uptime = uptime() * 1000;
      this.#askedAt = here;
    }
    return this.#uptime + here - this.#askedAt;
  }
}
