// A line of the log as bytes: the Merkle leaf that says which record, signed by whom, taken in when.
import { sha256Hex } from '../base/hash.js';

/**
 * The canonical text of an entry (schema `entry@1`): `{at, record, signatures, v}`. Put together by hand, since
 * every line of a book passes here and its fields need no escaping; a test holds it against `canonical`.
 * @param record record id, hex
 * @param signaturesText canonical text of the record's signatures, whose SHA-256 the entry holds
 * @param at ms since 1970, when the home took the record in
 * @param signaturesHash that SHA-256 in hex, where it was worked out beforehand
 */
export function entryText(record: string, signaturesText: string, at: number, signaturesHash = sha256Hex(signaturesText)): string {
  return `{"at":${at},"record":"${record}","signatures":"${signaturesHash}","v":1}`;
}
