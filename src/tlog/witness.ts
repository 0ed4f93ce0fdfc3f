// Asking a witness to cosign a checkpoint, and what it has to answer (C2SP tlog-witness).
import { Problem } from '../base/errors.js';
import { MAX_ADD_CHECKPOINT_BYTES, MAX_WITNESS_PROOF } from '../base/limits.js';
import { parseCheckpointText, type CheckpointText } from './checkpoint.js';
import { cosignatures, cosignatureVerifier } from './cosignature.js';
import { verifyConsistency } from './merkle.js';
import { parseNote, type CheckEd25519, type Note, type NoteKey, type NoteSignature, type Verifier } from './note.js';

/** Media type of the answer that names the size a witness holds. */
export const SIZE_TYPE = 'text/x.tlog.size';

/** What is sent to `<submission prefix>/add-checkpoint`. */
export interface AddCheckpoint {
  /** Size of the tree that the witness is believed to have cosigned last; 0: none. */
  readonly old: number;
  /** RFC 6962 consistency proof from there to the checkpoint, 32 bytes each. */
  readonly proof: readonly Buffer[];
  /** The signed note. */
  readonly checkpoint: string;
}

/** A request, read. */
export interface AddCheckpointRequest extends Omit<AddCheckpoint, 'checkpoint'> {
  readonly note: Note;
  readonly checkpoint: CheckpointText;
}

/** An answer of a witness. */
export interface Answer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422 | 503;
  readonly type: string;
  readonly body: string;
}

/** What a witness knows of a log. */
export interface WitnessedLog {
  /** Of its keys; one is enough. */
  readonly verifiers: readonly Verifier[];
  /** Newest tree that was cosigned; 0 and the empty tree's root before the first. */
  readonly size: number;
  readonly root: Uint8Array;
}

const TEXT_TYPE = 'text/plain; charset=utf-8';
const OLD = /^old (0|[1-9][0-9]{0,15})$/;
const HASH = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** The body of a request. */
export function formatAddCheckpoint({ old, proof, checkpoint }: AddCheckpoint): string {
  return `old ${old}\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${checkpoint}`;
}

/**
 * Reads the body of a request; looks at its form only.
 * @param body hostile
 * @throws Problem `malformed` or `integrity`; a witness answers with status 400
 */
export function parseAddCheckpoint(body: string): AddCheckpointRequest {
  if (Buffer.byteLength(body) > MAX_ADD_CHECKPOINT_BYTES) throw new Problem('malformed', `larger than ${MAX_ADD_CHECKPOINT_BYTES} bytes`);
  const end = body.indexOf('\n\n');
  const [first = '', ...hashes] = body.slice(0, Math.max(end, 0)).split('\n');
  const old = Number(OLD.exec(first)?.[1]);
  if (!Number.isSafeInteger(old)) throw new Problem('malformed', "the first line is not 'old' and a size");
  if (hashes.length > MAX_WITNESS_PROOF || !hashes.every((hash) => HASH.test(hash))) throw new Problem('malformed', `the proof is not at most ${MAX_WITNESS_PROOF} hashes in base64`);
  const note = parseNote(body.slice(end + 2));
  return { old, proof: hashes.map((hash) => Buffer.from(hash, 'base64')), note, checkpoint: parseCheckpointText(note.text) };
}

/**
 * Why a witness does not cosign, in the order that tlog-witness gives the checks; undefined where all hold.
 * @param log what is known of the checkpoint's origin; undefined: nothing
 */
export function refusalOf({ old, proof, note, checkpoint }: AddCheckpointRequest, log: WitnessedLog | undefined): Answer | undefined {
  if (log === undefined) return refused(404, `no log ${checkpoint.origin} is known here`);
  if (!log.verifiers.some((verifier) => isSignedBy(note, verifier))) return refused(403, 'not signed by a key of this log that is trusted here');
  if (old > checkpoint.size) return refused(400, `the old size is above the checkpoint's ${checkpoint.size}`);
  if (old !== log.size) return { status: 409, type: SIZE_TYPE, body: `${log.size}\n` };
  if (old === checkpoint.size && !checkpoint.root.equals(log.root)) return refused(409, `another tree of ${old} leaves was cosigned here`);
  if (!verifyConsistency(old, checkpoint.size, log.root, checkpoint.root, proof)) return refused(422, `no proof that this tree continues the ${old} leaves that were cosigned here`);
  return undefined;
}

/** Whether one of the note's signatures is the key's. */
export function isSignedBy({ text, signatures }: Note, { name, id, verify }: Verifier): boolean {
  return signatures.some((one) => one.name === name && one.id === id && verify(text, one.signature));
}

/** An answer that says why not. */
export function refused(status: Exclude<Answer['status'], 200>, why: string): Answer {
  return { status, type: TEXT_TYPE, body: `${why}\n` };
}

/** The answer that carries cosignatures. @param lines signature lines with their newlines */
export function cosigned(lines: string): Answer {
  return { status: 200, type: TEXT_TYPE, body: lines };
}

/** The size in a 409 answer; undefined where it names none. @param body hostile */
export function sizeInConflict(type: string | undefined, body: string): number | undefined {
  const size = type === SIZE_TYPE && /^(0|[1-9][0-9]{0,15})\n$/.test(body) ? Number(body) : NaN;
  return Number.isSafeInteger(size) ? size : undefined;
}

/**
 * The cosignature of a key in a witness' answer; lines of other keys do not matter.
 * @param text the checkpoint's text
 * @param body hostile
 * @throws Problem `integrity` where there is none that holds
 */
export function cosignatureIn(body: string, text: string, key: NoteKey, check: CheckEd25519): NoteSignature {
  const note = parseNote(`${text}\n${body}`);
  const { name, id } = cosignatureVerifier(key, check);
  cosignatures(note, [key], check);
  const found = note.signatures.findLast((one) => one.name === name && one.id === id);
  if (found === undefined) throw new Problem('integrity', `no cosignature by ${name} in the answer`, { reason: 'note' });
  return found;
}
