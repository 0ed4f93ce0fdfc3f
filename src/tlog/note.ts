// Signed notes: a text with signature lines below it (C2SP signed-note).
import { Problem } from '../base/errors.js';
import { sha256 } from '../base/hash.js';
import { MAX_CHECKPOINT_BYTES, MAX_NOTE_SIGNATURES } from '../base/limits.js';

/** Signature types of C2SP signed-note that are used here: Ed25519 over the text; time-stamped cosignature/v1. */
export const NOTE_TYPES = { ed25519: 0x01, cosignature: 0x04 } as const;
/** A signature type by name. */
export type NoteType = keyof typeof NOTE_TYPES;

/** A key as notes know it. */
export interface NoteKey {
  readonly name: string;
  readonly type: NoteType;
  /** Raw public key, hex. */
  readonly key: string;
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
  const lines = signatures.map(({ name, id, signature }) => `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}\n`);
  return `${text}\n${lines.join('')}`;
}

/**
 * Takes a note apart; checks its form only, no signature.
 * @param note hostile
 * @throws Problem `integrity`, reason `note`: too large, not well-formed, control characters, no or odd signature lines
 */
export function parseNote(note: string): { text: string; signatures: NoteSignature[] } {
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

/**
 * The one signature of a key on a note, not yet checked; lines of other keys, known by name *and* id, do not matter.
 * @throws Problem `integrity`, reason `note`: none, more than one, or of another length than its type has
 */
export function signatureOf(signatures: readonly NoteSignature[], key: NoteKey): Buffer {
  const id = noteKeyId(key);
  const [found, ...more] = signatures.filter((one) => one.name === key.name && one.id === id);
  if (found === undefined) throw broken(`not signed by ${key.name}`);
  if (more.length > 0) throw broken(`signed twice by ${key.name}`);
  const length = key.type === 'ed25519' ? 64 : 72;
  if (found.signature.length !== length) throw broken(`the signature of ${key.name} does not have ${length} bytes`);
  return found.signature;
}
