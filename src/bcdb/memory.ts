// A book in memory: where `bcdb verify` folds everything again from nothing.
import type { JsonObject } from '../base/canonical.js';
import type { Book, BookLine, Head } from './book.js';
import { Tree } from '../tlog/tree.js';

/** An empty book that keeps state, chain ends and tree, but no lines. */
export class MemoryBook implements Book {
  readonly objects = new Map<string, JsonObject>();
  readonly #tree: Tree;
  #leaves: Buffer[] = [];
  readonly #tiles = new Map<string, Buffer>();
  readonly #heads = new Map<string, Head>();
  size = 0;
  lastAt = 0;
  grid: string | null = null;

  constructor() {
    this.#tree = Tree.open({ get: (level, n) => this.tile(level, n), put: (level, n, hashes) => this.#tiles.set(`${level}/${n}`, hashes) }, 0);
  }

  get(id: string): JsonObject | undefined {
    return this.objects.get(id);
  }

  put(id: string, value: JsonObject): void {
    this.objects.set(id, value);
  }

  /** The tree of all lines so far. */
  get tree(): Tree {
    if (this.#leaves.length > 0) this.#tree.append(this.#leaves);
    this.#leaves = [];
    return this.#tree;
  }

  /** Tile `n` of a level of the tree, as far as it goes. */
  tile(level: number, n: number): Buffer | undefined {
    return this.#tiles.get(`${level}/${n}`);
  }

  head(chain: string): Head | undefined {
    return this.#heads.get(chain);
  }

  root(size: number): Buffer {
    return this.tree.root(size);
  }

  add({ record, at, leaf }: BookLine): void {
    this.#heads.set(record.payload.chain, { height: record.payload.height, id: record.id });
    this.#leaves.push(leaf);
    this.grid ??= record.id;
    this.lastAt = at;
    this.size += 1;
  }
}
