// The checkpoints of a grid: signed by the log, time-stamped by its home, with the keys that genesis names.
import { iso } from '../base/clock.js';
import { Problem } from '../base/errors.js';
import { checkEd25519, type Signer } from '../keys/ed25519.js';
import { checkpointText, parseCheckpointText, type Point } from '../tlog/checkpoint.js';
import { cosignatures, cosignatureText, cosignatureTime, cosignatureVerifier, formatCosignature } from '../tlog/cosignature.js';
import { ed25519Verifier, formatNote, noteKeyId, parseNote, signatureBy, type Note, type NoteKey } from '../tlog/note.js';
import { quorumTime, type Policy, type PolicyLog } from '../tlog/policy.js';
import { eraAt, type EarlierEra } from './pinned.js';

/** Who signs checkpoints; keys in hex. */
export interface CheckpointKeys {
  readonly origin: string;
  readonly log_key: string;
  readonly clock_key: string;
}

/** Whose word is needed on a checkpoint. */
export interface CheckpointTrust extends CheckpointKeys {
  /** null: the home's word is enough. */
  readonly witnesses: Policy | null;
  /** Eras that are over, whose checkpoints are of other keys and witnesses. */
  readonly earlier?: readonly EarlierEra[];
}

/** A checkpoint whose signatures hold. */
export interface Checkpoint {
  readonly size: number;
  readonly root: Buffer;
  /** When the home last said that this is its newest; ms since 1970, whole seconds. */
  readonly stamp_ms: number;
  /** When the home and a whole quorum of witnesses last said so: what a reader's freshness goes by. */
  readonly time_ms: number;
}

function broken(what: string): Problem {
  return new Problem('integrity', `checkpoint: ${what}`, { reason: 'checkpoint' });
}

/** The log signs under its origin; the home's clock under `<origin>/clock`, so that their lines can be told apart. */
export function checkpointKeys({ origin, log_key, clock_key }: CheckpointKeys): { log: NoteKey; clock: NoteKey } {
  return {
    log: { name: origin, type: 'ed25519', key: log_key },
    clock: { name: `${origin}/clock`, type: 'cosignature', key: clock_key },
  };
}

/** The log of a grid as a trust policy names it: every key that it has or had. */
export function policyLogs(pinned: CheckpointTrust): PolicyLog[] {
  const keys = new Set([pinned.log_key, ...(pinned.earlier ?? []).map(({ log_key }) => log_key)]);
  return [...keys].map((key) => ({ key: { name: pinned.origin, type: 'ed25519', key }, url: null }));
}

/** What a home signs, and when. */
export interface TimedPoint extends Point {
  /** Cut to whole seconds. */
  readonly time_ms: number;
}

/**
 * Signs a checkpoint and stamps it with the time.
 *
 * A home calls this only for a tree that continues each one it has signed before; nothing here checks that.
 * @param log signer of type `checkpoint`, the genesis' `log_key`
 * @param clock signer of type `cosignature`, the genesis' `clock_key`
 */
export async function signCheckpoint(point: TimedPoint, log: Signer, clock: Signer): Promise<string> {
  const { text, stamped } = texts(point);
  return noteOf(point, log, clock, await log.sign('checkpoint', text), await clock.sign('cosignature', stamped));
}

/** `signCheckpoint` at once; undefined where one of the keys is not in this process. */
export function signCheckpointNow(point: TimedPoint, log: Signer, clock: Signer): string | undefined {
  const [signLog, signClock] = [log.signNow, clock.signNow];
  if (signLog === undefined || signClock === undefined) return undefined;
  const { text, stamped } = texts(point);
  return noteOf(point, log, clock, signLog('checkpoint', text), signClock('cosignature', stamped));
}

const secondsOf = ({ time_ms }: TimedPoint): number => Math.floor(time_ms / 1000);

function texts(point: TimedPoint): { text: string; stamped: string } {
  const text = checkpointText(point);
  return { text, stamped: cosignatureText(text, secondsOf(point)) };
}

function noteOf(point: TimedPoint, log: Signer, clock: Signer, logSignature: string, clockSignature: string): string {
  const keys = checkpointKeys({ origin: point.origin, log_key: log.key, clock_key: clock.key });
  return formatNote(checkpointText(point), [
    { name: keys.log.name, id: noteKeyId(keys.log), signature: Buffer.from(logSignature, 'base64') },
    { name: keys.clock.name, id: noteKeyId(keys.clock), signature: formatCosignature(secondsOf(point), Buffer.from(clockSignature, 'base64')) },
  ]);
}

/**
 * Opens a checkpoint: checks form, origin, the log's signature, the home's time stamp and the quorum of witnesses.
 * This is the one place that says what counts as committed. Whether it is fresh, and continues what was seen before, is
 * the caller's to ask.
 * @param note hostile
 * @throws Problem `integrity` that names what does not hold; reason `note`, `checkpoint`, or `unwitnessed` below the quorum
 */
export function openCheckpoint(note: string, pinned: CheckpointTrust): Checkpoint {
  const read = readCheckpoint(note, pinned);
  checkLogged(read);
  const stamp_ms = stampOf(read);
  return { size: read.size, root: read.root, stamp_ms, time_ms: Math.min(stamp_ms, witnessedAt(read)) };
}

/** A checkpoint's text, of which nothing is believed yet. */
export interface ReadCheckpoint {
  readonly note: Note;
  readonly size: number;
  readonly root: Buffer;
  /** Whose word a checkpoint of this size is. */
  readonly era: CheckpointTrust;
}

/** Form and origin alone. @throws Problem `integrity`, reason `note` or `checkpoint` */
export function readCheckpoint(text: string, pinned: CheckpointTrust): ReadCheckpoint {
  const note = parseNote(text);
  const { origin, size, root, extensions } = parseCheckpointText(note.text);
  if (origin !== pinned.origin) throw broken(`of another log, ${origin}`);
  // This log writes none, so that nothing is signed that no copy looks at.
  if (extensions.length > 0) throw broken('it has extension lines');
  return { note, size, root, era: eraAt(pinned, size) };
}

/** @throws Problem `integrity`, reason `note`, unless the log has signed it */
export function checkLogged({ note, era }: ReadCheckpoint): void {
  signatureBy(note, ed25519Verifier(checkpointKeys(era).log, checkEd25519));
}

/** When its home has stamped it, ms. @throws Problem `integrity`, reason `note` or `checkpoint` */
export function stampOf({ note, era }: ReadCheckpoint): number {
  const stamp_ms = cosignatureTime(signatureBy(note, cosignatureVerifier(checkpointKeys(era).clock, checkEd25519)));
  if (stamp_ms === undefined) throw broken('the time stamp is no time');
  return stamp_ms;
}

/**
 * Opens a checkpoint for those who have no lines to hold it against. Whoever has the key of an old home may sign any tree
 * of a size that was its own, so its word counts here as of before the hand-over only. What it dates back counts still:
 * against that only witnesses help.
 * @throws Problem `integrity` as `openCheckpoint`; reason `handed_over`
 */
export function openCheckpointAlone(note: string, pinned: CheckpointTrust): Checkpoint {
  const opened = openCheckpoint(note, pinned);
  checkHome(opened, pinned);
  return opened;
}

/** @throws Problem `integrity`, reason `handed_over`, where its home was not the grid's any more when it signed */
export function checkHome({ size, time_ms }: Pick<Checkpoint, 'size' | 'time_ms'>, pinned: CheckpointTrust): void {
  const { handover_ms = Infinity } = pinned.earlier?.find(({ until, handover_ms: end }) => size <= until && end !== undefined) ?? {};
  if (time_ms <= handover_ms) return;
  throw new Problem('integrity', `checkpoint: an old home of the grid has signed it at ${iso(time_ms)}; another home took over at ${iso(handover_ms)}`, { reason: 'handed_over', hint: 'ask for one from a bot that serves the grid now' });
}

/** The time of the quorum, ms; Infinity where none is asked for. @throws Problem `integrity`, reason `note` or `unwitnessed` */
export function witnessedAt({ note, size, era: { witnesses: policy } }: ReadCheckpoint): number {
  if (policy === null) return Infinity;
  const times = cosignatures(note, policy.witnesses.map(({ key }) => key), checkEd25519);
  const time_ms = quorumTime(policy, times);
  if (time_ms !== undefined) return time_ms;
  const missing = policy.witnesses.filter(({ key }) => !times.has(key.key)).map(({ name }) => name);
  throw new Problem('integrity', `checkpoint: the ${size} lines are signed by the log, but no quorum of the grid's witnesses has cosigned them; missing: ${missing.join(', ')}`, { reason: 'unwitnessed' });
}
