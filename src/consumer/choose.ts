// Which nodes take the parts of an order: the cheapest that stand apart as asked and have room for all of it. Pure.
import { MAX_CHOICE_STEPS } from '../base/limits.js';
import { fits, subtract } from '../capacity/fit.js';
import type { Announcement, Resources } from '../schema/types.js';
import { weighed } from './experience.js';

/** On what no two parts of a group may be. */
export const SPREADS = ['farm', 'node', 'region'] as const;
/** One of SPREADS. */
export type Spread = (typeof SPREADS)[number];

/** Where a part is or may be. */
export interface Place {
  /** Farm id. */
  readonly farm: string;
  /** Node key. */
  readonly node: string;
  readonly location: Announcement['location'];
}

/** A place that can be had. */
export interface Candidate extends Place {
  /** For the whole term of one part. */
  readonly total_stroops: bigint;
  /** What experience adds to that when places are compared, in millionths; nothing if left out. */
  readonly penalty_ppm?: number;
  /** What its node has left. */
  readonly free: Resources;
}

/** Parts that want the same. */
export interface Need<C extends Candidate = Candidate> {
  readonly count: number;
  readonly spread: Spread | null;
  /** Of each part. */
  readonly resources: Resources;
  /** Each part takes its node as a whole. */
  readonly dedicated: boolean;
  /** Of equal price, those first come first. */
  readonly candidates: readonly C[];
  /** Where parts of the same group are already. */
  readonly beside: readonly Place[];
}

/** What was chosen: for each need as many candidates as it counts. */
export interface Choice<C extends Candidate = Candidate> {
  readonly chosen: readonly (readonly C[])[];
  /** False where the search was cut short: there may be something cheaper. */
  readonly exact: boolean;
}

/**
 * The cheapest candidates for all needs together; undefined where none were found.
 *
 * Branch and bound: each need takes its candidates in order of price, and a branch ends that cannot become cheaper than
 * the best one, with every later need counted at the least it could cost alone. Without needs that are in each other's
 * way the first branch is the answer. At most `MAX_CHOICE_STEPS` candidates are tried.
 */
export function choose<C extends Candidate>(needs: readonly Need<C>[]): Choice<C> | undefined {
  const search = new Search(needs);
  search.run();
  return search.best === undefined ? undefined : { chosen: search.best, exact: search.steps <= MAX_CHOICE_STEPS };
}

/** Whether two places are apart. Who says only the country of a node may mean any region of it. */
export function apart(spread: Spread | null, a: Place, b: Place): boolean {
  if (spread === null) return true;
  if (spread !== 'region') return a[spread] !== b[spread];
  const [one, other] = [regionOf(a), regionOf(b)];
  if (one.country !== null && other.country !== null && one.country !== other.country) return true;
  return one.region !== null && other.region !== null && one.region !== other.region;
}

/** What places have in common that are not apart, as a text; those that are not apart may differ in it for `region` alone. */
export function valueOf(spread: Spread | null, place: Place): string {
  if (spread === null) return place.node;
  if (spread !== 'region') return place[spread];
  const { country, region } = regionOf(place);
  return `${country ?? ''}/${region ?? ''}`;
}

function regionOf({ location: { country, region } }: Place): Announcement['location'] {
  return { country: country?.toLowerCase() ?? null, region: region?.toLowerCase() ?? null };
}

/** A need, its candidates in order of price. */
interface Ordered<C extends Candidate> extends Need<C> {
  /** Where it stands in the answer. */
  readonly at: number;
  /** Least that `n` of its parts cost, were there no other needs. */
  readonly least: readonly bigint[];
}

class Search<C extends Candidate> {
  best: C[][] | undefined;
  steps = 0;
  #cost = -1n;
  readonly #needs: readonly Ordered<C>[];
  /** Least cost of all needs from one on. */
  readonly #rest: readonly bigint[];
  readonly #taken: C[][];
  /** What is left of nodes that something was chosen on. */
  readonly #left = new Map<string, Resources | null>();

  constructor(needs: readonly Need<C>[]) {
    // What fits in few places goes first, so that a branch that leads nowhere ends early.
    this.#needs = needs.map((need, at) => ordered(need, at)).sort((a, b) => a.candidates.length / a.count - b.candidates.length / b.count || weight(b) - weight(a) || a.at - b.at);
    this.#taken = needs.map(() => []);
    const rest = [0n];
    for (const { least, count } of [...this.#needs].reverse()) rest.unshift((least[count] ?? 0n) + (rest[0] ?? 0n));
    this.#rest = rest;
  }

  run(): void {
    if (this.#needs.every(({ least, count }) => least[count] !== undefined)) this.#from(0, 0, 0n);
  }

  /** Tries candidates of a need from one on. @param cost of what is taken so far */
  #from(index: number, first: number, cost: bigint): void {
    const need = this.#needs[index];
    if (need === undefined) {
      this.best = this.#taken.map((taken) => [...taken]);
      this.#cost = cost;
      return;
    }
    const taken = this.#taken[need.at] ?? [];
    const missing = need.count - taken.length;
    if (missing === 0) return this.#from(index + 1, 0, cost);
    for (const [i, candidate] of need.candidates.entries()) {
      if (i < first) continue;
      // They come in order of price: none after this one is cheaper.
      if (this.#isDear(cost + costOf(candidate) * BigInt(missing) + (this.#rest[index + 1] ?? 0n))) return;
      if (++this.steps > MAX_CHOICE_STEPS) return;
      if (![...need.beside, ...taken].every((place) => apart(need.spread, place, candidate))) continue;
      const before = this.#left.get(candidate.node);
      const left = leftAfter(need, before === undefined ? candidate.free : before, before !== undefined);
      if (left === undefined) continue;
      this.#left.set(candidate.node, left);
      taken.push(candidate);
      this.#from(index, i, cost + costOf(candidate));
      taken.pop();
      if (before === undefined) this.#left.delete(candidate.node);
      else this.#left.set(candidate.node, before);
    }
  }

  #isDear(cost: bigint): boolean {
    return this.best !== undefined && cost >= this.#cost;
  }
}

/** What a node has left once a part is on it; undefined where it does not fit, null where it has the node to itself. */
function leftAfter({ resources, dedicated }: Need, free: Resources | null, isUsed: boolean): Resources | null | undefined {
  if (free === null || !fits(resources, free)) return undefined;
  if (dedicated) return isUsed ? undefined : null;
  return subtract(free, resources);
}

function ordered<C extends Candidate>(need: Need<C>, at: number): Ordered<C> {
  const candidates = need.candidates
    .filter((candidate) => fits(need.resources, candidate.free) && need.beside.every((place) => apart(need.spread, place, candidate)))
    .sort((a, b) => (costOf(a) < costOf(b) ? -1 : costOf(a) > costOf(b) ? 1 : 0));
  return { ...need, candidates, at, least: leastOf(need, candidates) };
}

/** Least cost of 0, 1, … parts; what differs in no value is never chosen twice. @param candidates in order of price */
function leastOf<C extends Candidate>({ spread, count }: Need<C>, candidates: readonly C[]): bigint[] {
  const least = [0n];
  const seen = new Set<string>();
  for (const candidate of candidates) {
    const value = valueOf(spread, candidate);
    // Without a spread the cheapest of all might take every part.
    for (let more = spread === null ? count : seen.has(value) ? 0 : 1; more > 0; more -= 1) least.push((least.at(-1) ?? 0n) + costOf(candidate));
    seen.add(value);
    if (least.length > count) break;
  }
  return least;
}

/** As a candidate counts: its price, and what experience adds. */
function costOf({ total_stroops, penalty_ppm = 0 }: Candidate): bigint {
  return weighed({ total_stroops, penalty_ppm });
}

function weight({ resources: { cru, mru_mib, sru_mib } }: Need): number {
  return cru + mru_mib / 1_024 + sru_mib / 65_536;
}
