// SHA-256, the only hash of records and trees (RFC 6234).
import { createHash } from 'node:crypto';

/** SHA-256 of the bytes (or of a text's UTF-8) as 64 hex digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** SHA-256 of the concatenated parts as 32 bytes. */
export function sha256(...parts: (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
