// The checkpoints of a grid: signed by the log, time-stamped by its home, with the keys that genesis names.
import { Problem } from '../base/errors.js';
import { checkEd25519, type Signer } from '../keys/ed25519.js';
import { checkpointText, parseCheckpointText, type Point } from '../tlog/checkpoint.js';
import { cosignatureText, cosignatureTime, cosignatureVerifier, formatCosignature } from '../tlog/cosignature.js';
import { ed25519Verifier, formatNote, noteKeyId, parseNote, signatureBy, type NoteKey } from '../tlog/note.js';

/** What genesis says about who signs checkpoints; keys in hex. */
export interface CheckpointKeys {
  readonly origin: string;
  readonly log_key: string;
  readonly clock_key: string;
}

/** A checkpoint whose signatures hold. */
export interface Checkpoint {
  readonly size: number;
  readonly root: Buffer;
  /** When the home last said that this is its newest; ms since 1970, whole seconds. */
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

/**
 * Signs a checkpoint and stamps it with the time, cut to whole seconds.
 *
 * A home calls this only for a tree that continues each one it has signed before; nothing here checks that.
 * @param log signer of type `checkpoint`, the genesis' `log_key`
 * @param clock signer of type `cosignature`, the genesis' `clock_key`
 */
export async function signCheckpoint(point: Point & { readonly time_ms: number }, log: Signer, clock: Signer): Promise<string> {
  const text = checkpointText(point);
  const seconds = Math.floor(point.time_ms / 1000);
  const keys = checkpointKeys({ origin: point.origin, log_key: log.key, clock_key: clock.key });
  const logSignature = Buffer.from(await log.sign('checkpoint', text), 'base64');
  const clockSignature = Buffer.from(await clock.sign('cosignature', cosignatureText(text, seconds)), 'base64');
  return formatNote(text, [
    { name: keys.log.name, id: noteKeyId(keys.log), signature: logSignature },
    { name: keys.clock.name, id: noteKeyId(keys.clock), signature: formatCosignature(seconds, clockSignature) },
  ]);
}

/**
 * Opens a checkpoint: checks form, origin, the log's signature and the home's time stamp; cosignatures of others
 * (witnesses) are left alone. Whether it is fresh, and continues what was seen before, is the caller's to ask.
 * @param note hostile
 * @throws Problem `integrity` that names what does not hold; reason `note` or `checkpoint`
 */
export function openCheckpoint(note: string, pinned: CheckpointKeys): Checkpoint {
  const parsed = parseNote(note);
  const { origin, size, root, extensions } = parseCheckpointText(parsed.text);
  if (origin !== pinned.origin) throw broken(`of another log, ${origin}`);
  // This log writes none, so that nothing is signed that no copy looks at.
  if (extensions.length > 0) throw broken('it has extension lines');
  const { log, clock } = checkpointKeys(pinned);
  signatureBy(parsed, ed25519Verifier(log, checkEd25519));
  const time_ms = cosignatureTime(signatureBy(parsed, cosignatureVerifier(clock, checkEd25519)));
  if (time_ms === undefined) throw broken('the time stamp is no time');
  return { size, root, time_ms };
}
