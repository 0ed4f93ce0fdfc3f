// What a farm asks now: what it has published, more (or less) by how much is sold, and less for a buyer who names a
// price within its bounds. Exact; the total of what comes out is still `totalStroops`.
import { divideUp, stroops } from '../../base/amount.js';
import { less, perHour } from '../../capacity/price.js';
import { unitsOf } from '../../capacity/units.js';
import type { Asking } from '../../market/asking.js';
import type { Discount, Prices, Resources, Utilisation } from '../../schema/types.js';
import { ALL_PPM } from './policy.js';

/** What a node has, and what of it is sold or on hold. */
export interface Sold {
  readonly capacity: Resources;
  readonly sold: Resources;
}

/** The part of the compute units that is sold, in millionths, rounded down; of nothing, nothing. */
export function soldPpm(nodes: readonly Sold[]): number {
  const [all, sold] = nodes.reduce(([a, s], node) => [a + unitsOf(node.capacity).cu, s + unitsOf(node.sold).cu], [0n, 0n]);
  return all === 0n ? 0 : Math.min(ALL_PPM, Number((sold * BigInt(ALL_PPM)) / all));
}

/** By how much prices are higher at a part sold, in millionths: the highest step that is reached. */
export function changeAt({ steps }: Utilisation, sold_ppm: number): number {
  return steps.filter(({ from_ppm }) => sold_ppm >= from_ppm).at(-1)?.change_ppm ?? 0;
}

/** Each price times a part of it, in millionths. @param isUp whether a fraction of a stroop counts as one */
export function scaled({ cu_stroops, su_stroops, nu_stroops, ipv4_stroops }: Prices, ppm: number, isUp = true): Prices {
  const part = (price: string): string => {
    const over = stroops(price) * BigInt(ppm);
    return (isUp ? divideUp(over, BigInt(ALL_PPM)) : over / BigInt(ALL_PPM)).toString();
  };
  return { cu_stroops: part(cu_stroops), su_stroops: part(su_stroops), nu_stroops: part(nu_stroops), ipv4_stroops: part(ipv4_stroops) };
}

/** What a buyer who names a price gets: a discount that makes it so, or the least that would do. */
export type Met = { readonly discount: Discount | undefined } | { readonly least_stroops: bigint };

/**
 * Goes down to a price that a buyer names, as far as the floor.
 * @param wanted_stroops for an hour
 * @param floor_ppm the least the farm takes, of what it asks
 * @returns the smallest discount in whole millionths that keeps the exact price of an hour at or below what is wanted
 */
export function meet(resources: Resources, { prices, discounts }: Asking, wanted_stroops: bigint, floor_ppm: number): Met {
  const { over, under } = discounts.reduce((price, { ppm }) => less(price, ppm), perHour(resources, prices));
  if (over <= wanted_stroops * under) return { discount: undefined };
  const kept = Number((wanted_stroops * under * BigInt(ALL_PPM)) / over);
  if (kept < floor_ppm) return { least_stroops: divideUp(over * BigInt(floor_ppm), under * BigInt(ALL_PPM)) };
  return { discount: { name: 'counter', ppm: ALL_PPM - kept } };
}
