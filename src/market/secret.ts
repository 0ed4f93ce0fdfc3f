// How a workload names a secret in public.
import { fromHex } from '../base/bytes.js';
import { sha256 } from '../base/hash.js';

/**
 * What a record says of a secret: SHA-256 over salt ‖ bytes, hex.
 * @param salt 32 bytes, hex, known to the consumer and the node alone: the hash then gives nothing away
 */
export function secretHash(salt: string, bytes: Uint8Array): string {
  return sha256(fromHex(salt, 32), bytes).toString('hex');
}
