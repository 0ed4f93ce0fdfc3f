// The tables of an index file: derived from the book beside it, made again whenever they do not fit it.
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { effect } from '../../base/effect.js';
import { Problem } from '../../base/errors.js';
import { INDEX_LOCK_WAIT_MS } from '../../base/limits.js';
import { lockFile } from '../../home.js';

/** The file's mark (`PRAGMA application_id`): "3bix" in ASCII. */
const APPLICATION_ID = 0x33626978;
/** Raised with every change of the tables or of what stands in them: an older file is made again. */
const FORMAT = 3;

/** Numbers of what a `term` is a value of. */
export const TERM = { chain: 1, kind: 2, signer: 3, tag: 4, family: 5 } as const;

// Texts stand once, in `symbol`; `term` gives the lines of a chain, kind, key or tag in order; `value` gives a
// field's values by line and, through its index, lines by value.
const TABLES = `
  CREATE TABLE mark (                        -- what the index covers
    only INTEGER PRIMARY KEY CHECK (only = 1),
    grid BLOB NOT NULL,                      -- id of the genesis record
    size INTEGER NOT NULL,                   -- lines of the book
    leaf BLOB NOT NULL                       -- leaf hash of the last of them; empty at size 0
  ) STRICT;
  CREATE TABLE symbol (
    num  INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE line (
    idx   INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL,
    chain INTEGER NOT NULL,                  -- symbol
    kind  INTEGER NOT NULL                   -- symbol
  ) STRICT;
  CREATE TABLE record_id (
    prefix INTEGER NOT NULL,                 -- first 48 bits of the id
    idx    INTEGER NOT NULL,
    PRIMARY KEY (prefix, idx)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE term (
    field INTEGER NOT NULL,                  -- TERM
    value INTEGER NOT NULL,                  -- symbol
    idx   INTEGER NOT NULL,
    PRIMARY KEY (field, value, idx)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE field (
    num  INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE value (
    field INTEGER NOT NULL,
    idx   INTEGER NOT NULL,
    value ANY NOT NULL,                      -- integer, text, or x'00' and x'01' for false and true
    PRIMARY KEY (field, idx, value)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX value_order ON value (field, value, idx);
  CREATE VIRTUAL TABLE text USING fts5 (words, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
`;

/** What an index covers. */
export interface Mark {
  readonly grid: Buffer;
  readonly size: number;
  readonly leaf: Buffer;
}

/** The mark of an index file; undefined where the file is no index of this release's format. */
export function markOf(db: Database.Database): Mark | undefined {
  if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID || db.pragma('user_version', { simple: true }) !== FORMAT) return undefined;
  return db.prepare('SELECT grid, size, leaf FROM mark').get() as Mark | undefined;
}

/**
 * Makes an empty index, unless one that fits is there by now. The file's own lock keeps several processes from taking
 * away what another has just made; whoever still reads the old file reads on in what has no name any more.
 * @param path of the index
 * @param grid id of the genesis record
 * @param fits looks at what is there; throws what SQLite does
 * @param fields paths whose values are kept
 * @throws Problem `busy`; what SQLite and the file system throw
 */
export function makeIndex(path: string, grid: Buffer, fits: (db: Database.Database) => boolean, fields: readonly string[]): void {
  using _lock = lockFile(path.replace(/\.sqlite$/, '.lock'), INDEX_LOCK_WAIT_MS, () => new Problem('busy', `another process makes ${path}`, { hint: 'try again in a moment' }));
  if (existsSync(path) && isFine(path, fits)) return;
  for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
  closeSync(openSync(path, 'wx', 0o600));
  const db = new Database(path);
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    effect('index_made', db.transaction(() => {
      db.exec(TABLES);
      db.prepare("INSERT INTO mark (only, grid, size, leaf) VALUES (1, ?, 0, x'')").run(grid);
      for (const field of fields) db.prepare('INSERT INTO field (path) VALUES (?)').run(field);
      db.pragma(`application_id = ${APPLICATION_ID}`);
      db.pragma(`user_version = ${FORMAT}`);
    }));
  } finally {
    db.close();
  }
}

function isFine(path: string, fits: (db: Database.Database) => boolean): boolean {
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true });
    return fits(db);
  } catch (thrown) {
    if (thrown instanceof Database.SqliteError) return false;
    throw thrown;
  } finally {
    db?.close();
  }
}
