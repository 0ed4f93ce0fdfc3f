// The book that `bcdb verify` folds everything into again: state and chain ends in a file of its own, so that memory
// does not grow with the book and an interrupted run goes on where it was. Derived and disposable.
import Database from 'better-sqlite3';
import { rmSync } from 'node:fs';
import { toHex } from '../base/bytes.js';
import type { JsonObject } from '../base/canonical.js';
import type { Book, BookLine, Head } from './book.js';
import { Spill } from './spill.js';
import type { CheckedTree } from './stored.js';

/** About the bytes of objects, and of chain ends, that stay in memory. */
const OBJECT_BYTES = 48 * 1_048_576;
const HEAD_BYTES = 16 * 1_048_576;

/** How far an earlier run came. */
export interface Reached {
  /** What did the work: another release, with other rules, begins anew. */
  readonly by: string;
  readonly grid: string;
  /** Lines that were taken in. */
  readonly size: number;
  readonly lastAt: number;
  /** Root of their tree, hex: only over these very lines may another run go on. */
  readonly root: string;
}

const REACHED = `CREATE TABLE IF NOT EXISTS reached (
  only INTEGER PRIMARY KEY CHECK (only = 1), by TEXT NOT NULL, grid TEXT NOT NULL, size INTEGER NOT NULL, last_at INTEGER NOT NULL, root TEXT NOT NULL) STRICT`;
const GET_REACHED = 'SELECT by, grid, size, last_at AS lastAt, root FROM reached WHERE only = 1';
const PUT_REACHED = `INSERT INTO reached (only, by, grid, size, last_at, root) VALUES (1, @by, @grid, @size, @lastAt, @root)
  ON CONFLICT (only) DO UPDATE SET by = excluded.by, grid = excluded.grid, size = excluded.size, last_at = excluded.last_at, root = excluded.root`;

/** A book that keeps state, chain ends and tree, but no lines. */
export class ScratchBook implements Book, Disposable {
  readonly #db: Database.Database;
  readonly #objects: Spill<JsonObject>;
  readonly #heads: Spill<{ height: number; id: string }>;
  /** What the file held when it was opened. */
  readonly found: Reached | undefined;
  readonly #isPassing: boolean;
  #tree: CheckedTree;
  #leaves: Buffer[] = [];
  size = 0;
  lastAt = 0;
  grid: string | null = null;

  private constructor(db: Database.Database, tree: CheckedTree, isPassing: boolean) {
    this.#db = db;
    this.#tree = tree;
    this.#isPassing = isPassing;
    db.exec(REACHED);
    this.#objects = new Spill(db, 'object', OBJECT_BYTES);
    this.#heads = new Spill(db, 'head', HEAD_BYTES);
    this.found = db.prepare(GET_REACHED).get() as Reached | undefined;
    db.exec('BEGIN');
  }

  /** A book that leaves nothing behind: SQLite removes its file, if it comes to one. */
  static passing(tree: CheckedTree): ScratchBook {
    const db = new Database('');
    db.pragma('journal_mode = OFF');
    return new ScratchBook(db, tree, true);
  }

  /**
   * The book of an earlier run, or a new one; passing where the file cannot be written or another run has it.
   * Its commits need no sync of their own: a power cut loses the newest of them, never the file's consistency.
   */
  static open(path: string, tree: CheckedTree): ScratchBook {
    let db: Database.Database | undefined;
    try {
      db = new Database(path, { timeout: 0 });
      db.pragma('locking_mode = EXCLUSIVE');
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = NORMAL');
      return new ScratchBook(db, tree, false);
    } catch (thrown) {
      db?.close();
      if (!(thrown instanceof Database.SqliteError)) throw thrown;
      if (thrown.code === 'SQLITE_NOTADB' || thrown.code.startsWith('SQLITE_CORRUPT')) ScratchBook.remove(path);
      return ScratchBook.passing(tree);
    }
  }

  /** Removes what runs left behind; whoever has the file open keeps it to the end. */
  static remove(path: string): void {
    for (const part of ['', '-wal', '-shm']) rmSync(path + part, { force: true });
  }

  /** Stands where the earlier run was, whose lines the tree has again and which are the same. */
  resume({ grid, size, lastAt }: Reached): void {
    this.grid = grid;
    this.size = size;
    this.lastAt = lastAt;
  }

  /** Forgets the earlier run. @param tree without any line */
  clear(tree: CheckedTree): void {
    this.#tree = tree;
    this.#db.exec('DELETE FROM object; DELETE FROM head; DELETE FROM reached');
  }

  /** The tree of all lines so far. */
  get tree(): CheckedTree {
    if (this.#leaves.length > 0) this.#tree.append(this.#leaves);
    this.#leaves = [];
    return this.#tree;
  }

  /** Brings memory down to its bounds; to be called every few hundred lines. */
  settle(): void {
    this.#objects.settle();
    this.#heads.settle();
    void this.tree;
  }

  /** Makes sure that another run can go on from here. */
  keep(by: string): void {
    if (this.#isPassing) return;
    this.#objects.flush();
    this.#heads.flush();
    this.#db.prepare(PUT_REACHED).run({ by, grid: this.grid, size: this.size, lastAt: this.lastAt, root: toHex(this.tree.root()) });
    this.#db.exec('COMMIT; BEGIN');
  }

  get(id: string): JsonObject | undefined {
    return this.#objects.get(id);
  }

  put(id: string, value: JsonObject): void {
    this.#objects.put(id, value);
  }

  head(chain: string): Head | undefined {
    return this.#heads.get(chain);
  }

  root(size: number): Buffer {
    return this.tree.root(size);
  }

  add({ record, at, leaf }: BookLine): void {
    this.#heads.put(record.payload.chain, { height: record.payload.height, id: record.id });
    this.#leaves.push(leaf);
    this.grid ??= record.id;
    this.lastAt = at;
    this.size += 1;
  }

  /** All objects as canonical JSON, in order of id. To be disposed of before the book is used again. */
  objects(): IterableIterator<{ id: string; json: string }> & Disposable {
    const texts = this.#objects.texts();
    return Object.assign(texts, { [Symbol.dispose]: () => void texts.return?.() });
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
