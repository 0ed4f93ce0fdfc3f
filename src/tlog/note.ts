// Signed notes: a text with signature lines below it (C2SP signed-note).
import { Problem } from '../base/errors.js';
import { sha256 } from '../base/hash.js';
import { MAX_CHECKPOINT_BYTES, MAX_NOTE_SIGNATURES } from '../base/limits.js';

/** Signature types of C2SP signed-note that are used here: Ed25519 over the text; time-stamped cosignature/v1. */
export const NOTE_TYPES = { ed25519: 0x01, cosignature: 0x04 } as const;
/** A signature type by name. */
export type NoteType = keyof typeof NOTE_TYPES;

/** A note taken apart; nothing is known of its signatures yet. */
export interface Note {
  /** With its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A key as notes know it. */
export interface NoteKey {
  readonly name: string;
  readonly type: NoteType;
  /** Raw public key, hex. */
  readonly key: string;
}

/** Whether an Ed25519 signature of 64 bytes holds; key of 32 bytes. Handed in, so that nothing here depends on a library. */
export type CheckEd25519 = (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** Checks the signatures of one key on notes. */
export interface Verifier {
  readonly name: string;
  /** Key id: 4 bytes, hex. */
  readonly id: string;
  /** Whether the bytes after the key id are this key's signature on the text. Never throws; any length may come. */
  verify(text: string, signature: Buffer): boolean;
}

/** One line below the text. */
export interface NoteSignature {
  readonly name: string;
  /** Key id: 4 bytes, hex. */
  readonly id: string;
  /** What comes after the key id. */
  readonly signature: Buffer;
}

// Neither Unicode spaces nor plus; control characters are refused for the whole note.
const NAME = /^[^\s\u0085+]+$/u;
const VKEY = /^([^\s\u0085+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u;

function broken(what: string): Problem {
  return new Problem('integrity', `signed note: ${what}`, { reason: 'note' });
}

/** Key id, 8 hex digits: the first 4 bytes of SHA-256 over name, newline, type and key. */
export function noteKeyId({ name, type, key }: NoteKey): string {
  return sha256(`${name}\n`, Buffer.of(NOTE_TYPES[type]), Buffer.from(key, 'hex')).toString('hex', 0, 4);
}

/** A verifier key as C2SP tools take it: `<name>+<key id>+<base64 of type and key>`. */
export function formatVkey(key: NoteKey): string {
  const bytes = Buffer.concat([Buffer.of(NOTE_TYPES[key.type]), Buffer.from(key.key, 'hex')]);
  return `${key.name}+${noteKeyId(key)}+${bytes.toString('base64')}`;
}

/** Reads a verifier key. @throws Problem `malformed` unless it is an Ed25519 key of a known type with its own id */
export function parseVkey(text: string): NoteKey {
  const [, name = '', id, data = ''] = VKEY.exec(text) ?? [];
  const bytes = Buffer.from(data, 'base64');
  const type = (Object.keys(NOTE_TYPES) as NoteType[]).find((one) => NOTE_TYPES[one] === bytes[0]);
  if (type === undefined || bytes.length !== 33 || bytes.toString('base64') !== data) throw new Problem('malformed', 'not a verifier key of an Ed25519 type');
  const key: NoteKey = { name, type, key: bytes.toString('hex', 1) };
  if (noteKeyId(key) !== id) throw new Problem('malformed', 'a verifier key does not match its own key id');
  return key;
}

/** The note: text, which ends in a newline, an empty line, the signature lines. */
export function formatNote(text: string, signatures: readonly NoteSignature[]): string {
  return `${text}\n${signatures.map(formatSignature).join('')}`;
}

/** A signature line with its newline. */
export function formatSignature({ name, id, signature }: NoteSignature): string {
  return `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}\n`;
}

/**
 * Takes a note apart; checks its form only, no signature.
 * @param note hostile
 * @throws Problem `integrity`, reason `note`: too large, not well-formed, control characters, no or odd signature lines
 */
export function parseNote(note: string): Note {
  if (note.length > MAX_CHECKPOINT_BYTES || Buffer.byteLength(note) > MAX_CHECKPOINT_BYTES) throw broken(`larger than ${MAX_CHECKPOINT_BYTES} bytes`);
  if (!note.isWellFormed() || note.includes('\ufffd')) throw broken('not well-formed UTF-8');
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw broken('control characters');
  const end = note.lastIndexOf('\n\n');
  if (end <= 0 || !note.endsWith('\n')) throw broken('no text, or no signatures below it');
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > MAX_NOTE_SIGNATURES) throw broken(`more than ${MAX_NOTE_SIGNATURES} signatures`);
  return { text: note.slice(0, end + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): NoteSignature {
  const [dash, name, data, ...more] = line.split(' ');
  if (dash !== '—' || name === undefined || !NAME.test(name) || data === undefined || more.length > 0) throw broken('a line below the text is no signature');
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length < 5 || bytes.toString('base64') !== data) throw broken('a signature is not base64 of a key id and more');
  return { name, id: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) };
}

/** A verifier of plain Ed25519 signatures on a note's text (signature type 1). */
export function ed25519Verifier(key: Omit<NoteKey, 'type'>, check: CheckEd25519): Verifier {
  const bytes = Buffer.from(key.key, 'hex');
  return { name: key.name, id: noteKeyId({ ...key, type: 'ed25519' }), verify: (text, signature) => signature.length === 64 && check(bytes, Buffer.from(text), signature) };
}

/**
 * The signature of one key on a note, checked; lines of other keys, known by name *and* id, do not matter.
 * @returns what comes after the key id
 * @throws Problem `integrity`, reason `note`: none, more than one, or one that does not hold
 */
export function signatureBy({ text, signatures }: Note, verifier: Verifier): Buffer {
  const [found, ...more] = signatures.filter(({ name, id }) => name === verifier.name && id === verifier.id);
  if (found === undefined) throw broken(`not signed by ${verifier.name}`);
  if (more.length > 0) throw broken(`signed twice by ${verifier.name}`);
  if (!verifier.verify(text, found.signature)) throw broken(`the signature by ${verifier.name} does not hold`);
  return found.signature;
}
