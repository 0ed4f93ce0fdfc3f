// The state as the first lines of a book left it, in a file of its own with its tree: a lagging fold. It moves from
// state root to state root; derived from the book, and made again where it is lost.
import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import { canonical, parseCanonical, type JsonObject } from '../base/canonical.js';
import { effect } from '../base/effect.js';
import { isProblem, Problem } from '../base/errors.js';
import { MAX_STATE_BUCKETS } from '../base/limits.js';
import { foldLines, type FoldOptions } from './fold.js';
import type { RuleBook, State } from './rulebook.js';
import { asProblem } from './sql.js';
import { bucketLeaf, bucketOf, bucketsFor, BucketTree, entryOf, slotOf, type BucketEntry } from './statetree.js';
import type { Reader } from './reader.js';
import type { Store } from './store.js';

const TABLES = `
  CREATE TABLE IF NOT EXISTS object (
    slot INTEGER NOT NULL,                   -- bucket, if there were 65,536
    id   TEXT NOT NULL,
    json TEXT NOT NULL,                      -- canonical
    hash TEXT NOT NULL,                      -- its SHA-256, hex
    PRIMARY KEY (slot, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS folded (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    size    INTEGER NOT NULL,                -- lines that made it
    objects INTEGER NOT NULL,
    nodes   BLOB NOT NULL                    -- BucketTree
  ) STRICT;`;
const SQL = {
  get: 'SELECT json FROM object WHERE slot = ? AND id = ?',
  put: 'INSERT INTO object (slot, id, json, hash) VALUES (?, ?, ?, ?) ON CONFLICT (slot, id) DO UPDATE SET json = excluded.json, hash = excluded.hash',
  row: 'SELECT json, hash FROM object WHERE slot = ? AND id = ?',
  count: 'SELECT count(*) FROM object',
  bucket: 'SELECT id, hash FROM object WHERE slot >= ? AND slot < ?',
  folded: 'SELECT size, objects, nodes FROM folded',
  keep: 'INSERT INTO folded (only, size, objects, nodes) VALUES (1, ?, ?, ?) ON CONFLICT (only) DO UPDATE SET size = excluded.size, objects = excluded.objects, nodes = excluded.nodes',
} as const;

/** Objects of a fold under way that are kept in memory before they are written, and those that were read. */
const MAX_UNWRITTEN = 20_000;

/** What `advance` may be told. */
export interface AdvanceOptions extends FoldOptions {
  /** The root that the state is said to have, hex: where what is kept leads to another, it is made anew before that is believed. */
  readonly root?: string | undefined;
  /** The book at one moment, with `size` lines: its own objects must be those that were folded, before anybody signs them. */
  readonly same?: Store | undefined;
}

/** What a state root says. */
export interface StatePoint {
  /** Lines that made the state. */
  readonly size: number;
  readonly root: Buffer;
  readonly buckets: number;
}

/** What shows one object of a state, or that there is none. */
export interface ObjectProof {
  /** Lines that made the state. */
  readonly size: number;
  /** The whole bucket, sorted by id. */
  readonly bucket: readonly BucketEntry[];
  /** The bucket's inclusion proof. */
  readonly proof: readonly Buffer[];
  /** Canonical JSON; null where there is no such object. */
  readonly object: string | null;
}

interface Folded {
  size: number;
  objects: number;
  nodes: Buffer;
}

/** A lagging fold and its tree. One process at a time moves it; any number read proofs meanwhile. */
export class StateFile implements State, Disposable {
  readonly #db: Database.Database;
  readonly #read = new LRUCache<string, JsonObject>({ max: MAX_UNWRITTEN });
  readonly #put = new Map<string, JsonObject>();
  readonly #touched = new Set<number>();
  #objects = 0;
  #size = 0;
  #tree = BucketTree.of(1);

  private constructor(db: Database.Database) {
    this.#db = db;
    this.#load();
  }

  /** Opens the file to move it, and makes it where there is none or a damaged one. @param path empty: a temporary file that goes with the handle */
  static open(path: string): StateFile {
    const open = (): StateFile => opened(path, {}, (db) => {
      db.pragma(path === '' ? 'journal_mode = MEMORY' : 'journal_mode = WAL');
      // A power cut loses the newest commits, which are folded again, and never a part of one.
      db.pragma('synchronous = NORMAL');
      db.exec(TABLES);
      return new StateFile(db);
    });
    try {
      return open();
    } catch (thrown) {
      if (!isProblem(thrown, 'integrity', 'damaged')) throw thrown;
      for (const part of ['', '-wal', '-shm']) rmSync(path + part, { force: true });
      return open();
    }
  }

  /** Opens the file for proofs only. @throws Problem `not_found` */
  static read(path: string): StateFile {
    return opened(path, { readonly: true, fileMustExist: true }, (db) => new StateFile(db));
  }

  /** Lines folded. */
  get size(): number {
    return this.#size;
  }

  get(id: string): JsonObject | undefined {
    const known = this.#put.get(id) ?? this.#read.get(id);
    if (known !== undefined) return known;
    const json = this.#json(id);
    if (json === undefined) return undefined;
    const value = parseCanonical(json) as JsonObject;
    this.#read.set(id, value);
    return value;
  }

  put(id: string, value: JsonObject): void {
    this.#put.set(id, value);
    if (this.#put.size >= MAX_UNWRITTEN) this.#write();
  }

  /**
   * Folds on to the first `size` lines of the book, all or nothing. A smaller size, or a book with fewer lines than
   * were folded, begins anew; so does a state kept from before that does not fit the lines, the root that is named, or
   * (with `same`) the objects that the book itself keeps.
   * @param buckets of the tree; as suits the number of objects if left out
   * @throws Problem as `foldLines`; `integrity` where the book's own objects are not what its lines make
   */
  async advance(reader: Reader, rules: RuleBook, size: number, buckets?: number, options: AdvanceOptions = {}): Promise<StatePoint> {
    try {
      const point = await this.#advance(reader, rules, size, buckets, options);
      if (options.root === undefined || point.root.toString('hex') === options.root) return point;
    } catch (thrown) {
      if (!isProblem(thrown, 'integrity')) throw thrown;
    }
    return await this.#advance(reader, rules, size, buckets, options, true);
  }

  async #advance(reader: Reader, rules: RuleBook, size: number, buckets: number | undefined, options: AdvanceOptions, anew = false): Promise<StatePoint> {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      this.#load();
      if (anew || size < this.#size || reader.size < this.#size) this.#clear();
      await foldLines(this, reader, rules, this.#size, size, options);
      this.#write();
      if (options.same !== undefined) this.#compare(options.same);
      const point = { size, root: this.#settle(buckets ?? bucketsFor(this.#objects)), buckets: this.#tree.buckets };
      this.#size = size;
      this.#db.prepare(SQL.keep).run(size, this.#objects, this.#tree.nodes);
      effect('state_folded', () => this.#db.exec('COMMIT'));
      return { ...point, root: Buffer.from(point.root) };
    } catch (thrown) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      this.#load();
      throw asProblem(thrown, this.#db.name);
    }
  }

  /** Proof of an object as of the newest state that was folded; undefined where none was. */
  prove(id: string): ObjectProof | undefined {
    return this.#db.transaction((): ObjectProof | undefined => {
      if (!this.#load()) return undefined;
      const bucket = bucketOf(id, this.#tree.buckets);
      return { size: this.#size, bucket: this.#entries(bucket), proof: this.#tree.proof(bucket), object: this.#json(id) ?? null };
    })();
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  /** What the file holds, forgetting what is not written; whether anything was folded. */
  #load(): boolean {
    this.#put.clear();
    this.#touched.clear();
    const folded = this.#db.prepare(SQL.folded).get() as Folded | undefined;
    // Another process may have moved it.
    if (folded?.size !== this.#size) this.#read.clear();
    this.#size = folded?.size ?? 0;
    this.#objects = folded?.objects ?? 0;
    this.#tree = folded === undefined ? BucketTree.of(1) : new BucketTree(folded.nodes);
    return folded !== undefined;
  }

  #clear(): void {
    this.#db.exec('DELETE FROM object; DELETE FROM folded');
    this.#read.clear();
    this.#load();
  }

  #write(): void {
    const [get, put] = [this.#db.prepare(SQL.get).pluck(), this.#db.prepare(SQL.put)];
    for (const [id, value] of this.#put) {
      const slot = slotOf(id);
      const json = canonical(value);
      if (get.get(slot, id) === undefined) this.#objects += 1;
      put.run(slot, id, json, entryOf(id, json)[1]);
      this.#touched.add(slot);
      this.#read.set(id, value);
    }
    this.#put.clear();
  }

  /** Also has every leaf made anew: a tree that is kept beside the objects is no proof of them. @throws Problem `integrity` */
  #compare(book: Store): void {
    const row = this.#db.prepare(SQL.row);
    let count = 0;
    for (const { id, json } of book.storedObjects()) {
      const kept = row.get(slotOf(id), id) as { json: string; hash: string } | undefined;
      if (kept?.json !== json || kept.hash !== entryOf(id, json)[1]) throw different(id);
      count += 1;
    }
    if (this.#db.prepare(SQL.count).pluck().get() !== count) throw different('some object');
    for (let slot = 0; slot < MAX_STATE_BUCKETS; slot += 1) this.#touched.add(slot);
  }

  /** The root, once every bucket that was touched has its new leaf; with another number of buckets, every bucket. */
  #settle(buckets: number): Buffer {
    const width = MAX_STATE_BUCKETS / buckets;
    const isNew = this.#size === 0 || this.#touched.size === MAX_STATE_BUCKETS || this.#tree.buckets !== buckets;
    if (isNew) this.#tree = BucketTree.of(buckets);
    const changed = isNew ? Array.from({ length: buckets }, (_, bucket) => bucket) : new Set([...this.#touched].map((slot) => Math.floor(slot / width)));
    for (const bucket of changed) this.#tree.set(bucket, bucketLeaf(this.#entries(bucket)));
    this.#touched.clear();
    return this.#tree.root();
  }

  #entries(bucket: number): BucketEntry[] {
    const width = MAX_STATE_BUCKETS / this.#tree.buckets;
    const rows = this.#db.prepare(SQL.bucket).all(bucket * width, (bucket + 1) * width) as { id: string; hash: string }[];
    return rows.map(({ id, hash }): BucketEntry => [id, hash]).sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #json(id: string): string | undefined {
    return this.#db.prepare(SQL.get).pluck().get(slotOf(id), id) as string | undefined;
  }
}

function different(id: string): Problem {
  return new Problem('integrity', `${id} in the book is not what its lines make`, { reason: 'state', hint: '3bot bcdb verify' });
}

function opened(path: string, options: Database.Options, make: (db: Database.Database) => StateFile): StateFile {
  let db: Database.Database | undefined;
  try {
    db = new Database(path, options);
    return make(db);
  } catch (thrown) {
    db?.close();
    throw asProblem(thrown, path);
  }
}
