// How many nodes fail which checks: by the catalog of a book's file where there is one, else by looking at every node.
// Both give the same; only the catalog is quick.
import { Store } from '../bcdb/store.js';
import { hasCatalog } from '../bcdb/tables.js';
import { RESOURCE_NAMES } from '../capacity/fit.js';
import { contractsOn, drainOf } from '../rules/node.js';
import { read, type FarmObject, type NodeObject } from '../rules/objects.js';
import type { Resources } from '../schema/types.js';
import { failing, type Check, type Listed } from './checks.js';
import { nodesOf, shownFree, type DirectoryState } from './directory.js';

/** A node with what its price depends on. */
export type Candidate = Pick<Listed, 'key' | 'farm' | 'capacity' | 'free'>;

/** All nodes of a book, by the checks that they fail (`failing`). */
export interface Survey {
  /** How many fail exactly so. */
  readonly groups: ReadonlyMap<number, number>;
  /** Those that fail exactly so; in no order. */
  candidates(mask: number): readonly Candidate[];
}

/**
 * Looks at every node.
 * @param at ms since 1970
 * @param isWhole false: of a node that fails, the first check alone
 */
export function survey(state: DirectoryState, checks: readonly Check[], at: number, isWhole: boolean): Survey {
  // SQLite knows upper and lower case of ASCII alone.
  const isPlain = checks.some(({ params = {} }) => Object.values(params).some((value) => typeof value === 'string' && /[^\x20-\x7e]/.test(value)));
  return state instanceof Store && !isPlain && hasCatalog(state.db) ? quickly(state, checks, at, isWhole) : plainly(state, checks, at);
}

/** The survey without a catalog. */
export function plainly(state: DirectoryState, checks: readonly Check[], at: number): Survey {
  const farms = new Map<string, FarmFacts | undefined>();
  const found = new Map<number, Listed[]>();
  for (const node of nodesOf(state)) {
    if (!farms.has(node.farm)) farms.set(node.farm, factsOf(read(state, 'farm', node.farm)));
    add(found, checks, listedOf(node, farms.get(node.farm), at));
  }
  return surveyOf(found);
}

/** What checks look at of a farm. */
export type FarmFacts = Pick<Listed, 'reachable' | 'architect_ppm'>;

/** What checks look at of a farm; undefined where there is none. */
export function factsOf(farm: FarmObject | undefined): FarmFacts | undefined {
  return farm && { reachable: farm.endpoint !== null, architect_ppm: farm.architect_ppm ?? 0 };
}

/** What checks look at of a node. @param farm the one that it names */
export function listedOf(node: NodeObject, farm: FarmFacts | undefined, at: number): Listed {
  const { location, runtime, platform, features, capacity } = node.announcement;
  const drain = drainOf(node, at);
  return {
    key: node.key, farm: node.farm, admitted: farm !== undefined && node.admitted === node.farm, drained_until: drain === undefined ? null : (drain.until ?? Number.MAX_SAFE_INTEGER),
    reachable: farm?.reachable === true, location, runtime, platform, features, architect_ppm: farm?.architect_ppm ?? 0,
    contracts: contractsOn(node, at), capacity, free: shownFree(node, at),
  };
}

function add(found: Map<number, Listed[]>, checks: readonly Check[], node: Listed): void {
  const mask = failing(checks, node);
  const of = found.get(mask);
  if (of === undefined) found.set(mask, [node]);
  else of.push(node);
}

function surveyOf(found: ReadonlyMap<number, readonly Candidate[]>, groups: ReadonlyMap<number, number> = new Map(), more: (mask: number) => readonly Candidate[] = () => []): Survey {
  const counts = new Map(groups);
  for (const [mask, nodes] of found) counts.set(mask, (counts.get(mask) ?? 0) + nodes.length);
  return { groups: counts, candidates: (mask) => [...more(mask), ...(found.get(mask) ?? [])] };
}

const BY_KEY = "SELECT object.json FROM json_each(?) AS wanted CROSS JOIN object ON object.id = 'node/' || wanted.value ORDER BY wanted.key";

/** The nodes with these keys, in that order; every key is one of the book's. */
export function nodesByKey(state: DirectoryState, keys: readonly string[]): NodeObject[] {
  // One look at the file, past the cache of objects, which is smaller than a large answer.
  if (state instanceof Store) return (state.db.prepare(BY_KEY).pluck().all(JSON.stringify(keys)) as string[]).map((json) => JSON.parse(json) as NodeObject);
  return keys.map((key) => read(state, 'node', key) ?? missing(key));
}

function missing(key: string): never {
  throw new Error(`no node ${key}`);
}

/** How many nodes each farm sells. */
export function nodeCounts(state: DirectoryState): ReadonlyMap<string, number> {
  if (state instanceof Store && hasCatalog(state.db)) {
    const rows = state.db.prepare('SELECT farm, count(*) AS nodes FROM catalog_node WHERE admitted GROUP BY farm').all() as { farm: string; nodes: number }[];
    return new Map(rows.map(({ farm, nodes }) => [farm, nodes]));
  }
  const counts = new Map<string, number>();
  for (const { admitted } of nodesOf(state)) if (admitted !== null) counts.set(admitted, (counts.get(admitted) ?? 0) + 1);
  return counts;
}

/** Marks a node of which a contract is over that the catalog still counts. */
const STALE = 2 ** 31;

/** A row of a candidate. */
type Row = { readonly key: string; readonly farm: string } & Readonly<Record<`${keyof Resources}` | `taken_${keyof Resources}`, number>>;
const ROW = ['key', 'farm', ...RESOURCE_NAMES.flatMap((name) => [name, `taken_${name}`])].join(', ');

/** The survey by the catalog; nodes of which something is over since it was written are looked at themselves. */
function quickly(store: Store, checks: readonly Check[], at: number, isWhole: boolean): Survey {
  const params = Object.assign({ at }, ...checks.map((check) => check.params ?? {})) as Record<string, string | number>;
  const bitOf = (check: Check): number => 1 << checks.indexOf(check);
  const sum = (of: readonly Check[]): string => of.map((check) => `(${check.sql}) * ${bitOf(check)}`).join(' + ') || '0';
  const first = (of: readonly Check[]): string => of.map((check) => `WHEN ${check.sql} THEN ${bitOf(check)}`).join(' ');
  const lastingChecks = checks.filter(({ isTimed }) => isTimed !== true);
  const timedChecks = checks.filter(({ isTimed }) => isTimed === true);
  const [lasting, timed] = [sum(lastingChecks), sum(timedChecks)];
  // The first check that fails is quicker to find than all of them, and counts in JavaScript quicker than groups in SQL.
  const failed = isWhole ? `${lasting} + iif(changes > :at, ${timed}, ${STALE})` : `CASE ${first(lastingChecks)} WHEN changes <= :at THEN ${STALE} ${first(timedChecks)} ELSE 0 END`;
  const groups = new Map<number, number>();
  for (const one of store.db.prepare(`SELECT ${failed} FROM catalog_node`).pluck().all(params) as number[]) groups.set(one, (groups.get(one) ?? 0) + 1);
  const isStale = [...groups.keys()].filter((one) => one >= STALE).map((one) => groups.delete(one)).length > 0;
  return surveyOf(lookedAt(), groups, (wanted) => {
    if (!groups.has(wanted)) return [];
    const rows = store.db.prepare(`SELECT ${ROW} FROM catalog_node WHERE changes > :at AND ${wanted === 0 ? [...checks.map(({ sql }) => `NOT (${sql})`)].join(' AND ') : `${lasting} + ${timed} = :wanted`}`).all(wanted === 0 ? params : { ...params, wanted }) as Row[];
    return rows.map(candidateOf);
  });

  function lookedAt(): Map<number, Listed[]> {
    const found = new Map<number, Listed[]>();
    if (!isStale) return found;
    const sql = `SELECT json, reachable, architect_ppm FROM catalog_node JOIN object ON object.id = 'node/' || key LEFT JOIN catalog_farm ON catalog_farm.id = farm WHERE changes <= :at${isWhole ? '' : ` AND ${lasting} = 0`}`;
    for (const { json, reachable, architect_ppm } of store.db.prepare(sql).iterate(params) as IterableIterator<{ json: string; reachable: number | null; architect_ppm: number }>) {
      add(found, checks, listedOf(JSON.parse(json) as NodeObject, reachable === null ? undefined : { reachable: reachable === 1, architect_ppm }, at));
    }
    return found;
  }
}

function candidateOf(row: Row): Candidate {
  const capacity = {} as Resources;
  const free = {} as Resources;
  for (const name of RESOURCE_NAMES) {
    capacity[name] = row[name];
    free[name] = Math.max(0, row[name] - row[`taken_${name}`]);
  }
  return { key: row.key, farm: row.farm, capacity, free };
}
