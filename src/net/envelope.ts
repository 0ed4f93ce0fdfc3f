// Records that several sign, as files: DSSE envelopes that are mailed, read in plain words, signed, and handed in by
// whoever signs last.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fromBase64 } from '../base/bytes.js';
import type { Clock } from '../base/clock.js';
import { messageOf, Problem } from '../base/errors.js';
import { MAX_BODY_BYTES } from '../base/limits.js';
import { checkNamed } from '../bcdb/ingest.js';
import { checkSignatureList, parseRecord, sortSignatures, type ParsedRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import { replaceFile } from '../home.js';
import { accountRolesOf } from '../keys/accounts.js';
import { verifyBytes, type Signer } from '../keys/ed25519.js';
import type { Keyring } from '../keys/keyring.js';
import { isById, signingBytes } from '../keys/signed.js';
import { gridRules } from '../rules/all.js';
import type { Envelope, Signature } from '../schema/types.js';
import { hasSchema, validated } from '../schema/validate.js';

/** A record as a file holds it; every signature on it holds. */
export interface SignedFile {
  readonly record: ParsedRecord;
  readonly signatures: readonly Signature[];
}

/** DSSE's word for what the signatures cover. */
function typeOf(payload: string): Envelope['payloadType'] {
  return isById(payload) ? 'application/vnd.3bot.record-id' : 'application/vnd.3bot.record+json';
}

/** Text of an envelope (DSSE v1, JSON). */
export function envelopeText(payload: string, signatures: readonly Signature[]): string {
  const envelope: Envelope = {
    payload: Buffer.from(payload).toString('base64'),
    payloadType: typeOf(payload),
    signatures: sortSignatures(signatures).map(({ by, sig }) => ({ keyid: by, sig })),
  };
  return `${JSON.stringify(envelope, null, 2)}\n`;
}

/**
 * Reads an envelope: size → JSON → shape → canonical payload → body → each signature.
 * @throws Problem `not_found`; `malformed`; `integrity` where a signature does not hold
 */
export function readEnvelope(path: string): SignedFile {
  if (!existsSync(path)) throw new Problem('not_found', `no file ${path}`, { reason: 'draft' });
  if (statSync(path).size > MAX_BODY_BYTES) throw new Problem('malformed', `${path} is larger than any draft`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Problem('malformed', `${path} is no draft: ${cause instanceof SyntaxError ? 'it is not JSON' : messageOf(cause)}`, { cause });
  }
  const envelope = validated<Envelope>('envelope@1', value);
  const record = parseRecord(fromBase64(envelope.payload).toString('utf8'));
  if (envelope.payloadType !== typeOf(record.text)) throw new Problem('malformed', `${path} is called ${envelope.payloadType}, and is a record of version ${record.payload.v}`);
  const { kind, body } = record.payload;
  if (!hasSchema(kind)) throw new Problem('malformed', `${path} is a draft of kind ${kind}, which is not known here`);
  validated(kind, body);
  const said = signingBytes('record', record.text);
  const broken = envelope.signatures.find(({ keyid, sig }) => !verifyBytes(keyid, said, sig));
  if (broken !== undefined) throw new Problem('integrity', `${path}: the signature by ${broken.keyid} does not hold`, { reason: 'signature' });
  return { record, signatures: mergeSignatures([], envelope.signatures.map(({ keyid, sig }) => ({ by: keyid, sig }))) };
}

/**
 * A draft as somebody sent it: payload → body → who may sign → no key that nobody asked for → each signature.
 * @param draft hostile
 * @throws Problem `malformed`; `integrity` where a signature does not hold; `refused` where the book would not take the
 *   record whoever signs it (deadline over, a party unknown, another grid), or a key signs that it does not name
 */
export function openDraft(reader: Reader, draft: { readonly payload: string; readonly signatures: readonly Signature[] }, at: number): SignedFile {
  const record = parseRecord(draft.payload);
  if (draft.signatures.length > 0) checkSignatureList(draft.signatures);
  checkNamed(gridRules.expected(reader, record, { at, index: reader.size }), draft.signatures);
  const said = signingBytes('record', record.text);
  const broken = draft.signatures.find(({ by, sig }) => !verifyBytes(by, said, sig));
  if (broken !== undefined) throw new Problem('integrity', `the signature by ${broken.by} does not hold`, { reason: 'signature' });
  return { record, signatures: draft.signatures };
}

/** Both lists as one, in the order that a record has; of a key that is in both, what is newer. */
export function mergeSignatures(before: readonly Signature[], newer: readonly Signature[]): Signature[] {
  return sortSignatures([...new Map([...before, ...newer].map((signature) => [signature.by, signature])).values()]);
}

/** Writes an envelope in place of what the path has; signatures that were on the same record stay. */
export function saveEnvelope(path: string, record: ParsedRecord, signatures: readonly Signature[], before?: SignedFile): SignedFile {
  const all = mergeSignatures(before?.record.id === record.id ? before.signatures : [], signatures);
  replaceFile(path, envelopeText(record.text, all));
  return { record, signatures: all };
}

/**
 * Whether the book would take the record as it is signed now.
 * @returns null, or what is missing
 * @throws Problem `refused` where more signatures cannot help: the deadline is over, a party unknown, another grid
 */
export function missing(reader: Reader, { record, signatures }: SignedFile, at: number): Problem | null {
  const expected = gridRules.expected(reader, record, { at, index: reader.size });
  try {
    expected.check(new Set(signatures.map(({ by }) => by)));
    return null;
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.reason === 'signatures') return thrown;
    throw thrown;
  }
}

/**
 * Signs with those of the identity's keys that the record names.
 * @throws Problem `refused`, reason `key`, where it names none
 */
export async function signWith<File extends SignedFile>(reader: Reader, file: File, keyring: Keyring, clock: Clock): Promise<File> {
  const { allowed } = gridRules.expected(reader, file.record, { at: clock(), index: reader.size });
  const mine: Signer[] = ['bot', ...accountRolesOf(keyring)].map((role) => keyring.signer(role)).filter(({ key }) => allowed.has(key));
  if (mine.length === 0) throw new Problem('refused', `${keyring.name} is not among those who are to sign this`, { reason: 'key', hint: '3bot identity keys (which keys speak for you), or 3bot identity use NAME' });
  const own = await Promise.all(mine.map(async (signer) => ({ by: signer.key, sig: await signer.sign('record', file.record.text) })));
  return { ...file, signatures: mergeSignatures(file.signatures, own) };
}
