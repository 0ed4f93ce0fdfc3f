// A book in memory: where `bcdb verify` folds everything again from nothing.
import type { JsonObject } from '../base/canonical.js';
import type { Book, BookLine, Head } from './book.js';
import { Tree } from './merkle.js';

/** An empty book that keeps state, chain ends and tree, but no lines. */
export class MemoryBook implements Book {
  readonly objects = new Map<string, JsonObject>();
  readonly tree: Tree;
  readonly #heads = new Map<string, Head>();
  readonly #indexes = new Map<string, number>();
  size = 0;
  lastAt = 0;
  grid: string | null = null;

  constructor() {
    const tiles = new Map<string, Buffer>();
    this.tree = new Tree({ get: (level, n) => tiles.get(`${level}/${n}`), put: (level, n, hashes) => tiles.set(`${level}/${n}`, hashes) }, 0);
  }

  get(id: string): JsonObject | undefined {
    return this.objects.get(id);
  }

  put(id: string, value: JsonObject): void {
    this.objects.set(id, value);
  }

  head(chain: string): Head | undefined {
    return this.#heads.get(chain);
  }

  indexOf(recordId: string): number | undefined {
    return this.#indexes.get(recordId);
  }

  add({ record, at, leaf }: BookLine): void {
    this.#indexes.set(record.id, this.size);
    this.#heads.set(record.payload.chain, { height: record.payload.height, id: record.id });
    this.tree.append([leaf]);
    this.grid ??= record.id;
    this.lastAt = at;
    this.size += 1;
  }
}
