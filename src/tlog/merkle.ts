// Merkle tree hashes and the checking of proofs (RFC 6962 2.1, RFC 9162 2.1): pure, nothing of our own in it.
import { hash } from 'node:crypto';
import { sha256 } from '../base/hash.js';

/** Root of the tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Buffer = sha256();

/** Bytes of a hash. */
export const HASH_BYTES = 32;

// hash() with a latin1 ('binary') digest costs a third of createHash() with Buffers; one buffer serves every node.
const scratch = Buffer.alloc(1 + 2 * HASH_BYTES);
scratch[0] = 0x01;

/** Hash of a leaf: SHA-256 of a zero byte and the entry (RFC 6962 2.1). @param entry bytes, or a text's UTF-8 */
export function leafHash(entry: string | Uint8Array): Buffer {
  const data = typeof entry === 'string' ? `\0${entry}` : Buffer.concat([Buffer.of(0), entry]);
  return Buffer.from(hash('sha256', data, 'binary'), 'latin1');
}

/** The same of an entry that is text, as 64 hex digits: less than half the time where no bytes are needed. */
export function leafHex(entry: string): string {
  return hash('sha256', `\0${entry}`, 'hex');
}

/** Hash of an inner node: SHA-256 of a one byte, the left and the right hash (RFC 6962 2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  scratch.set(left, 1);
  scratch.set(right, 1 + HASH_BYTES);
  return Buffer.from(hash('sha256', scratch, 'binary'), 'latin1');
}

/** The hashes one level up: of each whole pair of those that lie one after the other in `row`. */
export function hashPairs(row: Buffer): Buffer {
  const above = Buffer.allocUnsafe(Math.floor(row.length / (2 * HASH_BYTES)) * HASH_BYTES);
  for (let at = 0; at < above.length; at += HASH_BYTES) {
    scratch.set(row.subarray(2 * at, 2 * at + 2 * HASH_BYTES), 1);
    above.write(hash('sha256', scratch, 'binary'), at, 'latin1');
  }
  return above;
}

function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0;
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((one) => one.length === HASH_BYTES);
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

// Sizes may pass 2^32, which the operators & and >> cannot carry.
const isOdd = (n: number): boolean => n % 2 === 1;
const half = (n: number): number => Math.floor(n / 2);

/** One step of the way from a leaf to the root. */
export interface Climbed {
  readonly sibling: Uint8Array;
  /** Whether the sibling is the left of the two. */
  readonly isLeft: boolean;
  /** Hash of both. */
  readonly reached: Buffer;
}

/**
 * The way from a leaf upwards by the hashes of a proof (RFC 9162 2.1.3.2), one step a hash. Never throws on hostile input.
 * @returns undefined where the proof does not have the length of that place, or something is no hash
 */
export function climb(leaf: Uint8Array, index: number, size: number, proof: readonly Uint8Array[]): Climbed[] | undefined {
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes([leaf, ...proof])) return undefined;
  const steps: Climbed[] = [];
  let place = index;
  let last = size - 1;
  let below = leaf;
  for (const sibling of proof) {
    if (last === 0) return undefined;
    const isLeft = isOdd(place) || place === last;
    const reached = isLeft ? nodeHash(sibling, below) : nodeHash(below, sibling);
    steps.push({ sibling, isLeft, reached });
    below = reached;
    // A node on the right edge without a sibling is its own parent: climb until it is a right child.
    if (isLeft) while (!isOdd(place) && place !== 0) [place, last] = [half(place), half(last)];
    [place, last] = [half(place), half(last)];
  }
  return last === 0 ? steps : undefined;
}

/**
 * Whether a proof shows a leaf in a tree (RFC 9162 2.1.3.2). Never throws on hostile input; exact in the proof's length.
 * @param leaf hash of the leaf
 * @param index place of the leaf, from 0
 * @param size leaves of the tree
 * @param proof hashes from the leaf's sibling upwards
 * @param root root of the tree of that size
 */
export function verifyInclusion(leaf: Uint8Array, index: number, size: number, proof: readonly Uint8Array[], root: Uint8Array): boolean {
  const steps = climb(leaf, index, size, proof);
  return steps !== undefined && equal(steps.at(-1)?.reached ?? leaf, root);
}

/**
 * Whether a proof shows that the tree of size `to` continues the tree of size `from` (RFC 9162 2.1.4.2).
 * Never throws on hostile input; exact in the proof's length. Every tree continues the empty one, by an empty proof.
 * @param proof as in RFC 6962 2.1.2
 */
export function verifyConsistency(from: number, to: number, fromRoot: Uint8Array, toRoot: Uint8Array, proof: readonly Uint8Array[]): boolean {
  if (!isSize(from) || !isSize(to) || from > to || !areHashes([fromRoot, toRoot, ...proof])) return false;
  if (from === to) return proof.length === 0 && equal(fromRoot, toRoot) && (from > 0 || equal(fromRoot, EMPTY_ROOT));
  if (from === 0) return proof.length === 0 && equal(fromRoot, EMPTY_ROOT);
  let place = from - 1;
  let last = to - 1;
  while (isOdd(place)) [place, last] = [half(place), half(last)];
  // The old tree being whole on the left, its root is where the climb starts and is not repeated in the proof.
  const path = place === 0 ? [fromRoot, ...proof] : proof;
  const [start, ...rest] = path;
  if (start === undefined) return false;
  let before: Uint8Array = start;
  let after: Uint8Array = start;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(place) || place === last) {
      before = nodeHash(sibling, before);
      after = nodeHash(sibling, after);
      while (!isOdd(place) && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      after = nodeHash(after, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && equal(before, fromRoot) && equal(after, toRoot);
}
