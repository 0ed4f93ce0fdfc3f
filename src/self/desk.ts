// What this bot keeps for itself, looked at without writing anything: drafts, letters, what a farm told, lives of a node.
import { existsSync } from 'node:fs';
import type { Reader } from '../bcdb/reader.js';
import { toldOf, type Told } from '../farmer/told.js';
import type { Home } from '../home.js';
import type { Life } from '../node/life/life.js';
import { itemOf } from '../people/inbox.js';
import { Drafts } from '../people/store.js';
import type { Private } from '../private.js';
import { openToRead } from '../sqlite.js';

/** A workload as its node remembers it. */
export interface KeptLife {
  readonly contract: string;
  readonly workload: string;
  readonly life: Life;
}

/** Reads a private file; `nothing` where it is missing, busy, of an older release, or damaged: others say so. */
function looked<T>(path: string, nothing: T, look: (db: Private['db']) => T): T {
  if (!existsSync(path)) return nothing;
  try {
    const db = openToRead(path);
    try {
      return look(db);
    } finally {
      db.close();
    }
  } catch (thrown) {
    if ((thrown as { name?: string }).name !== 'SqliteError') throw thrown;
    return nothing;
  }
}

/** Drafts on the desk of a bot that wait for its signature. @param bot key, hex */
export function draftsWaiting(home: Home, reader: Reader, grid: string, bot: string, at: number): number {
  return looked(home.database, 0, (db) => new Drafts({ db, [Symbol.dispose]: () => undefined }, grid, bot).list().filter((draft) => itemOf(reader, draft, at).state === 'waiting').length);
}

/** Letters for a bot in the mailboxes that this home keeps; elsewhere nobody is asked. */
export function lettersWaiting(home: Home, grid: string, bot: string, at: number): number {
  return looked(home.mail, 0, (db) => (db.prepare('SELECT count(*) AS count FROM letters WHERE grid = ? AND owner = ? AND letter IS NOT NULL AND until_ms > ?').get(grid, `bot/${bot}`, at) as { count: number }).count);
}

/** What the farm has refused, newest first. */
export function toldBy(home: Home, grid: string, farm: string): Told[] {
  return looked(home.database, [] as Told[], (db) => toldOf(db, grid, farm));
}

/** What the node remembers of its workloads. */
export function livesOf(home: Home, grid: string, node: string): KeptLife[] {
  const rows = looked(home.database, [] as { contract: string; workload: string; life: string }[], (db) => db.prepare('SELECT contract, workload, life FROM node_lives WHERE grid = ? AND node = ?').all(grid, node) as { contract: string; workload: string; life: string }[]);
  return rows.map(({ life, ...of }) => ({ ...of, life: JSON.parse(life) as Life }));
}
