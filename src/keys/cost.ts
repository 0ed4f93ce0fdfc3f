// What it costs to guess the passphrase of a keystore.
import type { Kdf } from '../schema/types.js';

/** scrypt's cost parameters. */
export type KdfCost = Pick<Kdf, 'n' | 'r' | 'p'>;

/** Cost of a guess: 128 MiB and about a third of a second. */
export const KDF_COST: KdfCost = { n: 131_072, r: 8, p: 1 };

/** The least that the format allows: 16 MiB and some 40 ms. */
export const LEAST_KDF_COST: KdfCost = { n: 16_384, r: 8, p: 1 };

/**
 * What new keystores of this process cost instead. It is set by `dev/cheap.ts`, for the random passphrase of a
 * development grid, at which nobody guesses, by `test/cheap.ts`, the entry through which tests start 3bot, and by nothing
 * else: no flag, variable or file makes a keystore cheaper (`test/house`).
 */
export const instead: { cost: KdfCost | undefined } = { cost: undefined };

/** What a new keystore costs. */
export function costOfNew(): KdfCost {
  return instead.cost ?? KDF_COST;
}
