// Files of books as wholes: a copy as it is at one moment, made while the writer goes on (SQLite's backup API).
import { closeSync, fsyncSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Problem } from '../base/errors.js';
import { BACKUP_PAGES, FOLD_WAIT_MS } from '../base/limits.js';
import { asProblem } from './sql.js';

/** How a backup goes: pages copied, of so many. */
export type OnPages = (done: number, of: number) => void;

/**
 * Copies the file of a book into a new one, durable on return: a single plain file, without a write-ahead log beside
 * it. What the writer commits meanwhile is not in it and does not make it begin again. Nothing of it is checked.
 * @param to must not exist; becomes 0600, and stays, half written, where this throws
 * @param pages copied between two looks at the signal; test only: fewer
 * @throws Problem `not_found`, `integrity`, `failed`; the signal's reason
 */
export async function backUp(from: string, to: string, signal: AbortSignal, onPages?: OnPages, pages = BACKUP_PAGES): Promise<void> {
  closeSync(openSync(to, 'wx', 0o600));
  try {
    await copyPages(from, to, signal, onPages, pages);
    const made = new Database(to);
    try {
      made.pragma('journal_mode = DELETE');
    } finally {
      made.close();
    }
  } catch (thrown) {
    throw asProblem(thrown, (thrown as { code?: string }).code === 'SQLITE_FULL' ? to : from);
  }
  const file = openSync(to, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

async function copyPages(from: string, to: string, signal: AbortSignal, onPages: OnPages | undefined, pages: number): Promise<void> {
  const source = new Database(from, { readonly: true, fileMustExist: true });
  try {
    // One view of the source throughout: without it each commit of the writer would begin the copy anew.
    source.exec('BEGIN');
    source.prepare('SELECT count(*) FROM sqlite_schema').get();
    await source.backup(to, {
      progress: ({ totalPages, remainingPages }) => {
        if (signal.aborted) throw signal.reason;
        onPages?.(totalPages - remainingPages, totalPages);
        return pages;
      },
    });
  } finally {
    source.close();
  }
}

/** Writes what is in the write-ahead log of a book into the file itself, so that it is whole alone. @throws Problem `busy` while somebody reads */
export function foldLog(path: string): void {
  const db = new Database(path, { timeout: FOLD_WAIT_MS });
  try {
    const [done] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    if (done?.busy !== 0) throw new Problem('busy', `another process reads ${path}`, { hint: 'run the command again when it is done' });
  } finally {
    db.close();
  }
}
