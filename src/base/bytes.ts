// Bytes, hex and base64, strictly: what does not come back the same is refused.
import { Problem } from './errors.js';

/** Bytes of one MiB. */
export const MIB = 1_048_576;

/** Bytes of a hex text of exactly `length` bytes. @throws Problem `malformed` */
export function fromHex(text: string, length: number): Buffer {
  if (text.length !== 2 * length || !/^[0-9a-f]*$/.test(text)) throw new Problem('malformed', `not ${length} bytes in lower-case hex`);
  return Buffer.from(text, 'hex');
}

/** Bytes of a base64 text (RFC 4648 §4, with padding), in its only spelling. @throws Problem `malformed` */
export function fromBase64(text: string, length?: number): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text || (length !== undefined && bytes.length !== length)) {
    throw new Problem('malformed', length === undefined ? 'not base64' : `not ${length} bytes in base64`);
  }
  return bytes;
}

/** Bytes as base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Bytes as lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
