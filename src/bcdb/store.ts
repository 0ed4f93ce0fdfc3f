// A book in an SQLite file: the same tables for a home and for every copy. One writer; any number of readers.
import Database from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import { canonical, parseCanonical, type JsonObject } from '../base/canonical.js';
import { Problem } from '../base/errors.js';
import type { Line } from '../schema/types.js';
import type { Book, BookLine, Head } from './book.js';
import { Subtrees } from '../tlog/subtrees.js';
import type { ParsedRecord } from './record.js';
import type { Reader, StoredCheckpoint } from './reader.js';
import { catalogRow } from './catalog.js';
import { BookIndex } from './index/book-index.js';
import { Tree, type TileStorage } from '../tlog/tree.js';
import { asProblem, lineOf, SQL, type LineRow } from './sql.js';
import { Symbols } from './symbols.js';
import { hasMilestones, migrate } from './tables.js';

/** A writer meets the same accounts and chains again and again; a reader forgets at every refresh, which costs by size. */
const CACHED = { write: 20_000, read: 500 } as const;

/** A book's file. `Store.open` for the one writer, `Store.read` for everybody else. */
export class Store implements Reader, Disposable {
  readonly db: Database.Database;
  readonly symbols: Symbols;
  readonly #prepared = new Map<string, Database.Statement>();
  readonly #objects: LRUCache<string, JsonObject>;
  readonly #heads: LRUCache<string, Head>;
  /** What the running transaction has put; written once at its end, however often it changed. */
  readonly #put = new Map<string, JsonObject>();
  #writing = false;
  #size = 0;
  #lastAt = 0;
  #grid: string | null = null;
  #checkpoint: StoredCheckpoint | undefined;
  /** Size of the newest milestone, -1 without any, so that a poll does not ask the file for one. */
  #lastMilestone = -1;
  #index: BookIndex | undefined;
  /** Opened at first use: most readers never ask for it. */
  #tree: Tree | undefined;
  /** Of all tiles that were committed; they stay as they are when the tree is opened again. */
  readonly #subtrees = new Subtrees((level, n) => this.#tiles.get(level, n));
  #leaves: Buffer[] = [];
  #version = -1;

  readonly #tiles: TileStorage = {
    get: (level, n) => {
      const stored = this.#sql('tile').pluck().get(level, n) as Buffer | undefined;
      if (stored !== undefined || level > 0) return stored;
      const leaves = this.#sql('leaves').pluck().all(n * 256, (n + 1) * 256) as Buffer[];
      return leaves.length === 0 ? undefined : Buffer.concat(leaves);
    },
    put: (level, n, hashes) => {
      if (level === 0 && hashes.length < 256 * 32) return;
      this.#sql('putTile').run(level, n, hashes);
    },
  };

  private constructor(db: Database.Database, mode: 'write' | 'read') {
    this.db = db;
    this.symbols = new Symbols(db);
    this.#objects = new LRUCache({ max: CACHED[mode] });
    this.#heads = new LRUCache({ max: CACHED[mode] });
    this.look(() => this.#reload());
  }

  /** Opens the file for writing and makes it where there is none. The caller holds the home's lock. */
  static open(path: string): Store {
    const db = new Database(path);
    try {
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      db.pragma('cache_size = -65536');
      migrate(db);
      return new Store(db, 'write');
    } catch (thrown) {
      db.close();
      throw asProblem(thrown, path);
    }
  }

  /** Opens the file for reading only. @throws Problem `not_found`, `integrity` */
  static read(path: string): Store {
    try {
      const db = new Database(path, { readonly: true, fileMustExist: true });
      db.pragma('cache_size = -65536');
      return new Store(db, 'read');
    } catch (thrown) {
      throw asProblem(thrown, path);
    }
  }

  /**
   * Runs `write` in one durable transaction; when it throws, nothing of it stays.
   * Everything read through this Store inside sees what was written so far.
   */
  transact<T>(write: (book: Book) => T): T {
    if (this.#writing) throw new Error('transact within transact');
    this.#writing = true;
    const { size, lastAt, grid, checkpoint } = { size: this.#size, lastAt: this.#lastAt, grid: this.#grid, checkpoint: this.#checkpoint };
    try {
      this.#sql('beginWrite').run();
      const result = write(this.#asBook());
      void this.tree; // its tiles belong to the transaction
      for (const [id, value] of this.#put) this.#putObject(id, value);
      this.#sql('commit').run();
      for (const [id, value] of this.#put) this.#objects.set(id, value);
      return result;
    } catch (thrown) {
      if (this.db.inTransaction) this.#sql('rollback').run();
      // What was cached may never have been written.
      this.#objects.clear();
      this.#heads.clear();
      this.symbols.forget();
      this.#size = size;
      this.#lastAt = lastAt;
      this.#grid = grid;
      this.#leaves = [];
      this.#tree = undefined;
      this.#subtrees.forget();
      this.#checkpoint = checkpoint;
      throw thrown instanceof Database.SqliteError ? asProblem(thrown, this.db.name) : thrown;
    } finally {
      this.#put.clear();
      this.#writing = false;
    }
  }

  /**
   * Keeps the newest checkpoint, never one of fewer lines: with the lines of a running transaction, else by itself. That
   * is not synced: after a power cut the home signs again, a copy fetches it.
   */
  keepCheckpoint(size: number, note: string): void {
    if (!this.#writing) this.db.pragma('synchronous = NORMAL');
    try {
      const { changes } = this.#sql('putCheckpoint').run(size, note);
      if (changes > 0) this.#checkpoint = { size, note };
    } finally {
      if (!this.#writing) this.db.pragma('synchronous = FULL');
    }
  }

  /** Keeps the last checkpoint of an era, for ever: it leads whoever fetches the book later into the next one. */
  keepMilestone(size: number, note: string): void {
    this.#sql('putMilestone').run(size, note);
    this.#lastMilestone = Math.max(this.#lastMilestone, size);
  }

  /** For readers beside a writer: takes notice of what others wrote since. Returns whether there was any. */
  refresh(): boolean {
    return this.look(() => {
      const version = this.db.pragma('data_version', { simple: true }) as number;
      if (version === this.#version) return false;
      this.#reload();
      this.#version = version;
      return true;
    });
  }

  /**
   * Runs `read` on the book as it is at one moment: state, lines, tree and checkpoint that belong together, whatever
   * another process writes meanwhile. `read` must not wait for anything.
   */
  look<T>(read: () => T): T {
    if (this.db.inTransaction) return read();
    this.#sql('begin').run();
    try {
      return read();
    } finally {
      this.#sql('commit').run();
    }
  }

  get size(): number {
    return this.#size;
  }
  get lastAt(): number {
    return this.#lastAt;
  }
  get grid(): string | null {
    return this.#grid;
  }
  /** The tree of all lines, with those of a running transaction. */
  get tree(): Tree {
    this.#tree ??= Tree.open(this.#tiles, this.#size - this.#leaves.length, this.#subtrees);
    if (this.#leaves.length > 0) this.#tree.append(this.#leaves);
    this.#leaves = [];
    return this.#tree;
  }

  get index(): BookIndex {
    return (this.#index ??= BookIndex.open(this.db.name));
  }

  get(id: string): JsonObject | undefined {
    const cached = this.#put.get(id) ?? this.#objects.get(id);
    if (cached !== undefined) return cached;
    const json = this.#sql('getObject').pluck().get(id) as string | undefined;
    if (json === undefined) return undefined;
    const value = parseCanonical(json) as JsonObject;
    this.#objects.set(id, value);
    return value;
  }

  head(chain: string): Head | undefined {
    const cached = this.#heads.get(chain);
    if (cached !== undefined) return cached;
    const num = this.symbols.find(chain);
    if (num === undefined) return undefined;
    const row = this.#sql('head').get(num) as { height: number; id: Buffer } | undefined;
    if (row === undefined) return undefined;
    const head = { height: row.height, id: row.id.toString('hex') };
    this.#heads.set(chain, head);
    return head;
  }

  lineAt(chain: string, height: number): { index: number; id: string } | undefined {
    const num = this.symbols.find(chain);
    if (num === undefined) return undefined;
    const row = this.#sql('place').get(num, height) as { idx: number; id: Buffer } | undefined;
    return row && { index: row.idx, id: row.id.toString('hex') };
  }

  find({ id, payload }: ParsedRecord): number | undefined {
    const line = this.lineAt(payload.chain, payload.height);
    return line?.id === id ? line.index : undefined;
  }

  line(index: number): Line {
    const row = this.#sql('line').get(index) as LineRow | undefined;
    if (row === undefined) throw new Problem('not_found', `the book has no line ${index}`);
    return lineOf(row);
  }

  rows(from: number, to: number, bytes: number): Buffer[] {
    const rows: Buffer[] = [];
    let taken = 0;
    for (const row of this.#sql('rows').pluck().iterate(from, to) as IterableIterator<Buffer>) {
      rows.push(row);
      taken += row.length;
      if (taken >= bytes) break;
    }
    return rows;
  }

  *lines(from: number, to: number): IterableIterator<Line> {
    // Pages, because a running statement would keep everybody else off this connection.
    const page = 256;
    for (let start = from; start < to; start += page) {
      const rows = this.#sql('lines').all(start, Math.min(to, start + page)) as LineRow[];
      for (const row of rows) yield lineOf(row);
      if (rows.length < page) return;
    }
  }

  objects(prefix: string, limit: number, after = ''): { id: string; value: JsonObject }[] {
    const rows = this.#sql('objects').all(prefix, `${prefix}\u{10ffff}`, after, limit) as { id: string; json: string }[];
    return rows.map(({ id, json }) => ({ id, value: parseCanonical(json) as JsonObject }));
  }

  /** Every object as stored, in order of id, for `bcdb verify`. */
  *storedObjects(): IterableIterator<{ id: string; json: string }> {
    yield* this.#sql('allObjects').iterate() as IterableIterator<{ id: string; json: string }>;
  }

  checkpoint(): StoredCheckpoint | undefined {
    return this.#checkpoint;
  }

  milestone(size: number): StoredCheckpoint | undefined {
    return size < this.#lastMilestone ? (this.#sql('milestone').get(size) as StoredCheckpoint | undefined) : undefined;
  }

  [Symbol.dispose](): void {
    this.#index?.[Symbol.dispose]();
    this.db.close();
  }

  #asBook(): Book {
    const store = this;
    return {
      get size() {
        return store.#size;
      },
      get lastAt() {
        return store.#lastAt;
      },
      get grid() {
        return store.#grid;
      },
      get: (id) => store.get(id),
      head: (chain) => store.head(chain),
      root: (size) => store.tree.root(size),
      put: (id, value) => {
        store.#put.set(id, value);
      },
      add: (line) => store.#add(line),
    };
  }

  #add({ record, signaturesText, at, leaf }: BookLine): void {
    const index = this.#size;
    const { chain, kind, height } = record.payload;
    this.#sql('addRecord').run(index, Buffer.from(record.id, 'hex'), at, this.symbols.number(chain), height, this.symbols.number(kind), leaf, record.text, signaturesText);
    this.#leaves.push(leaf);
    this.#heads.set(chain, { height, id: record.id });
    this.#size = index + 1;
    this.#lastAt = at;
    if (index === 0) this.#grid = record.id;
  }

  #reload(): void {
    this.#checkpoint = this.#sql('checkpoint').get() as StoredCheckpoint | undefined;
    this.#lastMilestone = hasMilestones(this.db) ? ((this.#sql('lastMilestone').pluck().get() as number | null) ?? -1) : -1;
    const last = this.#sql('last').get() as { idx: number; at: number } | undefined;
    this.#size = last === undefined ? 0 : last.idx + 1;
    this.#lastAt = last?.at ?? 0;
    this.#grid = (this.#sql('genesis').pluck().get() as Buffer | undefined)?.toString('hex') ?? null;
    this.#objects.clear();
    this.#heads.clear();
    this.#tree = undefined;
  }

  #putObject(id: string, value: JsonObject): void {
    this.#sql('putObject').run(id, canonical(value));
    const listed = catalogRow(id, value);
    if (listed !== undefined) this.#statement(listed.sql).run(listed.row);
  }

  #sql(name: keyof typeof SQL): Database.Statement {
    return this.#statement(SQL[name]);
  }

  #statement(sql: string): Database.Statement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}
