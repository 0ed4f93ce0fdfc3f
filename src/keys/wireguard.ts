// Keys of WireGuard: X25519, 32 bytes; hex in records, base64 in its own files.
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';

/** PKCS #8 of an X25519 key, before its 32 bytes (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** A new secret, base64. */
export function newWireguardSecret(): string {
  return randomBytes(32).toString('base64');
}

/** The public key of a secret, hex. @param secret base64 of 32 bytes */
export function wireguardKey(secret: string): string {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, Buffer.from(secret, 'base64')]), format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return Buffer.from(x, 'base64url').toString('hex');
}

/** A public key as WireGuard's files have it. @param key hex */
export function wireguardText(key: string): string {
  return Buffer.from(key, 'hex').toString('base64');
}
