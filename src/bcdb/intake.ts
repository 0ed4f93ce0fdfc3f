// The time of intake: the wall clock, as long as it agrees with the time since boot and with the book.
import { sinceBoot, type Clock } from '../base/clock.js';
import { Problem } from '../base/errors.js';
import { MAX_CLOCK_DRIFT_MS } from '../base/limits.js';

/** Tells a home what time it is, or that it cannot be told. */
export class IntakeClock {
  readonly #clock: Clock;
  readonly #bootTime: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bootTime = clock() - sinceBoot(true);
  }

  /**
   * The time of intake for what comes after `lastAt`, ms since 1970; never before it.
   * @throws Problem `failed`, reason `clocks`
   */
  after(lastAt: number): number {
    const wall = this.#clock();
    const drift = (isExact: boolean): number => Math.abs(wall - sinceBoot(isExact) - this.#bootTime);
    const disagree = Math.max(lastAt - wall, drift(false) > MAX_CLOCK_DRIFT_MS ? drift(true) : 0);
    if (disagree > MAX_CLOCK_DRIFT_MS) {
      throw new Problem('failed', `this machine's clocks disagree by ${Math.round(disagree / 1000)} s; nothing was recorded`, { reason: 'clocks', hint: 'set the clock (NTP), then start again' });
    }
    return Math.max(wall, lastAt);
  }
}
