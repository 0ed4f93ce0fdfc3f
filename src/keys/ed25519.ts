// Ed25519 (RFC 8032) as records use it: keys in hex, signatures in base64, one accept set on every back end.
import { bestBackend } from './backends/best.js';
import type { Backend } from './backends/backend.js';
import { signingBytes, type SignedType } from './signed.js';

const KEY = /^[0-9a-f]{64}$/;
// 64 bytes in base64 with padding, in their only spelling: the last digit carries 2 bits, the other 4 are zero.
const SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

let loaded: Backend | undefined;

/** The back end in use: `bestBackend`. Loaded at first use. */
export function backend(): Backend {
  loaded ??= bestBackend();
  return loaded;
}

/** Signs as one key; knows how each type of byte string is made. */
export interface Signer {
  /** Public key, hex. */
  readonly key: string;
  /** Signature over `signingBytes(type, payload)`, base64. @throws Problem `malformed` as `signingBytes` */
  sign(type: SignedType, payload: string): Promise<string>;
  /** The same at once; undefined where the key is in another process, or not made yet. @throws Problem as `sign` */
  readonly signNow?: ((type: SignedType, payload: string) => string) | undefined;
}

/** Public key, hex, of a 32-byte seed. */
export function publicKeyOf(seed: Uint8Array): string {
  return backend().keyPair(seed).publicKey.toString('hex');
}

/** Signature of the message by the key of a 32-byte seed; base64 of 64 bytes. */
export function signBytes(seed: Uint8Array, message: Uint8Array): string {
  return backend().keyPair(seed).sign(message).toString('base64');
}

/**
 * Whether a signature holds. Never throws: anything that is not a key or a signature in its one spelling gives false.
 * @param key 32 bytes, lower-case hex
 * @param sig 64 bytes, base64
 */
export function verifyBytes(key: string, message: Uint8Array, sig: string): boolean {
  if (!KEY.test(key) || !SIGNATURE.test(sig)) return false;
  return backend().verify(Buffer.from(key, 'hex'), message, Buffer.from(sig, 'base64'));
}

/** `verifyBytes` for raw bytes: key of 32, signature of 64; any other length gives false. */
export function checkEd25519(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return backend().verify(key, message, signature);
}

/** A signer that holds a 32-byte seed in this process. */
export function seedSigner(seed: Uint8Array): Signer {
  const pair = backend().keyPair(seed);
  const signNow = (type: SignedType, payload: string): string => pair.sign(signingBytes(type, payload)).toString('base64');
  return { key: pair.publicKey.toString('hex'), signNow, sign: async (type, payload) => signNow(type, payload) };
}
