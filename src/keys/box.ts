// Sealed boxes: only the holder of an X25519 key reads them, and nobody learns from the box who sealed it.
import { fromHex, toHex } from '../base/bytes.js';
import { Problem } from '../base/errors.js';
import { nacl } from './nacl.js';

/** Bytes that a box is longer than its message: ephemeral key 32, nonce 24, authenticator 16. */
export const BOX_OVERHEAD = 72;

/** X25519 public key, hex, of a 32-byte secret. */
export function sealingKeyOf(secret: Uint8Array): string {
  return toHex(nacl().box.keyPair.fromSecretKey(secret).publicKey);
}

/**
 * Seals bytes to an X25519 key in hex: ephemeral public key (32) ‖ nonce (24) ‖ libsodium `crypto_box`.
 * Each call uses a fresh ephemeral key, which is forgotten.
 */
export function seal(to: string, message: Uint8Array): Uint8Array {
  const ephemeral = nacl().box.keyPair();
  const nonce = nacl().randomBytes(nacl().box.nonceLength);
  const sealed = nacl().box(message, nonce, fromHex(to, 32), ephemeral.secretKey);
  ephemeral.secretKey.fill(0);
  return Buffer.concat([ephemeral.publicKey, nonce, sealed]);
}

/**
 * Opens a box with the 32-byte secret.
 * @param box hostile
 * @throws Problem `integrity` when it was not sealed to this key, or was changed
 */
export function unseal(secret: Uint8Array, box: Uint8Array): Uint8Array {
  const opened = box.length < BOX_OVERHEAD ? null : nacl().box.open(box.subarray(56), box.subarray(32, 56), box.subarray(0, 32), secret);
  if (opened === null) throw new Problem('integrity', 'the sealed box was not made for this key, or was changed on its way');
  return opened;
}
