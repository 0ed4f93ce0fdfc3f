// The process that runs one SELECT and ends: it knows two files, writes to none, and is killed when it takes too long.
import Database from 'better-sqlite3';
import { messageOf } from '../../base/errors.js';
import type { SqlAnswer, SqlQuestion } from './run.js';
import { views } from './views.js';

process.once('message', (question: SqlQuestion) => {
  process.send?.(answer(question), () => process.disconnect());
});

function answer({ book, index, sql, maxRows, maxBytes }: SqlQuestion): SqlAnswer {
  try {
    using db = open(book, index);
    return rowsOf(db.db, sql, maxRows, maxBytes);
  } catch (thrown) {
    return { ok: false, message: messageOf(thrown) };
  }
}

function open(book: string, index: string): Disposable & { db: Database.Database } {
  const db = new Database(book, { readonly: true, fileMustExist: true });
  // What is sorted stays in memory, which is watched, and not on a disk, which is not.
  db.pragma('temp_store = MEMORY');
  db.prepare('ATTACH ? AS found').run(index);
  for (const view of views()) db.exec(view.sql);
  db.pragma('query_only = ON');
  return { db, [Symbol.dispose]: () => db.close() };
}

function rowsOf(db: Database.Database, sql: string, maxRows: number, maxBytes: number): SqlAnswer {
  const statement = db.prepare(sql);
  // The one connection that there is may not even be asked to do anything else: ATTACH and PRAGMA are no queries here.
  if (!statement.readonly || !statement.reader || !isSelect(sql)) throw new Error('only one SELECT is run here');
  const columns = statement.columns().map(({ name }) => name);
  const rows: (string | number | null)[][] = [];
  let bytes = 0;
  for (const row of statement.raw().safeIntegers().iterate() as IterableIterator<unknown[]>) {
    if (rows.length === maxRows) return { ok: true, columns, rows, more: true };
    const cells = row.map(cellOf);
    bytes += cells.reduce<number>((sum, cell) => sum + (typeof cell === 'string' ? cell.length : 8), 0);
    if (bytes > maxBytes) return { ok: false, message: `the rows have more than ${maxBytes} bytes`, hint: 'name fewer columns, or fewer rows with --limit' };
    rows.push(cells);
  }
  return { ok: true, columns, rows, more: false };
}

/** Whether a statement begins as a query does, after comments. */
function isSelect(sql: string): boolean {
  return /^(\s|--[^\n]*(\n|$)|\/\*[\s\S]*?\*\/)*(select|with|values)\b/i.test(sql);
}

/** Integers that a JSON number cannot hold come as texts, bytes in hex. */
function cellOf(value: unknown): string | number | null {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (Buffer.isBuffer(value)) return value.toString('hex');
  return typeof value === 'number' || typeof value === 'string' ? value : null;
}
