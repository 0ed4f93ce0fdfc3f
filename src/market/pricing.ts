// What nodes cost that fit, and which is cheaper.
import { isProblem } from '../base/errors.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { perHourStroops } from '../capacity/price.js';
import { read, type FarmObject } from '../rules/objects.js';
import type { Resources } from '../schema/types.js';
import { askedOf, type Asking } from './asking.js';
import type { Search } from './directory.js';
import type { Candidate } from './survey.js';

/** A candidate with its price. */
export interface Priced extends Omit<Candidate, 'farm'>, Asking {
  readonly farm: FarmObject;
  /** Of the resources, or of the whole node, for an hour, less discounts, rounded up. */
  readonly per_hour_stroops: bigint;
}

/** Prices candidates; what a farm asks is looked up once. */
export interface Pricing {
  /** Each with its price; those that nobody can pay are counted only. @param resources others than the search asks for */
  all(candidates: readonly Candidate[], resources?: Resources): { readonly priced: Priced[]; readonly unpayable: number };
}

/** The prices of one search. */
export function pricing(state: ReadState, { resources: asked, buyer, at }: Pick<Search, 'resources' | 'buyer' | 'at'>): Pricing {
  const dedicated = buyer?.dedicated ?? false;
  const farms = new Map<string, Asking & { readonly farm: FarmObject }>();
  const askingOf = (id: string): Asking & { readonly farm: FarmObject } => {
    const known = farms.get(id);
    if (known !== undefined) return known;
    const farm = read(state, 'farm', id);
    if (farm === undefined) throw new Error(`no farm ${id}`);
    const asking = { farm, ...askedOf(state, farm, buyer?.key, { term_ms: buyer?.term_ms ?? 0, dedicated, at }) };
    farms.set(id, asking);
    return asking;
  };
  return {
    all(candidates, resources = asked) {
      const hourly = new Map<string, bigint | undefined>();
      const priced: Priced[] = [];
      for (const { farm, ...one } of candidates) {
        const asking = askingOf(farm);
        // Without the node in it, a price is the farm's.
        if (dedicated || !hourly.has(farm)) hourly.set(farm, priceOf(dedicated ? one.capacity : resources, asking));
        const per_hour_stroops = hourly.get(farm);
        if (per_hour_stroops !== undefined) priced.push({ ...one, ...asking, per_hour_stroops });
      }
      return { priced, unpayable: candidates.length - priced.length };
    },
  };
}

/** A farm may ask any price; one that cannot be paid must not break everybody's search. */
function priceOf(resources: Resources, { prices, discounts }: Asking): bigint | undefined {
  try {
    return perHourStroops(resources, prices, discounts);
  } catch (thrown) {
    if (isProblem(thrown, 'malformed')) return undefined;
    throw thrown;
  }
}

/** Cheapest first; of equal price in an order that is the same on every copy. */
export function cheaper(a: Priced, b: Priced): number {
  if (a.per_hour_stroops !== b.per_hour_stroops) return a.per_hour_stroops < b.per_hour_stroops ? -1 : 1;
  const steps = [[a.prices.cu_stroops, b.prices.cu_stroops], [a.prices.su_stroops, b.prices.su_stroops]] as const;
  for (const [x, y] of steps) if (x !== y) return BigInt(x) < BigInt(y) ? -1 : 1;
  return a.farm.id < b.farm.id ? -1 : a.farm.id > b.farm.id ? 1 : a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
