// Tiles in memory and RFC 6962 written as it reads, to hold the real tree against.
import { nodeHash, EMPTY_ROOT } from '../../src/tlog/merkle.js';
import type { TileStorage } from '../../src/tlog/tree.js';

/** Tiles in a map; counts what is put. */
export class MemoryTiles implements TileStorage {
  readonly tiles = new Map<string, Buffer>();
  puts = 0;
  get(level: number, n: number): Buffer | undefined {
    return this.tiles.get(`${level}/${n}`);
  }
  put(level: number, n: number, hashes: Buffer): void {
    this.puts++;
    this.tiles.set(`${level}/${n}`, Buffer.from(hashes));
  }
}

function largestPowerBelow(n: number): number {
  return 2 ** (Math.ceil(Math.log2(n)) - 1);
}

/** MTH of RFC 6962 2.1, over leaf hashes. */
export function naiveRoot(leaves: readonly Buffer[]): Buffer {
  const [only, ...more] = leaves;
  if (only === undefined) return EMPTY_ROOT;
  if (more.length === 0) return only;
  const k = largestPowerBelow(leaves.length);
  return nodeHash(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH of RFC 6962 2.1.1. */
export function naivePath(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return [];
  const k = largestPowerBelow(leaves.length);
  return index < k
    ? [...naivePath(index, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(index - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

/** PROOF and SUBPROOF of RFC 6962 2.1.2. */
export function naiveConsistency(from: number, leaves: readonly Buffer[], whole = true): Buffer[] {
  if (from === leaves.length) return whole ? [] : [naiveRoot(leaves)];
  const k = largestPowerBelow(leaves.length);
  return from <= k
    ? [...naiveConsistency(from, leaves.slice(0, k), whole), naiveRoot(leaves.slice(k))]
    : [...naiveConsistency(from - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}
