// The Merkle tree over a state: how objects become buckets, buckets leaves, leaves a root (RFC 6962 2.1).
//
// An object is in the bucket that the first bits of SHA-256(id) name, read as a big-endian number; there are 2^n
// buckets. A bucket's leaf is the canonical JSON of all its `[id, SHA-256 of the object's canonical JSON, hex]`, sorted
// by id, so that what is not in the list is not in the state.
import { canonical } from '../base/canonical.js';
import { sha256, sha256Hex } from '../base/hash.js';
import { MAX_STATE_BUCKETS } from '../base/limits.js';
import { HASH_BYTES, leafHash, nodeHash } from '../tlog/merkle.js';

/** An object in its bucket: id, and SHA-256 of its canonical JSON in hex. */
export type BucketEntry = [id: string, hash: string];

/** Objects in a bucket, on average: a proof carries one whole bucket and a path of the tree. */
const OBJECTS_A_BUCKET = 16;

/** A number of buckets that suits a state. */
export function bucketsFor(objects: number): number {
  let buckets = 1;
  while (buckets < MAX_STATE_BUCKETS && buckets * OBJECTS_A_BUCKET < objects) buckets *= 2;
  return buckets;
}

/** The bucket of an id where there are as many as there may be; with fewer, the first bits of it count. */
export function slotOf(id: string): number {
  return sha256(id).readUInt16BE();
}

/** The bucket of an id. @param buckets a power of two, at most 65,536 */
export function bucketOf(id: string, buckets: number): number {
  return Math.floor(slotOf(id) / (MAX_STATE_BUCKETS / buckets));
}

/** An object as it stands in its bucket. @param json canonical */
export function entryOf(id: string, json: string): BucketEntry {
  return [id, sha256Hex(json)];
}

/** The leaf hash of a bucket. @param entries sorted by id */
export function bucketLeaf(entries: readonly BucketEntry[]): Buffer {
  return leafHash(canonical(entries));
}

/** A tree with a power of two of leaves that change. Root and proofs are RFC 6962's, since the tree is whole. */
export class BucketTree {
  /** The root is node 1, the children of node n are 2n and 2n+1, the leaves come last. */
  readonly nodes: Buffer;
  #changed = new Set<number>();

  /** @param nodes of an earlier tree, which then belong to this one */
  constructor(nodes: Buffer) {
    this.nodes = nodes;
  }

  /** A tree whose leaves are still to be set, all of them. */
  static of(buckets: number): BucketTree {
    return new BucketTree(Buffer.alloc(2 * buckets * HASH_BYTES));
  }

  /** Leaves. */
  get buckets(): number {
    return this.nodes.length / HASH_BYTES / 2;
  }

  set(bucket: number, leaf: Buffer): void {
    this.#write(this.buckets + bucket, leaf);
  }

  /** Root of the leaves as they are now. */
  root(): Buffer {
    while (this.#changed.size > 0 && !this.#changed.has(1)) {
      const parents = new Set([...this.#changed].map((node) => node >>> 1));
      this.#changed.clear();
      for (const node of parents) this.#write(node, nodeHash(this.#read(2 * node), this.#read(2 * node + 1)));
    }
    this.#changed.clear();
    return this.#read(1);
  }

  /** The hashes that show a leaf, from its sibling upwards; after `root`. */
  proof(bucket: number): Buffer[] {
    const proof: Buffer[] = [];
    for (let node = this.buckets + bucket; node > 1; node >>>= 1) proof.push(this.#read(node ^ 1));
    return proof;
  }

  #read(node: number): Buffer {
    return this.nodes.subarray(node * HASH_BYTES, (node + 1) * HASH_BYTES);
  }

  #write(node: number, hash: Buffer): void {
    hash.copy(this.nodes, node * HASH_BYTES);
    this.#changed.add(node);
  }
}
