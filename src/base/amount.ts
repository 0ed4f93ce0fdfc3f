// Money: stroops (10^-7 TFT) as bigint inside, as a decimal string in records, as TFT with 7 places for people.
import { Problem } from './errors.js';

/** Stroops in a TFT. */
export const STROOPS_PER_TFT = 10_000_000n;
/** The largest amount anything may name: 2^63-1, as on Stellar. */
export const MAX_STROOPS = 9_223_372_036_854_775_807n;

/**
 * Stroops from a record's `…_stroops` text.
 * @throws Problem `malformed` unless 0 or a decimal without leading zero, at most 2^63-1
 */
export function stroops(text: string): bigint {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text)) throw new Problem('malformed', 'not an amount in stroops');
  const amount = BigInt(text);
  if (amount > MAX_STROOPS) throw new Problem('malformed', 'amount above 2^63-1 stroops');
  return amount;
}

/**
 * Stroops from what a person types in TFT: `20`, `0.5`, `16.2000000`.
 * @throws Problem `usage` on anything else; more than 7 places are never rounded
 */
export function parseTft(text: string): bigint {
  const match = /^([0-9]{1,12})(?:\.([0-9]{1,7}))?$/.exec(text);
  if (match === null) throw new Problem('usage', `not an amount of TFT: ${JSON.stringify(text)}`, { hint: 'digits with at most 7 decimal places, for example 16.2' });
  const amount = BigInt(match[1] ?? '0') * STROOPS_PER_TFT + BigInt((match[2] ?? '').padEnd(7, '0'));
  if (amount > MAX_STROOPS) throw new Problem('usage', 'amount above what can exist');
  return amount;
}

/** What an amount beside a Stellar address is, in few words; in more: ADDRESS_NOTE of keys/identity.ts. */
export const GRID_MONEY = "the grid's own TFT, not Stellar's";

/** TFT with 7 places: `formatTft(162000000n) === '16.2000000'`. */
export function formatTft(amount: bigint): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(8, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -7)}.${digits.slice(-7)}`;
}

/** Quotient rounded up, for what a buyer pays; both non-negative, divisor positive. */
export function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
