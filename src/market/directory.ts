// Who sells what, and why not: answered from the own copy, nobody is asked.
import { isProblem } from '../base/errors.js';
import { MAX_ALLOCATIONS, MAX_ROWS } from '../base/limits.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { shortages, type ResourceName } from '../capacity/fit.js';
import { perHourStroops } from '../capacity/price.js';
import { contractsOn, drainOf, freeCapacity } from '../rules/node.js';
import { read, readGrid, type FarmObject, type NodeObject } from '../rules/objects.js';
import type { Announcement, Discount, Prices, Resources } from '../schema/types.js';
import { askedOf, type Purchase } from './asking.js';

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

/** Why a node is no match, in the order in which it is asked; the first that applies counts. With words for people. */
export const EXCLUSIONS = {
  farm: 'of another farm',
  node: 'another node',
  not_admitted: 'not admitted by its farm',
  drained: 'draining',
  no_endpoint: 'whose farm cannot be reached',
  location: 'somewhere else',
  runtime: 'with another runtime',
  platform: 'of a platform that the image is not for',
  features: 'without a feature that is needed',
  architects: 'whose farm leaves less to architects',
  full: 'with as many contracts as a node can have',
  shared: 'that somebody has a part of already',
  cpu: 'with too few cores left',
  memory: 'with too little memory left',
  ssd: 'with too little SSD left',
  hdd: 'with too little HDD left',
  ipv4: 'with too few IPv4 addresses left',
  price: 'at a price above what can exist',
} as const;
/** A reason of EXCLUSIONS. */
export type Exclusion = keyof typeof EXCLUSIONS;

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

/** What was found: matches by price, and why the others are none. `considered` = matches + sum of the counts. */
export interface Found {
  readonly matches: Match[];
  readonly considered: number;
  /** In the order of EXCLUSIONS; no zeros. */
  readonly excluded: { readonly reason: Exclusion; readonly count: number }[];
}

const SHORT_OF: Readonly<Record<ResourceName, Exclusion>> = { cru: 'cpu', mru_mib: 'memory', sru_mib: 'ssd', hru_mib: 'hdd', ipv4: 'ipv4' };

/**
 * Finds the nodes that fit, cheapest first; of equal price in an order that is the same on every copy.
 * Farms may still refuse: only they know their policy, and only the book's rule is the truth about capacity.
 */
export function search(state: DirectoryState, wanted: Search): Found {
  const matches: Match[] = [];
  const counts = new Map<Exclusion, number>();
  let considered = 0;
  for (const node of nodesOf(state)) {
    considered += 1;
    const result = consider(state, node, wanted);
    if (typeof result === 'string') counts.set(result, (counts.get(result) ?? 0) + 1);
    else matches.push(result);
  }
  const excluded = (Object.keys(EXCLUSIONS) as Exclusion[]).flatMap((reason) => {
    const count = counts.get(reason);
    return count === undefined ? [] : [{ reason, count }];
  });
  return { matches: matches.sort(cheaper), considered, excluded };
}

/** What was left out, for people: `of 12 nodes left out: 3 not admitted by its farm, 2 with too few cores left`. */
export function exclusionText({ considered, excluded }: Pick<Found, 'considered' | 'excluded'>): string {
  const counts = excluded.map(({ reason, count }) => `${count} ${EXCLUSIONS[reason]}`).join(', ');
  return `of ${considered} node${considered === 1 ? '' : 's'} left out: ${counts === '' ? 'none' : counts}`;
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

function consider(state: DirectoryState, node: NodeObject, wanted: Search): Match | Exclusion {
  if (wanted.farm !== undefined && node.farm !== wanted.farm) return 'farm';
  if (wanted.node !== undefined && node.key !== wanted.node) return 'node';
  const farm = node.admitted === node.farm ? read(state, 'farm', node.farm) : undefined;
  if (farm === undefined) return 'not_admitted';
  if (drainOf(node, wanted.at) !== undefined) return 'drained';
  const { endpoint } = farm;
  if (endpoint === null) return 'no_endpoint';
  if (!isAt(node.announcement.location, wanted.location)) return 'location';
  if (wanted.runtime !== undefined && node.announcement.runtime !== wanted.runtime) return 'runtime';
  if (wanted.platforms?.includes(node.announcement.platform) === false) return 'platform';
  if (wanted.features?.some((feature) => !node.announcement.features.includes(feature)) === true) return 'features';
  if ((wanted.fees_ppm ?? 0) > (farm.architect_ppm ?? 0)) return 'architects';
  if (contractsOn(node, wanted.at) >= MAX_ALLOCATIONS) return 'full';
  const { buyer, at } = wanted;
  const dedicated = buyer?.dedicated ?? false;
  if (dedicated && contractsOn(node, at) > 0) return 'shared';
  const free = shownFree(node, at);
  const [short] = shortages(wanted.resources, free);
  if (short !== undefined) return SHORT_OF[short.resource];
  const { prices, discounts } = askedOf(state, farm, buyer?.key, { term_ms: buyer?.term_ms ?? 0, dedicated, at });
  const perHour = priceOf(dedicated ? node.announcement.capacity : wanted.resources, prices, discounts);
  if (perHour === undefined) return 'price';
  return {
    farm: farm.id, farm_name: farm.name, place: farm.place, endpoint, farm_key: farm.farm_key, sealing_key: farm.sealing_key, payout: farm.payout,
    node: node.key, announcement: node.announcement, free, prices, discounts, per_hour_stroops: perHour,
  };
}

/** Whether something stands in a country or region, or no place is asked for. */
export function isAt({ country, region }: Announcement['location'], wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  const text = wanted.toLowerCase();
  return country?.toLowerCase() === text || region?.toLowerCase() === text;
}

/** A farm may ask any price; one that cannot be paid must not break everybody's search. */
function priceOf(resources: Resources, prices: Prices, discounts: readonly Discount[]): bigint | undefined {
  try {
    return perHourStroops(resources, prices, discounts);
  } catch (thrown) {
    if (isProblem(thrown, 'malformed')) return undefined;
    throw thrown;
  }
}

function cheaper(a: Match, b: Match): number {
  const steps = [
    [a.per_hour_stroops, b.per_hour_stroops],
    [BigInt(a.prices.cu_stroops), BigInt(b.prices.cu_stroops)],
    [BigInt(a.prices.su_stroops), BigInt(b.prices.su_stroops)],
    [a.farm, b.farm],
    [a.node, b.node],
  ] as const;
  for (const [x, y] of steps) if (x !== y) return x < y ? -1 : 1;
  return 0;
}
