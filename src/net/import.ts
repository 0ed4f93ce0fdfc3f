// `bcdb import FILE`: a book from a backup, every line re-checked, put in place whole or not at all.
//
//   backup ─▶ copy (brought to this release's tables) ─▶ every line through ingest into a new file ─▶ held against what
//   stands here: the head file, the book there is ─▶ named in its place (one rename)
import { constants, copyFileSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.js';
import { effect } from '../base/effect.js';
import { messageOf, Problem } from '../base/errors.js';
import { foldLog } from '../bcdb/backup.js';
import { readHead } from '../bcdb/head.js';
import { openCheckpoint } from '../bcdb/checkpoint.js';
import { pinnedBy, trustOf } from '../bcdb/pinned.js';
import { parseRecord } from '../bcdb/record.js';
import { rebuildBook } from '../bcdb/rebuild.js';
import { asProblem } from '../bcdb/sql.js';
import { Store } from '../bcdb/store.js';
import { makeFolder, putOver, readConfig, updateConfig, type Home } from '../home.js';
import { keystorePath } from '../keys/keystore.js';
import { SignaturePool } from '../keys/pool.js';
import { gridRules } from '../rules/all.js';
import type { Genesis, Line } from '../schema/types.js';
import type { OnProgress } from './follow.js';
import type { GridEntry } from './grid.js';
import { takeHomeAlone } from './lock.js';
import { headPath } from './writer.js';

/** What an import needs. */
export interface ImportOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Hostile. */
  readonly file: string;
  /** Id that the grid must have. */
  readonly genesis?: string | undefined;
  /** Where a grid that is not known here is followed from now on. */
  readonly url?: string | undefined;
  /** What a grid that is not known here is called; its own name if left out. */
  readonly name?: string | undefined;
  /** Lines that the book must have: a person's word, where it is not known what this home has signed. */
  readonly lines?: number | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** A book that was put in place. */
export interface Imported {
  readonly entry: GridEntry;
  readonly size: number;
  /** Lines of the book that was there, 0 where there was none; null where it was damaged: it lies beside, `.damaged`. */
  readonly before: number | null;
}

const WORK = 'import-';

/**
 * Puts the book of a backup in the place of this home folder's own.
 * @throws Problem `integrity` where the backup does not hold, is of another grid than `genesis`, or continues neither
 *   what is here nor what this home has signed; `refused` where there are more lines here; `usage`; `busy` beside a daemon
 */
export async function importGrid(options: ImportOptions): Promise<Imported> {
  const { home, signal } = options;
  using _lock = await takeHomeAlone(home, signal);
  makeFolder(home.grids);
  // What an import that was killed left behind; nobody else works here now.
  for (const name of readdirSync(home.grids)) if (name.startsWith(WORK)) rmSync(join(home.grids, name), { recursive: true, force: true });
  const work = mkdtempSync(join(home.grids, WORK));
  try {
    using source = openCopy(options.file, join(work, 'backup.sqlite'));
    const entry = entryFor(options, source);
    const file = join(work, 'bcdb.sqlite');
    let size: number;
    let before: number | null;
    {
      using target = Store.open(file);
      await rebuild(options, source, target, entry);
      before = compare(home, entry, target);
      checkHome(options, entry, target, before);
      ({ size } = target);
      target.db.pragma('wal_checkpoint(TRUNCATE)');
    }
    putInPlace(file, home.gridDatabase(entry.id), before === null);
    updateConfig(home, (config) => {
      config.grids = [...config.grids.filter((one) => one.id !== entry.id), entry];
      config.grid ??= entry.id;
    });
    return { entry, size, before };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A copy of the backup, which an earlier release may have written: opening brings it to the tables of this one. */
function openCopy(file: string, copy: string): Store {
  try {
    copyFileSync(file, copy, constants.COPYFILE_FICLONE);
  } catch (cause) {
    throw new Problem('usage', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
  try {
    return Store.open(copy);
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.code !== 'integrity') throw thrown;
    throw new Problem('integrity', `${file} holds no book that can be read`, { cause: thrown, hint: '3bot bcdb export writes such a file' });
  }
}

/** The grid as config.json lists it, or will. */
function entryFor({ home, file, genesis, url, name }: ImportOptions, source: Store): GridEntry {
  const { grid } = source;
  if (grid === null) throw new Problem('integrity', `the book in ${file} is empty`);
  if (genesis !== undefined && genesis !== grid) throw new Problem('integrity', `${file} is of grid ${grid}, not of ${genesis}`, { reason: 'other_grid' });
  const { grids } = readConfig(home);
  const known = grids.find(({ id }) => id === grid);
  if (known !== undefined) return known;
  const own = genesisOf(source.line(0), grid);
  const wanted = name ?? own.name;
  const taken = grids.find((one) => one.name === wanted);
  if (taken !== undefined) throw new Problem('usage', `another grid is called ${wanted} here: ${taken.id}`, { reason: 'exists', hint: 'give this one another name with --name' });
  // Whoever holds the log's key is the home.
  if (existsSync(keystorePath(home, 'log', own.nonce))) return { id: grid, name: wanted, url: null };
  if (url === undefined) throw new Problem('usage', `grid ${grid} is not known here: say where its copy shall be followed`, { hint: `3bot bcdb import ${file} --url URL` });
  return { id: grid, name: wanted, url };
}

/** What the backup says of its grid. @throws Problem `integrity` where line 0 is not the genesis record of that id */
function genesisOf(line: Line, grid: string): Genesis {
  pinnedBy(line, grid);
  return parseRecord(line.payload).payload.body as unknown as Genesis;
}

async function rebuild({ file, clock, signal, onProgress }: ImportOptions, source: Store, target: Store, { id, url }: GridEntry): Promise<void> {
  await using pool = new SignaturePool();
  try {
    await rebuildBook({ source, store: target, rules: gridRules, pool, grid: id, clock, withUnsigned: url === null, signal, onProgress });
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.code !== 'integrity') throw thrown;
    // A copy would call it a fork; of a file it is not known who changed it.
    const what = thrown.reason === 'fork' ? 'its lines are not those that the home signed' : thrown.message;
    throw new Problem('integrity', `the book in ${file} does not hold: ${what}`, { cause: thrown, reason: 'backup', hint: 'nothing was changed here; use another backup, or a copy of another bot' });
  }
}

/**
 * Holds the new book against the one that is here, which it must continue.
 * @returns lines of that, 0 where there is none, null where it is damaged
 */
function compare(home: Home, { id, name }: GridEntry, made: Store): number | null {
  const path = home.gridDatabase(id);
  if (!existsSync(path)) return 0;
  try {
    using there = Store.read(path);
    if (there.grid === id) {
      if (there.size > made.size) {
        throw new Problem('refused', `the book of grid ${name} here has ${there.size} lines, the backup only ${made.size}`, { reason: 'longer', hint: `if it is damaged ('3bot bcdb verify'), move ${path} away first` });
      }
      if (made.tree.root(there.size).equals(there.tree.root())) return there.size;
      const note = there.checkpoint()?.note;
      const signed = note === undefined ? undefined : openCheckpoint(note, trustOf(made, id));
      if (signed !== undefined && signed.size <= made.size && !made.tree.root(signed.size).equals(signed.root)) {
        throw new Problem('integrity', `the home of grid ${name} has signed two histories: the backup's and the one here`, { reason: 'fork', hint: 'keep both files: together they prove it' });
      }
    }
  } catch (thrown) {
    const damage = asProblem(thrown, path);
    if (!(damage instanceof Problem) || damage.reason === 'longer' || damage.reason === 'fork') throw thrown;
  }
  return null;
}

/** A home must not go on from fewer lines than it has signed: it would sign a second history. */
function checkHome({ home, lines }: ImportOptions, { id, name, url }: GridEntry, made: Store, before: number | null): void {
  if (lines !== undefined && lines !== made.size) throw new Problem('refused', `the book has ${made.size} lines, not ${lines}`, { reason: 'lines' });
  if (url !== null) return;
  const signed = readHead(headPath(home, id));
  if (signed === undefined) {
    if (lines !== undefined || (before !== null && before > 0)) return;
    throw new Problem('refused', `what this home has signed of grid ${name} is not known: ${headPath(home, id)} is missing. Should any copy have more than ${made.size} lines, going on here would fork the book`, {
      reason: 'unknown_head',
      hint: `look at the copies ('3bot grid show'); if none has more: --lines ${made.size}`,
    });
  }
  if (signed.grid === id && made.size < signed.size) {
    throw new Problem('refused', `this home has signed ${signed.size} lines of grid ${name}, the backup has ${made.size}`, { reason: 'rewound', hint: "a copy has the others: '3bot bcdb export FILE' there, import that here" });
  }
  if (signed.grid !== id || made.tree.root(signed.size).toString('hex') !== signed.root) {
    throw new Problem('integrity', `the backup does not contain the ${signed.size} lines of grid ${name} that this home has signed`, { reason: 'fork' });
  }
}

/** One rename, before which nothing may be left that belongs to the old file and would be taken for the new one's. */
function putInPlace(file: string, path: string, isDamaged: boolean): void {
  makeFolder(dirname(path));
  if (isDamaged) {
    for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.damaged${suffix}`);
    // Made from what could not be read; it is made again when it is asked for.
    for (const name of readdirSync(dirname(path))) if (name.startsWith('index.sqlite')) rmSync(join(dirname(path), name), { force: true });
  } else if (existsSync(path)) {
    foldLog(path);
  }
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
  effect('book_placed', () => putOver(file, path));
}
