// Chance that comes again: the same seed gives the same numbers.

/** Random numbers of a test. */
export interface Random {
  readonly seed: number;
  /** An integer from 0 to below `n`. */
  below(n: number): number;
  /** True with this probability. */
  chance(p: number): boolean;
  /** One of them. @throws Error where there is none */
  pick<T>(from: readonly T[]): T;
}

/** THREEBOT_TEST_SEED where it is set, else this one: CI runs the same cases every time. */
export function seedOr(seed: number): number {
  return Number(process.env['THREEBOT_TEST_SEED'] ?? seed);
}

/** mulberry32 */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return {
    seed,
    below,
    chance: (p) => next() < p,
    pick: (from) => {
      const one = from[below(from.length)];
      if (one === undefined) throw new Error('nothing to pick from');
      return one;
    },
  };
}
