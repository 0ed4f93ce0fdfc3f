// A line of the log as bytes: the Merkle leaf that says which record, signed by whom, taken in when.
import { sha256Hex } from '../base/hash.js';
import type { Signature } from '../keys/signed.js';

// Both texts are put together by hand: the fields and their order are known and need no escaping, and every line
// of a book passes here. A test holds them against `canonical`.

/** SHA-256, hex, of the canonical signature list; the list sorted by key, as records demand. */
export function signaturesHash(signatures: readonly Signature[]): string {
  return sha256Hex(`[${signatures.map(({ by, sig }) => `{"by":"${by}","sig":"${sig}"}`).join(',')}]`);
}

/**
 * The canonical text of an entry (schema `entry@1`).
 * @param record record id, hex
 * @param signatures of validated shape, sorted by key
 * @param at ms since 1970, when the home took the record in
 */
export function entryText(record: string, signatures: readonly Signature[], at: number): string {
  return `{"at":${at},"record":"${record}","signatures":"${signaturesHash(signatures)}","v":1}`;
}
