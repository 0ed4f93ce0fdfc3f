// A record: canonical bytes that are signed, hashed and stored.
import { canonical, parseCanonical } from '../base/canonical.js';
import { Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { MAX_RECORD_BYTES, MAX_SIGNATURES, MAX_SIGNED_WHOLE } from '../base/limits.js';
import type { Signer } from '../keys/ed25519.js';
import type { Payload, Signature, SignedRecord } from '../schema/types.js';
import { validated } from '../schema/validate.js';

/** A record whose bytes are canonical and whose envelope has the right shape. Nothing else is known of it yet. */
export interface ParsedRecord {
  /** SHA-256 of the text, hex. */
  readonly id: string;
  /** The canonical bytes, as text. */
  readonly text: string;
  readonly payload: Payload;
}

/**
 * Reads a record's bytes: size, then JSON, then canonical form, then shape of the envelope.
 * The body is checked by the rules, which know its kind.
 * @param text hostile
 * @param id SHA-256 of the text, where it was worked out beforehand
 * @throws Problem `malformed`
 */
export function parseRecord(text: string, id?: string): ParsedRecord {
  if (text.length > MAX_RECORD_BYTES || Buffer.byteLength(text) > MAX_RECORD_BYTES) throw new Problem('malformed', `record above ${MAX_RECORD_BYTES} bytes`);
  const payload = validated<Payload>('record@1', parseCanonical(text));
  return { id: id ?? sha256Hex(text), text, payload };
}

/**
 * Makes a record from its payload.
 * @throws Problem `malformed` where the payload cannot be canonical
 */
export function makeRecord(payload: Payload): ParsedRecord {
  return parseRecord(canonical(payload));
}

/**
 * The version that a record is made in: 2, whose signatures cover the record's id, where the rules know it and the
 * body is so large that hashing it once a signature would cost more than the signature.
 * @param rules version that the grid runs, asked for where it counts
 */
export function versionFor(body: object, rules: () => number): Payload['v'] {
  return JSON.stringify(body).length > MAX_SIGNED_WHOLE && rules() >= 2 ? 2 : 1;
}

/**
 * Checks a list of signatures as a list: number, shape, sorted by key, none twice. No signature is checked.
 * @param signatures hostile: whatever JSON may hold
 * @throws Problem `malformed`
 */
export function checkSignatureList(signatures: readonly Signature[]): void {
  if (!Array.isArray(signatures)) throw new Problem('malformed', 'signatures are no list');
  if (signatures.length > MAX_SIGNATURES) throw new Problem('malformed', `more than ${MAX_SIGNATURES} signatures`);
  if (signatures.length === 0) throw new Problem('malformed', 'no signature');
  let before = '';
  for (const signature of signatures as readonly (Partial<Signature> | null)[]) {
    const by = signature?.by;
    const sig = signature?.sig;
    if (typeof by !== 'string' || typeof sig !== 'string' || !KEY.test(by) || !SIGNATURE.test(sig)) throw new Problem('malformed', 'a signature is not {by: 64 hex digits, sig: 64 bytes in base64}');
    if (by <= before) throw new Problem('malformed', by === before ? 'a key signs twice' : 'signatures are not sorted by key');
    before = by;
  }
}

const KEY = /^[0-9a-f]{64}$/;
const SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

/** The same signatures in the one order that is allowed. */
export function sortSignatures(signatures: readonly Signature[]): Signature[] {
  return [...signatures].sort((a, b) => (a.by < b.by ? -1 : a.by > b.by ? 1 : 0));
}

/** The canonical text of a list of signatures that `checkSignatureList` accepts; its hash stands in the entry. */
export function signaturesText(signatures: readonly Signature[]): string {
  // Neither hex nor base64 needs an escape.
  return `[${signatures.map(({ by, sig }) => `{"by":"${by}","sig":"${sig}"}`).join()}]`;
}

/** Signs a record with every signer; all sign the same bytes. */
export async function signRecord(record: ParsedRecord, signers: readonly Signer[]): Promise<SignedRecord> {
  const signatures = await Promise.all(signers.map(async (signer) => ({ by: signer.key, sig: await signer.sign('record', record.text) })));
  return { payload: record.text, signatures: sortSignatures(signatures) };
}

/**
 * The id of a farm, contract or blueprint: the first 20 bytes of SHA-256 over canonical `{by, grid, nonce}`, hex.
 * @param grid id of the grid
 * @param by key (hex) that must sign height 0
 * @param nonce 16 bytes, hex
 */
export function chainId(grid: string, by: string, nonce: string): string {
  return sha256Hex(canonical({ by, grid, nonce })).slice(0, 40);
}
