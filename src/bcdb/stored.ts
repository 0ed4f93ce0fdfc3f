// What is stored beside the lines of a book, held against what they make: signers, objects, tiles, checkpoint.
import type { Statement } from 'better-sqlite3';
import { Problem } from '../base/errors.js';
import { HASH_BYTES } from '../tlog/merkle.js';
import { TILE_WIDTH } from '../tlog/tiles.js';
import { Tree, type TileStorage } from '../tlog/tree.js';
import { openCheckpoint } from './checkpoint.js';
import { eraAt, trustOf, type Pinned } from './pinned.js';
import type { ReadState } from './rulebook.js';
import type { Store } from './store.js';

const STORED_TILE = 'SELECT hashes FROM tile WHERE level = ? AND n = ?';

/** What does not hold, as a person reads it. */
export function broken(what: string, cause?: unknown): Problem {
  return new Problem('integrity', what, { cause, hint: 'fetch the grid again into a new home folder and compare' });
}

/** The tree of the lines that were read again. Every tile is held against the stored one as soon as it is full. */
export class CheckedTree {
  readonly #tree: Tree;
  readonly #store: Store;
  readonly #select: Statement;
  /** By level, the tile that is still growing. */
  readonly #edge = new Map<number, { n: number; hashes: Buffer }>();

  constructor(store: Store) {
    this.#store = store;
    this.#select = store.db.prepare(STORED_TILE).pluck();
    const storage: TileStorage = {
      get: (level, n) => {
        const edge = this.#edge.get(level);
        return edge?.n === n ? edge.hashes : this.#stored(level, n);
      },
      put: (level, n, hashes) => {
        if (hashes.length < TILE_WIDTH * HASH_BYTES) {
          this.#edge.set(level, { n, hashes });
          return;
        }
        this.#edge.delete(level);
        this.#compare(level, n, hashes);
      },
    };
    this.#tree = Tree.open(storage, 0);
  }

  /** Lines so far. */
  get size(): number {
    return this.#tree.size;
  }

  /** Root of the tree, or of an earlier one of `size` lines. */
  root(size?: number): Buffer {
    return this.#tree.root(size);
  }

  append(leaves: readonly Buffer[]): void {
    this.#tree.append(leaves);
  }

  /** After the last line: the tiles that are not full, and that no others are stored. @throws Problem `integrity` */
  finish(): void {
    // Level 0 is stored in full tiles only; above it every tile that has begun.
    for (const [level, { n, hashes }] of this.#edge) if (level > 0) this.#compare(level, n, hashes);
    const count = this.#store.db.prepare('SELECT count(*) FROM tile').pluck().get() as number;
    let expected = Math.floor(this.size / TILE_WIDTH);
    for (let hashes = expected; hashes > 0; hashes = Math.floor(hashes / TILE_WIDTH)) expected += Math.ceil(hashes / TILE_WIDTH);
    if (count !== expected) throw broken(`${count} tiles of the tree are stored, the records make ${expected}`);
    if (!this.#store.tree.root().equals(this.root())) throw broken('the stored tree is not what the records make of it');
  }

  #compare(level: number, n: number, hashes: Buffer): void {
    const stored = this.#stored(level, n);
    if (stored === undefined) throw broken(`tile ${level}/${n} of the tree is missing`);
    if (!Buffer.isBuffer(stored) || !stored.equals(hashes)) throw broken(`tile ${level}/${n} of the tree is not what the records make of it`);
  }

  #stored(level: number, n: number): Buffer | undefined {
    return this.#select.get(level, n) as Buffer | undefined;
  }
}

/**
 * Opens the kept checkpoint and holds it against the tree.
 * @param state that says whose checkpoints count
 * @returns lines below it
 * @throws Problem `integrity`
 */
export function checkCheckpoint(store: Store, state: ReadState, tree: CheckedTree, grid: string): number {
  const kept = store.checkpoint();
  if (kept === undefined) throw broken('there is no checkpoint');
  const trust = trustOf(state, grid);
  const { size, root } = openCheckpoint(kept.note, trust);
  if (size !== kept.size || size > tree.size) throw broken(`the checkpoint covers ${size} lines, the book has ${tree.size}`);
  if (!tree.root(size).equals(root)) throw broken(`the first ${size} lines are not those that the home signed`);
  checkMilestones(store, trust, tree);
  return size;
}

/** The last checkpoint of each era; of an old home there may be none, since governance vouches for where that ended. */
function checkMilestones(store: Store, trust: Pinned, tree: CheckedTree): void {
  const ends = new Set(trust.earlier?.map(({ until }) => until));
  // Whoever follows is led to the next one there is: one too many would lead them to a checkpoint that does not count.
  for (let kept = store.milestone(-1); kept !== undefined; kept = store.milestone(kept.size)) {
    if (!ends.has(kept.size)) throw broken(`a checkpoint of ${kept.size} lines is stored as the last of an era, and no era ended there`);
  }
  for (const { until, log_key } of trust.earlier ?? []) {
    const kept = store.milestone(until - 1);
    if (kept?.size === until && openCheckpoint(kept.note, trust).root.equals(tree.root(until))) continue;
    if (kept?.size === until || log_key === eraAt(trust, until + 1).log_key) throw broken(`the checkpoint of ${until} lines, the last below the quorum before a change, is missing or of other lines`);
  }
}

/**
 * Stored state against the one that was folded.
 * @param folded every object that the records make, as canonical JSON in order of id
 * @throws Problem `integrity`
 */
export function checkObjects(store: Store, folded: IterableIterator<{ id: string; json: string }>): void {
  for (const { id, json } of store.storedObjects()) {
    const { value, done } = folded.next() as IteratorResult<{ id: string; json: string }, undefined>;
    if (done === true || value.id > id) throw broken(`object ${id} does not come from any record`);
    if (value.id < id) throw broken(`object ${value.id} is missing`);
    if (value.json !== json) throw broken(`object ${id} is not what the records make of it`);
  }
  const left = folded.next() as IteratorResult<{ id: string }, undefined>;
  if (left.done !== true) throw broken(`object ${left.value.id} is missing`);
}
