// A map that may grow beyond memory: what was used last is at hand, the rest lies in a table.
import type { Database, Statement } from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import { canonical, type Json } from '../base/canonical.js';

/** About what a value takes in memory; a string's characters, and as much for every part as an empty one. */
function weightOf(value: Json): number {
  const own = 32;
  if (typeof value === 'string') return own + value.length;
  if (value === null || typeof value !== 'object') return own;
  let weight = own;
  if (Array.isArray(value)) {
    for (const item of value) weight += weightOf(item);
  } else {
    for (const key of Object.keys(value)) weight += own + weightOf(value[key] as Json);
  }
  return weight;
}

/** A map from id to JSON, written to its table only when it leaves the memory it may take, or at `flush`. */
export class Spill<V extends Json & object> {
  /** Put since the last `settle`; weighed only then, since some are put with every line. */
  readonly #fresh = new Map<string, V>();
  readonly #cache: LRUCache<string, V>;
  /** Ids whose value in the cache is newer than in the table. */
  readonly #dirty = new Set<string>();
  readonly #select: Statement;
  readonly #upsert: Statement;
  readonly #all: Statement;

  /**
   * @param table made here where there is none; a constant of ours
   * @param maxWeight about the bytes that stay in memory
   */
  constructor(db: Database, table: 'object' | 'head', maxWeight: number) {
    db.exec(`CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID`);
    this.#select = db.prepare(`SELECT json FROM ${table} WHERE id = ?`).pluck();
    this.#upsert = db.prepare(`INSERT INTO ${table} (id, json) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json`);
    this.#all = db.prepare(`SELECT id, json FROM ${table} ORDER BY id`);
    this.#cache = new LRUCache<string, V>({
      maxSize: maxWeight,
      sizeCalculation: weightOf,
      dispose: (value, id, reason) => {
        if (reason === 'evict' && this.#dirty.delete(id)) this.#upsert.run(id, canonical(value));
      },
    });
  }

  get(id: string): V | undefined {
    const cached = this.#fresh.get(id) ?? this.#cache.get(id);
    if (cached !== undefined) return cached;
    const json = this.#select.get(id) as string | undefined;
    if (json === undefined) return undefined;
    const value = JSON.parse(json) as V;
    this.#cache.set(id, value);
    return value;
  }

  put(id: string, value: V): void {
    this.#fresh.set(id, value);
  }

  /** Brings memory down to what it may take; to be called every few hundred lines. */
  settle(): void {
    for (const [id, value] of this.#fresh) {
      this.#dirty.add(id);
      this.#cache.set(id, value);
      // Larger than all the memory there is for it.
      if (!this.#cache.has(id) && this.#dirty.delete(id)) this.#upsert.run(id, canonical(value));
    }
    this.#fresh.clear();
  }

  /** Writes what is newer than the table. */
  flush(): void {
    this.settle();
    for (const id of this.#dirty) this.#upsert.run(id, canonical(this.#cache.peek(id)));
    this.#dirty.clear();
  }

  /** Every value as canonical JSON, in order of id; nothing else may use the database meanwhile. */
  *texts(): IterableIterator<{ id: string; json: string }> {
    this.flush();
    yield* this.#all.iterate() as IterableIterator<{ id: string; json: string }>;
  }
}
