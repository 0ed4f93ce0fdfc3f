// Where nodes stand, summed up: by the catalog of a book's file where there is one, else by looking at every node.
import { Store } from '../bcdb/store.js';
import { hasCatalog } from '../bcdb/tables.js';
import { MAX_ROWS } from '../base/limits.js';
import { add, NOTHING, RESOURCE_NAMES } from '../capacity/fit.js';
import type { NodeObject } from '../rules/objects.js';
import type { MarketPlaces, Resources } from '../schema/types.js';
import { farmsOf, nodesOf, shownFree, type DirectoryState } from './directory.js';

/** Nodes of one country and region, with what they have in all. */
export type Place = MarketPlaces['places'][number];

/** All places of a book, most nodes first, and how many farms it has. */
export type Places = Pick<MarketPlaces, 'places' | 'complete' | 'farms'>;

/**
 * The places of all nodes that their farm admits, at most MAX_ROWS: the last one sums up what is beyond.
 * @param at ms since 1970; free is what is left then
 */
export function placesOf(state: DirectoryState, at: number): Places {
  const { places, farms } = state instanceof Store && hasCatalog(state.db) ? quickly(state, at) : plainly(state, at);
  const sorted = [...places.values()].sort((a, b) => b.nodes - a.nodes || order(a.country, b.country) || order(a.region, b.region));
  if (sorted.length <= MAX_ROWS) return { places: sorted, complete: true, farms };
  const rest = sorted.slice(MAX_ROWS - 1).reduce(sum, { country: null, region: null, nodes: 0, capacity: NOTHING, free: NOTHING });
  return { places: [...sorted.slice(0, MAX_ROWS - 1), rest], complete: false, farms };
}

type Found = { readonly places: ReadonlyMap<string, Place>; readonly farms: number };

/** Without a catalog. */
export function plainly(state: DirectoryState, at: number): Found {
  const places = new Map<string, Place>();
  for (const node of nodesOf(state)) if (node.admitted === node.farm) put(places, placeOf(node, at));
  return { places, farms: [...farmsOf(state)].length };
}

const SUMS = RESOURCE_NAMES.flatMap((name) => [`sum(${name}) AS ${name}`, `sum(max(0, ${name} - taken_${name})) AS free_${name}`]).join(', ');
const GROUPS = `SELECT country, region, count(*) AS nodes, ${SUMS} FROM catalog_node WHERE admitted = 1 AND changes > ? GROUP BY country, region`;
// Something is over there since the catalog was written.
const STALE = "SELECT json FROM catalog_node JOIN object ON object.id = 'node/' || key WHERE admitted = 1 AND changes <= ?";

type Row = Pick<Place, 'country' | 'region' | 'nodes'> & Readonly<Record<keyof Resources | `free_${keyof Resources}`, number>>;

function quickly({ db }: Store, at: number): Found {
  const places = new Map<string, Place>();
  for (const row of db.prepare(GROUPS).all(at) as Row[]) {
    const of = (prefix: '' | 'free_'): Resources => Object.fromEntries(RESOURCE_NAMES.map((name) => [name, row[`${prefix}${name}`]])) as unknown as Resources;
    put(places, { country: row.country, region: row.region, nodes: row.nodes, capacity: of(''), free: of('free_') });
  }
  for (const { json } of db.prepare(STALE).iterate(at) as IterableIterator<{ json: string }>) put(places, placeOf(JSON.parse(json) as NodeObject, at));
  return { places, farms: db.prepare('SELECT count(*) FROM catalog_farm').pluck().get() as number };
}

function placeOf(node: NodeObject, at: number): Place {
  const { location: { country, region }, capacity } = node.announcement;
  return { country, region, nodes: 1, capacity, free: shownFree(node, at) };
}

function put(places: Map<string, Place>, place: Place): void {
  const name = JSON.stringify([place.country, place.region]);
  const before = places.get(name);
  places.set(name, before === undefined ? place : sum(before, place));
}

function sum(a: Place, b: Place): Place {
  return { ...a, nodes: a.nodes + b.nodes, capacity: add(a.capacity, b.capacity), free: add(a.free, b.free) };
}

/** What is not said comes last. */
function order(a: string | null, b: string | null): number {
  return a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1;
}
