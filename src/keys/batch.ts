// Many signed records in one buffer: what the pool hands to its workers without copying.
import { verifyBytes } from './ed25519.js';
import { signingBytes, type Signature } from './signed.js';

/** What is checked: canonical payload and its signatures. */
export interface Checkable {
  readonly payload: string;
  readonly signatures: readonly Signature[];
}

// A record in the buffer: payload bytes and signature count (uint32 LE each), the payload's UTF-8, then for each
// signature its key in hex and itself in base64. They are packed as text and decoded, strictly, by the worker.
const HEAD_BYTES = 8;
const KEY_CHARS = 64;
const SIGNATURE_BYTES = KEY_CHARS + 88;

/** Whether a value has the types, and its signatures the lengths, that can be packed; it may come from a damaged database or a hostile peer. */
export function isCheckable(value: Checkable): boolean {
  return typeof value?.payload === 'string' && Array.isArray(value.signatures) && value.signatures.every(hasForm);
}

function hasForm(value: Partial<Signature> | null): boolean {
  return isAscii(value?.by, KEY_CHARS) && isAscii(value?.sig, SIGNATURE_BYTES - KEY_CHARS);
}

// A byte a character, or writing it as latin1 would cut characters down to others.
function isAscii(text: unknown, length: number): boolean {
  return typeof text === 'string' && text.length === length && Buffer.byteLength(text) === length;
}

/** Whether every signature of a record holds; none at all does not. */
export function checkOne({ payload, signatures }: Checkable): boolean {
  if (signatures.length === 0) return false;
  const message = signingBytes('record', payload);
  return signatures.every(({ by, sig }) => verifyBytes(by, message, sig));
}

/** Packs records that are checkable. */
export function packBatch(records: readonly Checkable[]): Uint8Array<ArrayBuffer> {
  const parts = records.map(({ payload, signatures }) => ({ payload, bytes: Buffer.byteLength(payload), signatures }));
  const size = parts.reduce((sum, { bytes, signatures }) => sum + HEAD_BYTES + bytes + signatures.length * SIGNATURE_BYTES, 0);
  // Not from Buffer's pool: the memory is transferred to another thread.
  const buffer = Buffer.from(new ArrayBuffer(size));
  let at = 0;
  for (const { payload, bytes, signatures } of parts) {
    at = buffer.writeUInt32LE(bytes, at);
    at = buffer.writeUInt32LE(signatures.length, at);
    at += buffer.write(payload, at, 'utf8');
    for (const { by, sig } of signatures) at += buffer.write(by + sig, at, 'latin1');
  }
  return buffer;
}

/** Checks what `packBatch` made: 1 for each record all of whose signatures hold, in order. */
export function checkBatch(packed: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const buffer = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const verdicts: number[] = [];
  for (let at = 0; at < buffer.length; ) {
    const bytes = buffer.readUInt32LE(at);
    const count = buffer.readUInt32LE(at + 4);
    at += HEAD_BYTES;
    const message = signingBytes('record', buffer.subarray(at, at + bytes));
    at += bytes;
    let holds = count > 0;
    for (const end = at + count * SIGNATURE_BYTES; at < end; at += SIGNATURE_BYTES) {
      holds &&= verifyBytes(buffer.toString('latin1', at, at + KEY_CHARS), message, buffer.toString('latin1', at + KEY_CHARS, at + SIGNATURE_BYTES));
    }
    verdicts.push(holds ? 1 : 0);
  }
  return Uint8Array.from(verdicts);
}
