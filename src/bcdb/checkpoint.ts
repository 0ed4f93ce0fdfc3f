// Checkpoints: the log's size and root, signed by the log and time-stamped by the home
// (C2SP tlog-checkpoint and tlog-cosignature).
import { Problem } from '../base/errors.js';
import { verifyBytes, type Signer } from '../keys/ed25519.js';
import { signingBytes } from '../keys/signed.js';
import { formatNote, noteKeyId, parseNote, signatureOf, type NoteKey } from '../tlog/note.js';

/** What a checkpoint says. */
export interface Point {
  /** `3bot/<nonce>`, as in genesis. */
  readonly origin: string;
  /** Leaves, below 2^53. */
  readonly size: number;
  /** Root of the tree, 32 bytes. */
  readonly root: Uint8Array;
}

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

// As in `signingBytes`: three lines and no extension lines, which C2SP advises against and this log never writes.
const TEXT = /^(3bot\/[0-9a-f]{32})\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)\n$/;

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

/** The text that is signed: origin, size and root in base64, a line each. */
export function checkpointText({ origin, size, root }: Point): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}

/** Reads what `checkpointText` writes. @throws Problem `integrity`, reason `checkpoint`, on any other text */
export function parseCheckpointText(text: string): { origin: string; size: number; root: Buffer } {
  const [, origin, digits, root] = TEXT.exec(text) ?? [];
  const size = Number(digits);
  if (origin === undefined || root === undefined || !Number.isSafeInteger(size)) throw broken('not an origin, a size and a root, a line each');
  return { origin, size, root: Buffer.from(root, 'base64') };
}

/** What a time-stamped cosignature signs; `seconds` since 1970. */
function cosignatureText(text: string, seconds: number): string {
  return `cosignature/v1\ntime ${seconds}\n${text}`;
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
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(seconds));
  const logSignature = Buffer.from(await log.sign('checkpoint', text), 'base64');
  const clockSignature = Buffer.from(await clock.sign('cosignature', cosignatureText(text, seconds)), 'base64');
  return formatNote(text, [
    { name: keys.log.name, id: noteKeyId(keys.log), signature: logSignature },
    { name: keys.clock.name, id: noteKeyId(keys.clock), signature: Buffer.concat([stamp, clockSignature]) },
  ]);
}

/**
 * Opens a checkpoint: checks form, origin, the log's signature and the home's time stamp; cosignatures of others
 * (witnesses) are left alone. Whether it is fresh, and continues what was seen before, is the caller's to ask.
 * @param note hostile
 * @throws Problem `integrity` that names what does not hold; reason `note` or `checkpoint`
 */
export function openCheckpoint(note: string, pinned: CheckpointKeys): Checkpoint {
  const { text, signatures } = parseNote(note);
  const { origin, size, root } = parseCheckpointText(text);
  if (origin !== pinned.origin) throw broken(`of another log, ${origin}`);
  const { log, clock } = checkpointKeys(pinned);

  const logSignature = signatureOf(signatures, log);
  if (!verifyBytes(log.key, signingBytes('checkpoint', text), logSignature.toString('base64'))) throw broken("the log's signature does not hold");

  const stamped = signatureOf(signatures, clock);
  const seconds = Number(stamped.readBigUInt64BE());
  if (!Number.isSafeInteger(seconds * 1000)) throw broken('the time stamp is no time');
  const message = signingBytes('cosignature', cosignatureText(text, seconds));
  if (!verifyBytes(clock.key, message, stamped.toString('base64', 8))) throw broken("the home's time stamp does not hold");
  return { size, root, time_ms: seconds * 1000 };
}
