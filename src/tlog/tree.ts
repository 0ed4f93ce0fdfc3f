// The log's Merkle tree (RFC 6962), kept as the tiles that C2SP tlog-tiles serves: 256 hashes a tile.
import { Problem } from '../base/errors.js';
import { EMPTY_ROOT, foldHashes, HASH_BYTES, nodeHash } from './merkle.js';

/** Hashes in a full tile; a tile's root is one hash of the level above. */
export const TILE_WIDTH = 256;
/** log2 of the width. */
const TILE_HEIGHT = 8;

/**
 * Where tiles are kept. Tile `n` of level `l` holds the hashes of the full subtrees of 256^l leaves from
 * 256^l · 256 · n on, one after the other; the last tile of a level may be partial.
 */
export interface TileStorage {
  get(level: number, n: number): Buffer | undefined;
  /** Replaces the tile; a partial one only ever grows. */
  put(level: number, n: number, hashes: Buffer): void;
}

type ReadTile = (level: number, n: number) => Buffer;

const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n));
/** The largest power of two below n, for n of at least 2 (k of RFC 6962). */
function splitPoint(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/**
 * An appendable tree. The right edge is in memory: appending costs two hashes a leaf and writes each tile touched
 * once a call. After a transaction of the storage is rolled back the tree no longer fits it: open it again.
 */
export class Tree {
  #size: number;
  readonly #tiles: TileStorage;
  /** By level, the tile that is still growing: its hashes so far. */
  readonly #edge: Buffer[][] = [];
  /** Roots of the full subtrees that make up the tree, largest first (its size in binary). */
  readonly #peaks: Buffer[] = [];

  private constructor(tiles: TileStorage, size: number) {
    this.#tiles = tiles;
    this.#size = size;
  }

  /**
   * The tree of `size` leaves that the tiles hold; further hashes in partial tiles are ignored.
   * @throws Problem `integrity` where a tile of the right edge is missing or too short
   */
  static open(tiles: TileStorage, size: number): Tree {
    if (!Number.isSafeInteger(size) || size < 0) throw new Error(`no tree has ${size} leaves`);
    const tree = new Tree(tiles, size);
    const read = tree.#reader();
    for (let level = 0, left = size; left > 0; level++, left = Math.floor(left / TILE_WIDTH)) {
      const width = left % TILE_WIDTH;
      const tile = width === 0 ? Buffer.alloc(0) : read(level, Math.floor(left / TILE_WIDTH));
      tree.#edge[level] = Array.from({ length: width }, (_, slot) => slice(tile, slot, 1));
    }
    // Reading the peaks touches every hash of the edge, so one that is missing shows here.
    for (let start = 0; start < size; ) {
      const length = isPowerOfTwo(size - start) ? size - start : splitPoint(size - start);
      tree.#peaks.push(subtree(read, Math.log2(length), start / length));
      start += length;
    }
    return tree;
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
    this.#demand(0, size);
    if (size === 0) return EMPTY_ROOT;
    if (size !== this.#size) return range(this.#reader(), 0, size);
    return rootOf(this.#peaks);
  }

  /** Root that the tree would have with these leaves after its own; it stays as it is. */
  rootWith(leaves: readonly Buffer[]): Buffer {
    const peaks = [...this.#peaks];
    for (const [i, leaf] of leaves.entries()) {
      let reached = leaf;
      for (let left = this.#size + i; left % 2 === 1; left = Math.floor(left / 2)) reached = nodeHash(peaks.pop() ?? EMPTY_ROOT, reached);
      peaks.push(reached);
    }
    return rootOf(peaks);
  }

  /** The hashes that show leaf `index` in the tree of `size` leaves, from its sibling upwards (RFC 6962 2.1.1). */
  inclusionProof(index: number, size = this.#size): Buffer[] {
    this.#demand(index, size);
    if (index === size) throw new Error(`no leaf ${index} in a tree of ${size}`);
    const read = this.#reader();
    const proof: Buffer[] = [];
    for (let start = 0, length = size; length > 1; ) {
      const k = splitPoint(length);
      if (index < start + k) {
        proof.push(range(read, start + k, length - k));
        length = k;
      } else {
        proof.push(range(read, start, k));
        start += k;
        length -= k;
      }
    }
    return proof.reverse();
  }

  /** The hashes that show that the tree of `to` leaves continues the one of `from` (RFC 6962 2.1.2); none from 0. */
  consistencyProof(from: number, to = this.#size): Buffer[] {
    this.#demand(from, to);
    if (from === 0 || from === to) return [];
    const read = this.#reader();
    const proof: Buffer[] = [];
    let start = 0;
    let length = to;
    while (from !== start + length) {
      const k = splitPoint(length);
      if (from <= start + k) {
        proof.push(range(read, start + k, length - k));
        length = k;
      } else {
        proof.push(range(read, start, k));
        start += k;
        length -= k;
      }
    }
    // A subtree that begins with the old tree is that tree, whose root the reader has.
    if (start > 0) proof.push(range(read, start, length));
    return proof.reverse();
  }

  #demand(index: number, size: number): void {
    const fine = Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index <= size && size <= this.#size;
    if (!fine) throw new Error(`no ${index} of ${size} in a tree of ${this.#size} leaves`);
  }

  #addToTile(level: number, hash: Buffer, touched: Set<number>): void {
    const tile = (this.#edge[level] ??= []);
    tile.push(hash);
    touched.add(level);
    if (tile.length < TILE_WIDTH) return;
    this.#tiles.put(level, this.#edgeNumber(level), Buffer.concat(tile));
    tile.length = 0;
    touched.delete(level);
  }

  #putEdge(level: number): void {
    this.#tiles.put(level, this.#edgeNumber(level), Buffer.concat(this.#edge[level] ?? []));
  }

  /** Number of the tile that grows at this level. */
  #edgeNumber(level: number): number {
    return Math.floor(this.#size / TILE_WIDTH ** (level + 1));
  }

  /** Reads each tile once. */
  #reader(): ReadTile {
    const seen = new Map<string, Buffer>();
    return (level, n) => {
      const name = `${level}/${n}`;
      const tile = seen.get(name) ?? this.#tiles.get(level, n);
      if (tile === undefined) throw brokenTile(level, n);
      seen.set(name, tile);
      return tile;
    };
  }
}

function brokenTile(level: number, n: number): Problem {
  return new Problem('integrity', `tile ${level}/${n} of the log is missing or too short`, { reason: 'tile' });
}

function slice(tile: Buffer, slot: number, count: number): Buffer {
  return tile.subarray(slot * HASH_BYTES, (slot + count) * HASH_BYTES);
}

/** Root of the full subtree number `index` of 2^height leaves. */
function subtree(read: ReadTile, height: number, index: number): Buffer {
  const level = Math.floor(height / TILE_HEIGHT);
  const count = 2 ** (height % TILE_HEIGHT);
  const first = index * count;
  const n = Math.floor(first / TILE_WIDTH);
  const hashes = slice(read(level, n), first % TILE_WIDTH, count);
  if (hashes.length !== count * HASH_BYTES) throw brokenTile(level, n);
  return foldHashes(hashes);
}

/** MTH(D[start : start + length]) of RFC 6962 2.1, for the ranges that its proofs are made of. */
function range(read: ReadTile, start: number, length: number): Buffer {
  if (isPowerOfTwo(length)) return subtree(read, Math.log2(length), start / length);
  const k = splitPoint(length);
  return nodeHash(range(read, start, k), range(read, start + k, length - k));
}

/** @param peaks roots of the full trees that a tree is made of, largest first */
function rootOf(peaks: readonly Buffer[]): Buffer {
  const [lowest, ...above] = peaks.toReversed();
  return above.reduce((right, left) => nodeHash(left, right), lowest ?? EMPTY_ROOT);
}
