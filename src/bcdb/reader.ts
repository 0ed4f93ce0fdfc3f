// How a book is read: from its file (store.ts), or by proofs where there is no copy (net/light).
import type { Database } from 'better-sqlite3';
import type { Line } from '../schema/types.js';
import type { Tree } from '../tlog/tree.js';
import type { Head } from './book.js';
import type { BookIndex } from './index/book-index.js';
import type { Answer, Query } from './query.js';
import type { ParsedRecord } from './record.js';
import type { Objects } from './rulebook.js';
import type { Symbols } from './symbols.js';

/** A checkpoint as kept. */
export interface StoredCheckpoint {
  readonly size: number;
  readonly note: string;
}

/** How a book is read. */
export interface Reader extends Objects {
  readonly db: Database;
  readonly symbols: Symbols;
  readonly size: number;
  readonly lastAt: number;
  readonly grid: string | null;
  readonly tree: Tree;
  /** What finds lines: the index in the file beside this one. */
  readonly index: BookIndex;
  /** Where there is no index because there is no copy: how records are found instead. */
  ask?(wanted: Query): Answer;
  head(chain: string): Head | undefined;
  /** The line at a height of a chain; `id` of its record, hex. */
  lineAt(chain: string, height: number): { index: number; id: string } | undefined;
  /** Number of the line that holds this record, if any does. Who has no more than an id asks `lineOf` (query.ts). */
  find(record: ParsedRecord): number | undefined;
  /** Line number `index`. @throws Problem `not_found` */
  line(index: number): Line;
  /** Lines from (inclusive) to (exclusive), in order. */
  lines(from: number, to: number): IterableIterator<Line>;
  /** The same as NDJSON (schema line@1), a row each: at least the first, and then until they make so many bytes. */
  rows(from: number, to: number, bytes: number): Buffer[];
  /** The newest checkpoint, as of the last refresh. */
  checkpoint(): StoredCheckpoint | undefined;
  /** The last checkpoint of the era (bcdb/pinned.ts) in which the book had `size` lines; undefined in the present one. */
  milestone(size: number): StoredCheckpoint | undefined;
  /** Runs `read`, which must not wait for anything, on the book as it is at one moment. */
  look<T>(read: () => T): T;
  /** Takes notice of what other connections wrote since; whether there was anything. */
  refresh(): boolean;
}
