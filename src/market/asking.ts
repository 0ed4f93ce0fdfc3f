// What a farm asks whom, for how long, for what: from what it has published, the same on every copy.
import type { ReadState } from '../bcdb/rulebook.js';
import { totalStroops } from '../capacity/price.js';
import { read, readGrid, type DealObject, type FarmObject, type GridObject } from '../rules/objects.js';
import type { Agreement, Discount, Prices } from '../schema/types.js';

/** Off for a node as a whole, where its farm says nothing else. */
export const DEDICATED_PPM = 500_000;

/** On what prices depend beside the resources. */
export interface Purchase {
  readonly term_ms: number;
  /** A node as a whole. */
  readonly dedicated: boolean;
  /** When the agreement is drafted, ms since 1970. */
  readonly at: number;
}

/** What is asked: the total is `totalStroops(resources, prices, term_ms, discounts)`. */
export interface Asking {
  readonly prices: Prices;
  /** In the order in which they are taken off; without those of nothing. */
  readonly discounts: Discount[];
}

/**
 * What a farm asks. The prices of a deal stand in place of the farm's; discounts for the deal, the length and the whole
 * node are each taken from what those before leave.
 * @param deal of the buyer with this farm, if there is one
 */
export function askingOf(farm: Pick<FarmObject, 'prices' | 'lengths' | 'dedicated_ppm'>, grid: Pick<GridObject, 'prices'>, deal: DealObject | undefined, { term_ms, dedicated, at }: Purchase): Asking {
  const inForce = deal !== undefined && holds(deal, at) ? deal : undefined;
  const discounts = [
    { name: 'deal', ppm: inForce?.discount_ppm ?? 0 },
    { name: 'length', ppm: farm.lengths?.filter(({ at_least_ms }) => term_ms >= at_least_ms).at(-1)?.ppm ?? 0 },
    { name: 'dedicated', ppm: dedicated ? (farm.dedicated_ppm ?? DEDICATED_PPM) : 0 },
  ];
  return { prices: inForce?.prices ?? farm.prices ?? grid.prices, discounts: discounts.filter(({ ppm }) => ppm > 0) };
}

/** `askingOf`, with what a copy says of farm, grid and deal. @param buyer key of a bot; undefined: anybody */
export function askedOf(state: ReadState, farm: FarmObject, buyer: string | undefined, purchase: Purchase): Asking {
  return askingOf(farm, readGrid(state), buyer === undefined ? undefined : dealOf(state, farm.id, buyer), purchase);
}

/**
 * What the farm of an agreement has published as the price of the same. Its offer may say otherwise: then the offer counts.
 * @throws Problem `malformed` where that is above what can exist
 */
export function publishedStroops(state: ReadState, farm: FarmObject, { by, resources, term_ms }: Pick<Agreement, 'by' | 'resources' | 'term_ms'>, purchase: Omit<Purchase, 'term_ms'>): bigint {
  const { prices, discounts } = askedOf(state, farm, by, { ...purchase, term_ms });
  return totalStroops(resources, prices, term_ms, discounts);
}

/** The deal of a bot with a farm, in force or not. */
export function dealOf(state: ReadState, farm: string, buyer: string): DealObject | undefined {
  return read(state, 'deal', `${farm}/${buyer}`);
}

/** Whether a deal is one, at a moment. */
export function holds({ prices, discount_ppm, until }: DealObject, at: number): boolean {
  return (prices !== null || discount_ppm > 0) && (until === null || at < until);
}
