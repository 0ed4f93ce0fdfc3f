// Who sells what, and why not: answered from the own copy, nobody is asked.
import { MAX_ROWS } from '../base/limits.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { Store } from '../bcdb/store.js';
import { freeCapacity } from '../rules/node.js';
import { readGrid, type FarmObject, type NodeObject } from '../rules/objects.js';
import type { Announcement, Discount, Prices, Resources } from '../schema/types.js';
import type { Purchase } from './asking.js';
import { checksOf, EXCLUSIONS, type Exclusion } from './checks.js';
import { nearestTo, type Nearest } from './nearest.js';
import { cheaper, pricing, type Priced } from './pricing.js';
import { nodesByKey, survey } from './survey.js';

/** What the directory reads of a book; a Store is one. */
export interface DirectoryState extends ReadState {
  objects(prefix: string, limit: number, after?: string): { id: string; value: object }[];
}

/** What is looked for; a filter that is left out removes nothing. */
export interface Search {
  /** All zero: every node, whatever it has left. */
  readonly resources: Resources;
  /** Farm id. */
  readonly farm?: string | undefined;
  /** Node key. */
  readonly node?: string | undefined;
  readonly runtime?: Announcement['runtime'] | undefined;
  /** What a node must announce; `featuresFor` says what workloads need. */
  readonly features?: readonly string[];
  /** One of these (`linux/amd64`). */
  readonly platforms?: readonly string[] | undefined;
  /** Two-letter country or name of a region, in any case. */
  readonly location?: string | undefined;
  /** What the farm is to leave to architects, in millionths. */
  readonly fees_ppm?: number | undefined;
  /** ms since 1970; capacity is what is left then. */
  readonly at: number;
  /** Whose prices count (key of a bot; undefined: anybody's), for how long, and whether only nodes do that nobody has anything of; left out: an hour, for anybody. */
  readonly buyer?: Omit<Purchase, 'at'> & { readonly key: string | undefined };
}

/** A node that fits. */
export interface Match {
  /** Farm id. */
  readonly farm: string;
  readonly farm_name: string;
  readonly place: string;
  /** Where the farm's bot answers. */
  readonly endpoint: string;
  readonly farm_key: string;
  readonly sealing_key: string;
  /** Account the farm is paid on. */
  readonly payout: string;
  /** Node key. */
  readonly node: string;
  readonly announcement: Announcement;
  /** What is left; never below 0. */
  readonly free: Resources;
  /** What the farm asks; the grid's list prices where it set none. */
  readonly prices: Prices;
  /** What comes off them. */
  readonly discounts: readonly Discount[];
  /** Price of `resources`, or of the whole node, for an hour, less discounts, rounded up. */
  readonly per_hour_stroops: bigint;
}

/** Nodes that are no match, for one reason. */
export interface Excluded {
  readonly reason: Exclusion;
  readonly count: number;
  /** The feature that is missing, where that is the reason. */
  readonly feature?: string;
}

/** A part of a list: what comes after the first `skip`, and how many. */
export interface Part {
  readonly skip?: number;
  readonly limit?: number;
}

/** What was found: matches by price, and why the others are none. `considered` = `fitting` + sum of the counts. */
export interface Found {
  /** Those that fit, cheapest first, or the part of them that was asked for. */
  readonly matches: Match[];
  /** All that fit. */
  readonly fitting: number;
  readonly considered: number;
  /** In the order of EXCLUSIONS; no zeros. */
  readonly excluded: readonly Excluded[];
  /** Where nothing fits: what would do instead. */
  readonly nearest: readonly Nearest[];
}

/**
 * Finds the nodes that fit, cheapest first; of equal price in an order that is the same on every copy.
 * Farms may still refuse: only they know their policy, and only the book's rule is the truth about capacity.
 * @param part which of them are given: all, unless it says otherwise
 */
export function search(state: DirectoryState, wanted: Search, part: Part = {}): Found {
  // A catalog and the objects beside it as of one moment.
  if (state instanceof Store) return state.look(() => searchNow(state, wanted, part));
  return searchNow(state, wanted, part);
}

function searchNow(state: DirectoryState, wanted: Search, { skip = 0, limit = Infinity }: Part): Found {
  const checks = checksOf(wanted);
  const { groups, candidates } = survey(state, checks, wanted.at, false);
  const { priced, unpayable } = pricing(state, wanted).all(candidates(0));
  const counts = new Map<number, number>();
  let considered = 0;
  for (const [failed, nodes] of groups) {
    considered += nodes;
    if (failed > 0) counts.set(firstOf(failed), (counts.get(firstOf(failed)) ?? 0) + nodes);
  }
  const excluded: Excluded[] = checks.flatMap(({ reason, feature }, n) => {
    const count = counts.get(n);
    return count === undefined ? [] : [{ reason, count, ...(feature === undefined ? {} : { feature }) }];
  });
  if (unpayable > 0) excluded.push({ reason: 'price', count: unpayable });
  return {
    matches: matchesOf(state, priced.sort(cheaper).slice(skip, skip + limit)),
    fitting: priced.length, considered, excluded,
    nearest: priced.length > 0 || considered === 0 ? [] : nearestTo(state, wanted),
  };
}

/** The number of the first check that failed. */
function firstOf(failed: number): number {
  return 31 - Math.clz32(failed & -failed);
}

/** What was left out, for people: `of 12 nodes left out: 3 not admitted by its farm, 2 with too few cores left`. */
export function exclusionText({ considered, excluded }: Pick<Found, 'considered' | 'excluded'>): string {
  return `of ${considered} node${considered === 1 ? '' : 's'} left out: ${excludedText(excluded) || 'none'}`;
}

/** Reasons with their counts, for people. */
export function excludedText(excluded: readonly { readonly reason: string; readonly count: number; readonly feature?: string }[]): string {
  return excluded.map((one) => `${one.count} ${reasonText(one)}`).join(', ');
}

/** A reason in words. */
export function reasonText({ reason, feature }: { readonly reason: string; readonly feature?: string }): string {
  return feature !== undefined ? `without the feature ${feature}` : reason in EXCLUSIONS ? EXCLUSIONS[reason as Exclusion] : 'not asked';
}

/** Every node of the book, in order of key. */
export function nodesOf(state: DirectoryState): IterableIterator<NodeObject> {
  return all(state, 'node/') as IterableIterator<NodeObject>;
}

/** Every farm of the book, in order of id. */
export function farmsOf(state: DirectoryState): IterableIterator<FarmObject> {
  return all(state, 'farm/') as IterableIterator<FarmObject>;
}

function* all(state: DirectoryState, prefix: string): IterableIterator<object> {
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page = state.objects(prefix, MAX_ROWS, after);
    for (const { value } of page) yield value;
    after = page.length < MAX_ROWS ? undefined : page.at(-1)?.id;
  }
}

/** What a node has left for people to see; `freeCapacity`, but never below 0. */
export function shownFree(node: NodeObject, at: number): Resources {
  const free = freeCapacity(node, at);
  return { cru: Math.max(0, free.cru), mru_mib: Math.max(0, free.mru_mib), sru_mib: Math.max(0, free.sru_mib), hru_mib: Math.max(0, free.hru_mib), ipv4: Math.max(0, free.ipv4) };
}

/** What a farm asks: its own prices, else the grid's list. */
export function pricesOf(state: ReadState, farm: FarmObject): Prices {
  return farm.prices ?? readGrid(state).prices;
}

function matchesOf(state: DirectoryState, priced: readonly Priced[]): Match[] {
  const nodes = nodesByKey(state, priced.map(({ key }) => key));
  return priced.map(({ farm: { id, name, place, endpoint, farm_key, sealing_key, payout }, key, free, prices, discounts, per_hour_stroops }, i) => {
    const { announcement } = nodes[i] as NodeObject;
    return { farm: id, farm_name: name, place, endpoint: endpoint ?? '', farm_key, sealing_key, payout, node: key, announcement, free, prices, discounts, per_hour_stroops };
  });
}
