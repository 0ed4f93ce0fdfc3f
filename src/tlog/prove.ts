// Roots and proofs (RFC 6962 2.1) out of the hashes of full subtrees, wherever those come from.
import { EMPTY_ROOT, nodeHash } from './merkle.js';

/** Root of the full subtree of 2^height leaves that begins at leaf index · 2^height. */
export type SubtreeHash = (height: number, index: number) => Buffer;

const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n));

/** The largest power of two below n, for n of at least 2 (k of RFC 6962). */
function splitPoint(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** MTH(D[start : start + length]), for the ranges that proofs are made of: full subtrees, and what ends the tree. */
function range(hash: SubtreeHash, start: number, length: number): Buffer {
  if (isPowerOfTwo(length)) return hash(Math.log2(length), start / length);
  const k = splitPoint(length);
  return nodeHash(range(hash, start, k), range(hash, start + k, length - k));
}

/** Roots of the full subtrees that a tree is made of, largest first: its size in binary. */
export function peaks(hash: SubtreeHash, size: number): Buffer[] {
  const found: Buffer[] = [];
  for (let start = 0; start < size; ) {
    const length = isPowerOfTwo(size - start) ? size - start : splitPoint(size - start);
    found.push(hash(Math.log2(length), start / length));
    start += length;
  }
  return found;
}

/** Root of the tree that has these peaks, largest first. */
export function rootOfPeaks(tops: readonly Buffer[]): Buffer {
  const [lowest, ...above] = tops.toReversed();
  return above.reduce((right, left) => nodeHash(left, right), lowest ?? EMPTY_ROOT);
}

/** Root of the tree of `size` leaves (RFC 6962 2.1). */
export function treeRoot(hash: SubtreeHash, size: number): Buffer {
  return rootOfPeaks(peaks(hash, size));
}

/** The hashes that show leaf `index` in the tree of `size` leaves, from its sibling upwards (RFC 6962 2.1.1). @throws Error where there is no such leaf */
export function inclusionProof(hash: SubtreeHash, index: number, size: number): Buffer[] {
  if (!Number.isSafeInteger(index) || index < 0 || !Number.isSafeInteger(size) || index >= size) throw new Error(`no leaf ${index} in a tree of ${size}`);
  const proof: Buffer[] = [];
  for (let start = 0, length = size; length > 1; ) {
    const k = splitPoint(length);
    if (index < start + k) {
      proof.push(range(hash, start + k, length - k));
      length = k;
    } else {
      proof.push(range(hash, start, k));
      start += k;
      length -= k;
    }
  }
  return proof.reverse();
}

/** The hashes that show that the tree of `to` leaves continues the one of `from` (RFC 6962 2.1.2); none from 0. @throws Error where it has fewer */
export function consistencyProof(hash: SubtreeHash, from: number, to: number): Buffer[] {
  if (!Number.isSafeInteger(from) || from < 0 || !Number.isSafeInteger(to) || from > to) throw new Error(`a tree of ${to} leaves continues none of ${from}`);
  if (from === 0 || from === to) return [];
  const proof: Buffer[] = [];
  let start = 0;
  let length = to;
  while (from !== start + length) {
    const k = splitPoint(length);
    if (from <= start + k) {
      proof.push(range(hash, start + k, length - k));
      length = k;
    } else {
      proof.push(range(hash, start, k));
      start += k;
      length -= k;
    }
  }
  // A subtree that begins with the old tree is that tree, whose root the reader has.
  if (start > 0) proof.push(range(hash, start, length));
  return proof.reverse();
}
