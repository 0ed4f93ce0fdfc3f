// The log's Merkle tree (RFC 6962), kept as the tiles that C2SP tlog-tiles serves: 256 hashes a tile.
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './merkle.js';
import { consistencyProof, inclusionProof, peaks, rootOfPeaks, treeRoot } from './prove.js';
import { brokenTile, Subtrees } from './subtrees.js';
import { TILE_HEIGHT, TILE_WIDTH } from './tiles.js';

/**
 * Where tiles are kept. Tile `n` of level `l` holds the hashes of the full subtrees of 256^l leaves from
 * 256^l · 256 · n on, one after the other; the last tile of a level may be partial.
 */
export interface TileStorage {
  get(level: number, n: number): Buffer | undefined;
  /** Replaces the tile; a partial one only ever grows. */
  put(level: number, n: number, hashes: Buffer): void;
}

/**
 * An appendable tree. The right edge is in memory: appending costs two hashes a leaf and writes each tile touched
 * once a call. After a transaction of the storage is rolled back the tree no longer fits it: open it again.
 */
export class Tree {
  #size: number;
  readonly #tiles: TileStorage;
  readonly #subtrees: Subtrees;
  /** By level, the tile that is still growing: its hashes so far. */
  readonly #edge: Buffer[][] = [];
  /** Roots of the full subtrees that make up the tree, largest first. */
  readonly #peaks: Buffer[];

  private constructor(tiles: TileStorage, size: number, subtrees: Subtrees) {
    this.#tiles = tiles;
    this.#size = size;
    this.#subtrees = subtrees;
    for (let level = 0, left = size; left > 0; level++, left = Math.floor(left / TILE_WIDTH)) {
      const first = left - (left % TILE_WIDTH);
      this.#edge[level] = Array.from({ length: left % TILE_WIDTH }, (_, slot) => subtrees.hash(level * TILE_HEIGHT, first + slot));
    }
    this.#peaks = peaks(subtrees.hash, size);
  }

  /**
   * The tree of `size` leaves that the tiles hold; further hashes in partial tiles are ignored.
   * @param subtrees of the same tiles, kept by the caller from one opening to the next; to be cleared after a rollback
   * @throws Problem `integrity` where a tile of the right edge is missing or too short
   */
  static open(tiles: TileStorage, size: number, subtrees = new Subtrees((level, n) => tiles.get(level, n))): Tree {
    if (!Number.isSafeInteger(size) || size < 0) throw new Error(`no tree has ${size} leaves`);
    return new Tree(tiles, size, subtrees);
  }

  /** Leaves in the tree. */
  get size(): number {
    return this.#size;
  }

  /** Appends leaves (their hashes, 32 bytes each) in order and puts the tiles that changed. */
  append(leaves: readonly Buffer[]): void {
    const touched = new Set<number>();
    for (const leaf of leaves) {
      this.#addToTile(0, leaf, touched);
      let reached = leaf;
      let height = 0;
      for (let left = this.#size; left % 2 === 1; left = Math.floor(left / 2)) {
        const peak = this.#peaks.pop();
        if (peak === undefined) throw new Error('a peak is missing');
        reached = nodeHash(peak, reached);
        height++;
        if (height % TILE_HEIGHT === 0) this.#addToTile(height / TILE_HEIGHT, reached, touched);
      }
      this.#peaks.push(reached);
      this.#size++;
    }
    for (const level of touched) this.#putEdge(level);
  }

  /**
   * Root of the tree, or of an earlier one of `size` leaves (RFC 6962 2.1).
   * @throws Problem `integrity` where a tile is missing; Error where the size is above the tree's
   */
  root(size = this.#size): Buffer {
    if (size === this.#size) return rootOfPeaks(this.#peaks);
    return treeRoot(this.#subtrees.hash, this.#within(size));
  }

  /** Root that the tree would have with these leaves after its own; it stays as it is. */
  rootWith(leaves: readonly Buffer[]): Buffer {
    return rootOfPeaks(this.#peaksWith(leaves));
  }

  /** The inclusion proof of whatever leaf comes after these: as the last one it has all its siblings on the left. */
  proofOfNext(leaves: readonly Buffer[] = []): Buffer[] {
    return this.#peaksWith(leaves).reverse();
  }

  #peaksWith(leaves: readonly Buffer[]): Buffer[] {
    const tops = [...this.#peaks];
    for (const [i, leaf] of leaves.entries()) {
      let reached = leaf;
      for (let left = this.#size + i; left % 2 === 1; left = Math.floor(left / 2)) reached = nodeHash(tops.pop() ?? EMPTY_ROOT, reached);
      tops.push(reached);
    }
    return tops;
  }

  /** `inclusionProof` in this tree, or an earlier one of `size` leaves. */
  inclusionProof(index: number, size = this.#size): Buffer[] {
    return inclusionProof(this.#subtrees.hash, index, this.#within(size));
  }

  /** `consistencyProof` to this tree, or an earlier one of `to` leaves. */
  consistencyProof(from: number, to = this.#size): Buffer[] {
    return consistencyProof(this.#subtrees.hash, from, this.#within(to));
  }

  /**
   * The first `width` hashes of a tile, as C2SP tlog-tiles serves it.
   * @throws Problem `integrity`, reason `tile`, where it is missing or has fewer
   */
  tile(level: number, n: number, width: number): Buffer {
    const hashes = this.#tiles.get(level, n)?.subarray(0, width * HASH_BYTES);
    if (hashes?.length !== width * HASH_BYTES) throw brokenTile(level, n);
    return hashes;
  }

  #within(size: number): number {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.#size) throw new Error(`no ${size} leaves in a tree of ${this.#size}`);
    return size;
  }

  #addToTile(level: number, hash: Buffer, touched: Set<number>): void {
    const tile = (this.#edge[level] ??= []);
    tile.push(hash);
    touched.add(level);
    if (tile.length < TILE_WIDTH) return;
    this.#putEdge(level);
    tile.length = 0;
    touched.delete(level);
  }

  #putEdge(level: number): void {
    const n = Math.floor(this.#size / TILE_WIDTH ** (level + 1));
    this.#tiles.put(level, n, Buffer.concat(this.#edge[level] ?? []));
    this.#subtrees.forget(level, n);
  }
}
