// The statements of a book's file, what their rows are, and SQLite's errors in words of ours.
import Database from 'better-sqlite3';
import { diskProblem } from '../base/disk.js';
import { Problem } from '../base/errors.js';
import type { Line } from '../schema/types.js';

/** Every statement that a Store prepares; parameters only. */
export const SQL = {
  begin: 'BEGIN',
  beginWrite: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  addRecord: 'INSERT INTO record (idx, id, at, chain, height, kind, leaf, payload, signatures) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  putObject: 'INSERT INTO object (id, json) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json',
  getObject: 'SELECT json FROM object WHERE id = ?',
  objects: 'SELECT id, json FROM object WHERE id >= ? AND id < ? AND id > ? ORDER BY id LIMIT ?',
  allObjects: 'SELECT id, json FROM object ORDER BY id',
  head: 'SELECT height, id FROM record WHERE chain = ? ORDER BY height DESC LIMIT 1',
  place: 'SELECT idx, id FROM record WHERE chain = ? AND height = ?',
  line: 'SELECT payload, signatures, at FROM record WHERE idx = ?',
  lines: 'SELECT payload, signatures, at FROM record WHERE idx >= ? AND idx < ? ORDER BY idx',
  // A line of NDJSON, schema line@1; the stored signatures are canonical JSON already.
  rows: `SELECT CAST('{"payload":' || json_quote(payload) || ',"signatures":' || signatures || ',"at":' || at || '}' || char(10) AS BLOB) FROM record WHERE idx >= ? AND idx < ? ORDER BY idx`,
  last: 'SELECT idx, at FROM record ORDER BY idx DESC LIMIT 1',
  genesis: 'SELECT id FROM record WHERE idx = 0',
  leaves: 'SELECT leaf FROM record WHERE idx >= ? AND idx < ? ORDER BY idx',
  tile: 'SELECT hashes FROM tile WHERE level = ? AND n = ?',
  putTile: 'INSERT INTO tile (level, n, hashes) VALUES (?, ?, ?) ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes',
  checkpoint: 'SELECT size, note FROM checkpoint WHERE only = 1',
  putCheckpoint: 'INSERT INTO checkpoint (only, size, note) VALUES (1, ?, ?) ON CONFLICT (only) DO UPDATE SET size = excluded.size, note = excluded.note WHERE excluded.size >= checkpoint.size',
  milestone: 'SELECT size, note FROM milestone WHERE size > ? ORDER BY size LIMIT 1',
  lastMilestone: 'SELECT max(size) FROM milestone',
  putMilestone: 'INSERT INTO milestone (size, note) VALUES (?, ?) ON CONFLICT (size) DO NOTHING',
} as const;

/** A row of `line` and `lines`. */
export interface LineRow {
  payload: string;
  signatures: string;
  at: number;
}

/** A stored row as a line. @throws Problem `integrity` */
export function lineOf(row: LineRow): Line {
  return { payload: row.payload, signatures: parseSignatures(row.signatures), at: row.at };
}

function parseSignatures(text: string): Line['signatures'] {
  try {
    return JSON.parse(text) as Line['signatures'];
  } catch {
    throw new Problem('integrity', 'a stored signature list is no JSON');
  }
}

/** SQLite's errors in words of ours; anything else as it is. */
export function asProblem(thrown: unknown, path: string): unknown {
  if (!(thrown instanceof Database.SqliteError)) return thrown;
  const known = diskProblem(thrown, path);
  if (known !== thrown) return known;
  if (thrown.code.startsWith('SQLITE_CANTOPEN')) return new Problem('not_found', `no book at ${path}`, { cause: thrown });
  if (thrown.code.startsWith('SQLITE_BUSY')) return new Problem('busy', `another process writes to ${path}`, { cause: thrown });
  return new Problem('failed', `${path}: ${thrown.message}`, { cause: thrown });
}
