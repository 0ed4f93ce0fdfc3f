// `bcdb export FILE`: a backup of a grid's book, verified before it gets its name.
import { existsSync, rmSync, statSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { messageOf, Problem } from '../base/errors.js';
import { backUp } from '../bcdb/backup.js';
import { Store } from '../bcdb/store.js';
import { verifyBook } from '../bcdb/verify.js';
import { putNew, readConfig, type Home } from '../home.js';
import { gridRules } from '../rules/all.js';
import { chosenGrid } from './grid.js';

/** What an export needs. */
export interface ExportOptions {
  readonly home: Home;
  readonly signal: AbortSignal;
  /** Name or id; the grid in use if left out. */
  readonly grid?: string | undefined;
  /** Path of the new file. */
  readonly file: string;
  /** What is under way, and how far. */
  readonly onProgress?: ((what: 'pages copied' | 'lines re-checked', done: number, of: number) => void) | undefined;
}

/** A backup that holds. */
export interface Exported {
  readonly grid: string;
  readonly name: string;
  readonly file: string;
  readonly size: number;
  /** Lines below the checkpoint in it; more than that the home had yet to sign. */
  readonly signed: number;
  /** Tree root, hex. */
  readonly root: string;
  readonly bytes: number;
}

/**
 * Writes the book into a new file while it is in use, re-checks every line of that file, then gives it its name.
 * @throws Problem `not_found`; `usage` where the file is there or cannot be written; `integrity` where the book does not hold
 */
export async function exportGrid({ home, signal, grid, file, onProgress }: ExportOptions): Promise<Exported> {
  const entry = chosenGrid(readConfig(home), grid);
  if (entry === undefined) throw new Problem('not_found', `no grid in ${home.path} yet`, { reason: 'grid', hint: '3bot grid join URL' });
  const path = resolve(file);
  // Looked at before the work, too: a name that is taken must not be told after minutes.
  if (existsSync(path)) throw isThere(path);
  const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    await made(path, () => backUp(home.gridDatabase(entry.id), beside, signal, (done, of) => onProgress?.('pages copied', done, of)));
    using store = Store.read(beside);
    const { size, signed, root } = await verifyBook({ store, rules: gridRules, grid: entry.id, signal, onProgress: (step, done, of) => (step === 'lines' ? onProgress?.('lines re-checked', done, of) : undefined) });
    await made(path, () => putNew(beside, path));
    return { grid: entry.id, name: entry.name, file: path, size, signed, root: root.toString('hex'), bytes: statSync(path).size };
  } finally {
    for (const end of ['', '-journal']) rmSync(`${beside}${end}`, { force: true });
  }
}

/** @throws Problem `usage` for what the system says of the path that a person gave */
async function made(path: string, make: () => unknown): Promise<void> {
  try {
    await make();
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw isThere(path, cause);
    if (syscall !== undefined) throw new Problem('usage', `cannot write ${path}: ${messageOf(cause)}`, { cause });
    throw cause;
  }
}

function isThere(path: string, cause?: unknown): Problem {
  return new Problem('usage', `${path} is there already`, { cause, hint: 'name another file' });
}
