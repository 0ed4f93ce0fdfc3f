// Answers queries from a book: pages of records, counts, and what a query would do.
import { MAX_LOOKED_AT, MAX_ROWS } from '../../base/limits.js';
import { Problem } from '../../base/errors.js';
import type { OnIndexed } from '../index/book-index.js';
import type { Reader } from '../reader.js';
import { recordAt, type Found } from '../record-at.js';
import { cursorText, readCursor } from './cursor.js';
import type { Ask } from './expression.js';
import { pageOfField } from './ordered.js';
import { explained, planOf, type Explained, type Plan } from './plan.js';
import { pageOfBook, type LinePage, type PageOf } from './run.js';

/** How a query is answered. */
export interface AskOptions {
  /** `next` of an earlier answer to the same query. */
  readonly cursor?: string | undefined;
  /** 1 to 1,000; else the query's own, else 100. */
  readonly limit?: number | undefined;
  /** Look at lines that no index narrows. */
  readonly scan?: boolean | undefined;
  /** Lines whose records one answer may look at; by default MAX_LOOKED_AT. */
  readonly looks?: number | undefined;
  readonly onIndexed?: OnIndexed | undefined;
}

/** Line numbers in order. There may be fewer than asked, and more to come: `next` goes on, null when there is no more. */
export interface Lines {
  readonly lines: readonly number[];
  readonly next: string | null;
  /** Lines of the book that the answer is of. */
  readonly size: number;
}

const DEFAULT_LIMIT = 100;

/**
 * The lines that a query asks for, as the book was at the first page: later pages go on exactly there, however it grows.
 * @throws Problem `usage`: a limit or cursor that is none, reason `unindexed` as `planOf`; what the index throws
 */
export function askLines(reader: Reader, ask: Ask, options: AskOptions = {}): Lines {
  const most = options.limit ?? ask.limit ?? DEFAULT_LIMIT;
  if (!Number.isInteger(most) || most < 1 || most > MAX_ROWS) throw new Problem('usage', `limit is 1 to ${MAX_ROWS}`);
  return page(reader, ask, options, most);
}

/** Records in order; as with `Lines` there may be fewer than asked. */
export interface Records {
  readonly records: readonly Found[];
  readonly next: string | null;
}

/** The records themselves, up to `maxBytes` of them as JSON, but one always. @throws Problem as `askLines` */
export function askRecords(reader: Reader, ask: Ask, options: AskOptions, maxBytes: number): Records {
  const { lines, next, size } = askLines(reader, ask, options);
  const records: Found[] = [];
  let bytes = 0;
  for (const index of lines) {
    const record = recordAt(reader, index);
    bytes += Buffer.byteLength(JSON.stringify(record));
    const last = records.at(-1);
    if (last !== undefined && bytes > maxBytes) return { records, next: cursorText(ask, { size, after: last.index }) };
    records.push(record);
  }
  return { records, next };
}

/** How many lines a query asks for: of a part of the book, where `next` says where to go on. @throws Problem as `askLines` */
export function countLines(reader: Reader, ask: Ask, options: AskOptions = {}): { count: number; next: string | null } {
  const { lines, next } = page(reader, ask, options, MAX_LOOKED_AT);
  return { count: lines.length, next };
}

/** What a query would do. @throws Problem as `askLines` */
export function explain(reader: Reader, ask: Ask, { scan = false, onIndexed }: AskOptions = {}): Explained {
  return reader.index.ask(reader.size, (covered) => explained(reader.index, planOf(reader.index, ask, covered, { scan })), onIndexed);
}

function page(reader: Reader, ask: Ask, { cursor, scan = false, looks = MAX_LOOKED_AT, onIndexed }: AskOptions, most: number): Lines {
  const begin = cursor === undefined ? { size: reader.size, after: null } : readCursor(ask, cursor, reader.size);
  const { lines, next } = reader.index.ask(reader.size, (all) => {
    const covered = Math.min(all, begin.size);
    return pageOf(reader, planOf(reader.index, ask, covered, { scan }), covered, { ...begin, most, looks });
  }, onIndexed);
  return { lines, next: next === null ? null : cursorText(ask, { size: begin.size, after: next }), size: begin.size };
}

/** A page by its plan. */
export function pageOf(reader: Reader, plan: Plan, covered: number, asked: PageOf): LinePage {
  return plan.orderField === undefined ? pageOfBook(reader, plan, covered, asked) : pageOfField(reader, plan, covered, asked);
}
