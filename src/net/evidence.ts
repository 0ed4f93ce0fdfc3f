// Whether what does not hold is the home's own word, or only what somebody has sent in its name.
import { fromBase64 } from '../base/bytes.js';
import { isProblem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { openCheckpoint } from '../bcdb/checkpoint.js';
import type { Batch } from '../bcdb/copy.js';
import { entryText } from '../bcdb/entry.js';
import { leafHash, verifyConsistency } from '../tlog/merkle.js';
import { pinnedBy, trustOf } from '../bcdb/pinned.js';
import { signaturesText } from '../bcdb/record.js';
import type { Reader } from '../bcdb/store.js';
import type { Line } from '../schema/types.js';

/**
 * Whether the home has signed what `ingestBatch` did not take: a checkpoint that contradicts the lines held here, or
 * one that has these very lines below it. Lines, proofs and checkpoints that anybody on the way could have changed
 * or made up are no evidence.
 * @param grid id of the grid that is expected
 */
export function isSignedByHome(reader: Reader, grid: string, { lines, trailer }: Batch): boolean {
  const [first] = lines;
  if (reader.size === 0 && first === undefined) return false;
  try {
    const there = openCheckpoint(trailer.checkpoint, reader.size === 0 && first !== undefined ? pinnedBy(first, grid) : trustOf(reader, grid));
    if (there.size < reader.size) return true;
    if (there.size === reader.size && !reader.tree.root().equals(there.root)) return true;
    const size = reader.size + lines.length;
    const proof = trailer.consistency.map((hash) => fromBase64(hash, 32));
    return size <= there.size && verifyConsistency(size, there.size, reader.tree.rootWith(lines.map(leafOf)), there.root, proof);
  } catch (thrown) {
    if (isProblem(thrown)) return false;
    throw thrown;
  }
}

function leafOf({ payload, signatures, at }: Line): Buffer {
  return leafHash(entryText(sha256Hex(payload), signaturesText(signatures), at));
}
