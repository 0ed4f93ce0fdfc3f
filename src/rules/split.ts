// Who gets which part of an amount. Exact: parts are rounded down, and what that leaves has an owner, too.
import type { Agreement, Payee, Payers } from '../schema/types.js';
import { farmerOf, PPM } from './agreement.js';

/** A payee's part; account null: burned. */
export interface Share {
  readonly account: string | null;
  readonly role: Payee['role'];
  readonly amount_stroops: bigint;
}

/** A payer's part. */
export interface Stake {
  readonly account: string;
  readonly amount_stroops: bigint;
}

/** Who gets how much of a contract's escrow. */
export interface Payouts {
  /** In the order of the payees; they add up to what is billed. */
  readonly shares: readonly Share[];
  /** In the order of the payers; they add up to what is refunded. */
  readonly refunds: readonly Stake[];
}

/** Divides what is billed among the payees, what rounding leaves to the farmer, and what is refunded among the payers. */
export function payouts({ payees, payers }: Pick<Agreement, 'payees' | 'payers'>, billed: bigint, refunded: bigint): Payouts {
  return { shares: withRest(sharesOf(payees, billed), billed, payees.indexOf(farmerOf(payees))), refunds: stakesOf(payers, refunded) };
}

/**
 * The payees' shares of what is billed so far, each rounded down, the farmer's too: so that none of them ever falls
 * while the bill grows, and paying at every step gives what paying once does. The end gives the farmer the rest.
 */
export function sharesOf(payees: readonly Payee[], billed: bigint): Share[] {
  return payees.map(({ account, role, share_ppm }) => ({ account, role, amount_stroops: (billed * BigInt(share_ppm)) / BigInt(PPM) }));
}

/** What of so much billed has left the escrow, once the shares are paid. */
export function sharedOut(payees: readonly Payee[], billed: bigint): bigint {
  return sharesOf(payees, billed).reduce((sum, { amount_stroops }) => sum + amount_stroops, 0n);
}

/** Divides an amount in proportion to what each has paid; what rounding leaves goes to the first. */
export function stakesOf(payers: Payers, amount: bigint): Stake[] {
  const whole = payers.reduce((sum, { amount_stroops }) => sum + BigInt(amount_stroops), 0n);
  const stakes = payers.map(({ account, amount_stroops }) => ({ account, amount_stroops: whole === 0n ? 0n : (BigInt(amount_stroops) * amount) / whole }));
  return withRest(stakes, amount, 0);
}

/**
 * Divides an amount among those who have it, so that none gives more than its own: each the part up to itself, less
 * the part up to the one before. `stakesOf` may give the first a few stroops of others.
 * @param amount at most what all have together
 */
export function takenFrom(stakes: readonly Stake[], amount: bigint): Stake[] {
  const whole = stakes.reduce((sum, { amount_stroops }) => sum + amount_stroops, 0n);
  let upTo = 0n;
  return stakes.map(({ account, amount_stroops }) => {
    const before = whole === 0n ? 0n : (upTo * amount) / whole;
    upTo += amount_stroops;
    return { account, amount_stroops: (whole === 0n ? 0n : (upTo * amount) / whole) - before };
  });
}

function withRest<T extends { readonly amount_stroops: bigint }>(parts: readonly T[], whole: bigint, to: number): T[] {
  const rest = whole - parts.reduce((sum, part) => sum + part.amount_stroops, 0n);
  return parts.map((part, i) => (i === to ? { ...part, amount_stroops: part.amount_stroops + rest } : part));
}
