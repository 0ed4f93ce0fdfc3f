// What a search needs of every node and farm, in a few columns beside the objects: written in the transaction that
// writes the object, by the one place that writes objects, so that it cannot say anything else. The book knows no
// kinds; this, like facts.ts, knows what some fields are called.
import type { Database } from 'better-sqlite3';
import type { JsonObject } from '../base/canonical.js';

/** Stands for a time that does not come. */
const NEVER = Number.MAX_SAFE_INTEGER;
const RESOURCES = ['cru', 'mru_mib', 'sru_mib', 'hru_mib', 'ipv4'] as const;

/** The tables, from version 4 of a book's file on. */
export const CATALOG_TABLES = `
  CREATE TABLE catalog_node (                -- follows from the objects node/…
    key           TEXT PRIMARY KEY,
    farm          TEXT NOT NULL,
    admitted      INTEGER NOT NULL,          -- by that farm
    drained_until INTEGER NOT NULL,          -- 0: it takes contracts
    country       TEXT,
    region        TEXT,
    runtime       TEXT NOT NULL,
    platform      TEXT NOT NULL,
    features      TEXT NOT NULL,             -- ,exec,vm,
    ${RESOURCES.map((name) => `${name} INTEGER NOT NULL, taken_${name} INTEGER NOT NULL,`).join(' ')}
    contracts     INTEGER NOT NULL,          -- all of them, with what they take
    changes       INTEGER NOT NULL           -- when the first of them is over: from then on look at the object
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE catalog_farm (                -- follows from the objects farm/…
    id            TEXT PRIMARY KEY,
    reachable     INTEGER NOT NULL,
    architect_ppm INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

const COLUMNS = ['key', 'farm', 'admitted', 'drained_until', 'country', 'region', 'runtime', 'platform', 'features', ...RESOURCES.flatMap((name) => [name, `taken_${name}`]), 'contracts', 'changes'];
const PUT = {
  node: `INSERT OR REPLACE INTO catalog_node (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,
  farm: 'INSERT OR REPLACE INTO catalog_farm (id, reachable, architect_ppm) VALUES (?, ?, ?)',
} as const;

/** The table that an object has a row in, with its row; undefined for most. */
export function catalogRow(id: string, value: JsonObject): { readonly sql: string; readonly row: (string | number | null)[] } | undefined {
  if (id.startsWith('node/')) return { sql: PUT.node, row: nodeRow(value as unknown as Node) };
  if (id.startsWith('farm/')) return { sql: PUT.farm, row: farmRow(value as unknown as Farm) };
  return undefined;
}

/** Fills the tables of a file that had none. */
export function fillCatalog(db: Database): void {
  const objects = db.prepare("SELECT id, json FROM object WHERE id > ? AND id < ? ORDER BY id LIMIT 256");
  for (const [from, to] of [['farm/', 'farm0'], ['node/', 'node0']] as const) {
    for (let after: string | undefined = from; after !== undefined; ) {
      const page = objects.all(after, to) as { id: string; json: string }[];
      for (const { id, json } of page) {
        const { sql, row } = catalogRow(id, JSON.parse(json) as JsonObject) ?? {};
        if (sql !== undefined) db.prepare(sql).run(row);
      }
      after = page.at(-1)?.id;
    }
  }
}

/** What the catalog adds up to. */
export interface CatalogTotals {
  readonly farms: number;
  /** Admitted by their farms. */
  readonly nodes: number;
  /** On those nodes, with those whose time is over and which nothing has touched since. */
  readonly contracts: number;
  /** Of those nodes together. */
  readonly capacity: Amounts;
  readonly taken: Amounts;
}

/** One look at the tables: a few milliseconds for 10,000 nodes. */
export function catalogTotals(db: Database): CatalogTotals {
  const sums = RESOURCES.flatMap((name) => [`total(${name}) AS ${name}`, `total(taken_${name}) AS taken_${name}`]).join(', ');
  const row = db.prepare(`SELECT count(*) AS nodes, total(contracts) AS contracts, ${sums} FROM catalog_node WHERE admitted`).get() as Record<string, number>;
  const amounts = (prefix: string): Amounts => Object.fromEntries(RESOURCES.map((name) => [name, row[`${prefix}${name}`] ?? 0])) as unknown as Amounts;
  return { farms: db.prepare('SELECT count(*) FROM catalog_farm').pluck().get() as number, nodes: row['nodes'] ?? 0, contracts: row['contracts'] ?? 0, capacity: amounts(''), taken: amounts('taken_') };
}

type Amounts = Readonly<Record<(typeof RESOURCES)[number], number>>;
interface Node {
  readonly key: string;
  readonly farm: string;
  readonly admitted: string | null;
  readonly drain?: { readonly until: number | null };
  readonly announcement: { readonly capacity: Amounts; readonly location: { readonly country: string | null; readonly region: string | null }; readonly runtime: string; readonly platform: string; readonly features: readonly string[] };
  readonly allocations: readonly { readonly resources: Amounts; readonly until: number }[];
}
interface Farm {
  readonly id: string;
  readonly endpoint: string | null;
  readonly architect_ppm?: number;
}

function nodeRow({ key, farm, admitted, drain, announcement: { capacity, location, runtime, platform, features }, allocations }: Node): (string | number | null)[] {
  const taken = { cru: 0, mru_mib: 0, sru_mib: 0, hru_mib: 0, ipv4: 0 };
  let changes = NEVER;
  for (const { resources, until } of allocations) {
    for (const name of RESOURCES) taken[name] += resources[name];
    changes = Math.min(changes, until);
  }
  return [
    key, farm, admitted === farm ? 1 : 0, drain === undefined ? 0 : (drain.until ?? NEVER), location.country, location.region, runtime, platform, `,${features.join(',')},`,
    ...RESOURCES.flatMap((name) => [capacity[name], taken[name]]), allocations.length, changes,
  ];
}

function farmRow({ id, endpoint, architect_ppm = 0 }: Farm): (string | number)[] {
  return [id, endpoint === null ? 0 : 1, architect_ppm];
}
