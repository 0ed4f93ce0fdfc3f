// Hashes of subtrees read from tiles: the rows between two levels are made once a tile and kept for the newest ones.
import { Problem } from '../base/errors.js';
import { MAX_CACHED_TILES } from '../base/limits.js';
import { HASH_BYTES, hashPairs } from './merkle.js';
import { TILE_HEIGHT, TILE_WIDTH } from './tiles.js';

/** Reads tile `n` of a level: the hashes of full subtrees of 256^level leaves, one after the other; undefined where there is none. */
export type ReadTile = (level: number, n: number) => Buffer | undefined;

/** A proof asks for many hashes of a few tiles, and the next proof for the same upper ones. */
export class Subtrees {
  readonly #read: ReadTile;
  /** By tile, its rows: hashes of 1, 2, 4 … 256 of its own; the least lately used first. */
  readonly #kept = new Map<number, readonly Buffer[]>();

  constructor(read: ReadTile) {
    this.#read = read;
  }

  /**
   * Root of the full subtree of 2^height leaves that begins at leaf index · 2^height.
   * @throws Problem `integrity`, reason `tile`, where its tile is missing or too short
   */
  readonly hash = (height: number, index: number): Buffer => {
    const level = Math.floor(height / TILE_HEIGHT);
    const row = height % TILE_HEIGHT;
    const width = TILE_WIDTH / 2 ** row;
    const n = Math.floor(index / width);
    const at = (index % width) * HASH_BYTES;
    const key = n * 64 + level;
    let rows = this.#kept.get(key);
    // A tile may have grown since its rows were kept; what it had then stays as it was.
    if (rows?.[row] === undefined || rows[row].length < at + HASH_BYTES) rows = rowsOf(this.#read(level, n));
    const found = rows[row]?.subarray(at, at + HASH_BYTES);
    if (found?.length !== HASH_BYTES) throw brokenTile(level, n);
    this.#keep(key, rows);
    return found;
  };

  /** Forgets a tile that is written anew; all of them where none is named. */
  forget(level?: number, n = 0): void {
    if (level === undefined) this.#kept.clear();
    else this.#kept.delete(n * 64 + level);
  }

  #keep(key: number, rows: readonly Buffer[]): void {
    this.#kept.delete(key);
    this.#kept.set(key, rows);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_CACHED_TILES && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** What is said of a tile that does not have the hashes it must. */
export function brokenTile(level: number, n: number): Problem {
  return new Problem('integrity', `tile ${level}/${n} of the log is missing or too short`, { reason: 'tile' });
}

function rowsOf(tile: Buffer = Buffer.alloc(0)): Buffer[] {
  const rows = [tile];
  for (let height = 1; height < TILE_HEIGHT; height++) rows.push(hashPairs(rows[height - 1] as Buffer));
  return rows;
}
