// What a contract's place on a node is worth. A node carries MAX_ALLOCATIONS contracts, kept data included, so a place is
// that part of the node: whoever fills them all pays for the whole of it, for as long as they are filled.
import { divideUp, formatTft, stroops } from '../base/amount.js';
import { MAX_ALLOCATIONS } from '../base/limits.js';
import { NOTHING } from '../capacity/fit.js';
import { perHourStroops, totalStroops } from '../capacity/price.js';
import type { Resources } from '../schema/types.js';
import type { Terms } from './agreement.js';
import type { NodeObject, Period } from './objects.js';
import { demand } from './refusal.js';

const HOUR_MS = 3_600_000n;

/** Demands that a contract pays for its place as long as it is in force. @throws Problem `refused`, reason `price` */
export function checkPlace({ announcement: { capacity } }: NodeObject, { prices, discounts, term_ms, total_stroops }: Terms): void {
  const least = divideUp(totalStroops(capacity, prices, term_ms, discounts), BigInt(MAX_ALLOCATIONS));
  demand(stroops(total_stroops) >= least, 'price', () => `a node carries ${MAX_ALLOCATIONS} contracts: one costs at least that part of the whole node, ${formatTft(least)} TFT for this term; take more, or a smaller node`);
}

/** What a place costs an hour, in stroops rounded up: noted in a contract, since a node may announce itself anew. */
export function placeStroops({ announcement: { capacity } }: NodeObject, { prices }: Pick<Terms, 'prices'>): bigint {
  return divideUp(perHourStroops(capacity, prices), BigInt(MAX_ALLOCATIONS));
}

/**
 * How long data is kept after the end: as agreed, but no longer than what was paid in all would pay for its disk, or for
 * the place where that is more. So a disk, or all places, cannot be blocked for days by contracts of a second.
 * @param place_stroops of an hour
 */
export function keptMs(retention_ms: number, { resources, prices }: Pick<Period, 'resources' | 'prices'>, place_stroops: bigint, paid: bigint): number {
  const disk: Resources = { ...NOTHING, sru_mib: resources.sru_mib, hru_mib: resources.hru_mib };
  const price = perHourStroops(disk, prices);
  const hour = price > place_stroops ? price : place_stroops;
  if (hour === 0n) return retention_ms;
  const payable = (paid * HOUR_MS) / hour;
  return payable < BigInt(retention_ms) ? Number(payable) : retention_ms;
}
