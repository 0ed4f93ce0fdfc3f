// What resources cost: one exact function that quote, agreement and bill share.
import { divideUp, MAX_STROOPS, stroops } from '../base/amount.js';
import { Problem } from '../base/errors.js';
import type { Discount, Prices, Resources } from '../schema/types.js';
import type { Fraction } from './fraction.js';
import { CU_DENOMINATOR, SU_DENOMINATOR, unitsOf } from './units.js';

const HOUR_MS = 3_600_000n;
const CU_IN_SU_STEPS = SU_DENOMINATOR / CU_DENOMINATOR;
const ALL_PPM = 1_000_000n;

/** What resources cost an hour, exact, in stroops. @throws Problem `malformed` for a price that is no amount */
export function perHour(resources: Resources, prices: Prices): Fraction {
  const units = unitsOf(resources);
  const over =
    units.cu * CU_IN_SU_STEPS * stroops(prices.cu_stroops) +
    units.su * stroops(prices.su_stroops) +
    BigInt(resources.ipv4) * SU_DENOMINATOR * stroops(prices.ipv4_stroops);
  return { over, under: SU_DENOMINATOR };
}

/** A price an hour, for a term. @param term_ms whole milliseconds, 0 or more */
export function forTerm({ over, under }: Fraction, term_ms: number): Fraction {
  if (!Number.isSafeInteger(term_ms) || term_ms < 0) throw new Error(`not a term in ms: ${term_ms}`);
  return { over: over * BigInt(term_ms), under: under * HOUR_MS };
}

/** What a discount leaves of a price. @param ppm millionths that are taken off, 0 to 1,000,000 */
export function less({ over, under }: Fraction, ppm: number): Fraction {
  if (!Number.isSafeInteger(ppm) || ppm < 0 || ppm > Number(ALL_PPM)) throw new Error(`not a discount in millionths: ${ppm}`);
  return { over: over * (ALL_PPM - BigInt(ppm)), under: under * ALL_PPM };
}

/** An exact price as it is paid: rounded up, once. @throws Problem `malformed` above 2^63-1 */
export function paid({ over, under }: Fraction): bigint {
  const total = divideUp(over, under);
  if (total > MAX_STROOPS) throw new Problem('malformed', 'the price of these resources is above what can exist', { reason: 'amount' });
  return total;
}

/**
 * Price of resources for a term, in stroops: exact, less each discount in turn, then rounded up once, at the end.
 * Traffic (NU) is charged by use and is not part of it.
 * @param term_ms whole milliseconds, 0 or more
 * @param discounts each is taken from what those before leave; their order does not change the total
 * @throws Problem `malformed` for a price that is no amount or a total above 2^63-1
 * @example totalStroops(fourCoresAndAHundredGiB, listPrices, 720 * 3_600_000) // 162_000_000n, 16.2 TFT
 */
export function totalStroops(resources: Resources, prices: Prices, term_ms: number, discounts: readonly Discount[] = []): bigint {
  return paid(discounts.reduce((price, { ppm }) => less(price, ppm), forTerm(perHour(resources, prices), term_ms)));
}

/** Price of resources for an hour, in stroops rounded up: for display; a term's total is never a multiple of it. */
export function perHourStroops(resources: Resources, prices: Prices, discounts: readonly Discount[] = []): bigint {
  return totalStroops(resources, prices, Number(HOUR_MS), discounts);
}

/**
 * What of a contract's total is used up once `covered_ms` of its term are covered: floor(total × covered / term).
 * Cumulative: a settlement pays this less what was paid before, so any sequence of settlements adds up to the same.
 * Never more than the total.
 * @param covered_ms 0 or more; beyond the term counts as the term
 * @param term_ms above 0
 */
export function billedStroops(total: bigint, covered_ms: number, term_ms: number): bigint {
  if (total < 0n || !Number.isSafeInteger(covered_ms) || covered_ms < 0 || !Number.isSafeInteger(term_ms) || term_ms <= 0) {
    throw new Error(`cannot bill ${covered_ms} of ${term_ms} ms`);
  }
  return (total * BigInt(Math.min(covered_ms, term_ms))) / BigInt(term_ms);
}
