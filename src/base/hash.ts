// SHA-256, the only hash of records and trees (RFC 6234).
import { createHash, hash } from 'node:crypto';

/** SHA-256 of the bytes (or of a text's UTF-8) as 64 hex digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** SHA-256 of the concatenated parts as 32 bytes. */
export function sha256(...parts: (string | Uint8Array)[]): Buffer {
  const state = createHash('sha256');
  for (const part of parts) state.update(part);
  return state.digest();
}
