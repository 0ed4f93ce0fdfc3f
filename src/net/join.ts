// Joining a grid: pin its genesis, fetch every line, re-check every line.
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../base/clock.js';
import { isProblem, Problem } from '../base/errors.js';
import { pinnedBy, trustOf } from '../bcdb/pinned.js';
import { readConfig, updateConfig, type Home } from '../home.js';
import { SignaturePool } from '../keys/pool.js';
import { gridRules } from '../rules/all.js';
import type { Genesis, GridList, Line, Payload } from '../schema/types.js';
import { Client } from './client.js';
import { evidenceFolder } from './evidence.js';
import { Follower, type OnProgress } from './follow.js';
import type { GridEntry } from './grid.js';
import { takeHomeAlone } from './lock.js';
import { Mirror } from './mirror.js';
import { openStore } from './writer.js';

/** Pages of the book that stay in memory, in KiB: it is written from one end to the other. */
const CACHE_KIB = 16_384;

/** What joining needs. */
export interface JoinOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** `http(s)://host:port` of any bot that serves the grid, or the prefix of a mirror, which is a folder on any web server. */
  readonly url: string;
  /** Genesis hash, as the grid's owner published it; without it the first answer is believed. */
  readonly genesis?: string | undefined;
  /** What the grid is called here; its own name if left out. */
  readonly name?: string | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** A grid that was joined. */
export interface Joined {
  readonly entry: GridEntry;
  readonly size: number;
  /** Lines that were fetched and re-checked now. */
  readonly checked: number;
}

/**
 * Fetches a copy of a grid and notes where to follow it. Joining a grid that is here already fetches what is new and
 * changes its address; an interrupted join goes on where it was. The first grid becomes the one in use.
 * @throws Problem `unreachable`; `integrity` where another grid is served than the one pinned, or a line does not hold
 */
export async function joinGrid({ home, clock, signal, url, genesis, name, onProgress }: JoinOptions): Promise<Joined> {
  using _lock = await takeHomeAlone(home, signal);
  await using bot = new Client({ url });
  await using mirror = new Mirror(url);
  const isMirror = /^https?:\/\/[^/]+\/./.test(url) || !(await isBot(bot, mirror, signal));
  const client = isMirror ? mirror : bot;
  const { id, line } = isMirror ? await mirroredGrid(mirror, genesis, signal) : await botsGrid(bot, genesis, url, signal);
  const entry = entryFor(home, { id, url, ...(isMirror ? { mirror: true } : {}), name: name ?? ((JSON.parse(line.payload) as Payload).body as unknown as Genesis).name });
  // Asked of the disk, not of config.json: a book that was here before is not ours to remove, listed or not.
  const isNew = !existsSync(home.gridDatabase(id));
  try {
    using store = openStore(home, id);
    store.db.pragma(`cache_size = -${CACHE_KIB}`);
    await using pool = new SignaturePool();
    const before = store.size;
    const mine = isHomeOf(home, id) ? trustOf(store).log_key : undefined;
    await new Follower({ store, rules: gridRules, client, grid: id, pool, clock, evidence: evidenceFolder(home, id) }).catchUp({ signal, onProgress });
    // A home follows nobody, unless governance has given the grid to another.
    if (mine !== undefined && trustOf(store).log_key === mine) throw new Problem('usage', `this home folder is the home of grid ${entry.name} itself`, { reason: 'home' });
    updateConfig(home, (config) => {
      config.grids = [...config.grids.filter((one) => one.id !== id), entry];
      config.grid ??= id;
    });
    return { entry, size: store.size, checked: store.size - before };
  } catch (thrown) {
    if (isNew && isProblem(thrown, 'integrity')) removeBook(home, id);
    throw thrown;
  }
}

/** Whether a 3bot answers at an address; files that lie there instead are a mirror's. @throws Problem `unreachable` where it is neither */
async function isBot(bot: Client, mirror: Mirror, signal: AbortSignal): Promise<boolean> {
  try {
    await bot.grids(signal);
    return true;
  } catch (thrown) {
    if (!isProblem(thrown, 'unreachable')) throw thrown;
    if (await mirror.isThere(signal)) return false;
    throw thrown;
  }
}

async function botsGrid(bot: Client, genesis: string | undefined, url: string, signal: AbortSignal): Promise<{ id: string; line: Line }> {
  const id = servedGrid(await bot.grids(signal), genesis, url);
  const line = await bot.genesis(id, signal);
  pinnedBy(line, id);
  return { id, line };
}

async function mirroredGrid(mirror: Mirror, genesis: string | undefined, signal: AbortSignal): Promise<{ id: string; line: Line }> {
  const line = await mirror.genesis(signal);
  return { id: pinnedBy(line, genesis).grid, line };
}

/** The grid to join among those that are served. */
export function servedGrid(served: GridList['grids'], genesis: string | undefined, url: string): string {
  if (genesis !== undefined) {
    if (served.some(({ id }) => id === genesis)) return genesis;
    throw new Problem('integrity', `${url} serves ${served.map(({ id, name }) => `${name} (${id})`).join(', ') || 'no grid'}, not grid ${genesis}`, { reason: 'other_grid', hint: "compare the genesis hash with the one the grid's owner published" });
  }
  const [first, ...more] = served;
  if (first === undefined) throw new Problem('not_found', `${url} serves no grid`, { reason: 'grid' });
  if (more.length > 0) throw new Problem('usage', `${url} serves several grids: ${served.map(({ id, name }) => `${name} (${id})`).join(', ')}`, { hint: `3bot grid join ${url} --genesis HASH` });
  return first.id;
}

/** What does not hold is no beginning of anything; only evidence stays. */
function removeBook(home: Home, grid: string): void {
  const folder = dirname(home.gridDatabase(grid));
  for (const name of readdirSync(folder)) if (name !== basename(evidenceFolder(home, grid))) rmSync(join(folder, name), { recursive: true, force: true });
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}

function isHomeOf(home: Home, grid: string): boolean {
  return readConfig(home).grids.some(({ id, url }) => id === grid && url === null);
}

/** @throws Problem `usage` where the name is another grid's here */
export function entryFor(home: Home, wanted: GridEntry): GridEntry {
  for (const { id, name } of readConfig(home).grids) {
    if (id !== wanted.id && name === wanted.name) {
      throw new Problem('usage', `another grid is called ${name} here: ${id}`, { reason: 'exists', hint: `give this one another name with --name; its genesis hash is ${wanted.id}` });
    }
  }
  return wanted;
}
