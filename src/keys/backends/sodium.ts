// Ed25519 by libsodium: the reference of the accept set.
import { createRequire } from 'node:module';
import type { Backend } from './backend.js';

interface Sodium {
  crypto_sign_verify_detached(signature: Buffer, message: Buffer, key: Buffer): boolean;
  crypto_sign_seed_keypair(key: Buffer, secret: Buffer, seed: Buffer): void;
  crypto_sign_detached(signature: Buffer, message: Buffer, secret: Buffer): void;
}

// sodium-native takes Buffers only.
function buffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Loads sodium-native.
 * @throws whatever `require` throws where it has no build for this machine
 */
export function sodiumBackend(): Backend {
  const sodium = createRequire(import.meta.url)('sodium-native') as Sodium;
  return {
    name: 'sodium',
    verify(key, message, signature) {
      if (key.length !== 32 || signature.length !== 64) return false;
      return sodium.crypto_sign_verify_detached(buffer(signature), buffer(message), buffer(key));
    },
    keyPair(seed) {
      const publicKey = Buffer.alloc(32);
      const secret = Buffer.alloc(64);
      sodium.crypto_sign_seed_keypair(publicKey, secret, buffer(seed));
      return {
        publicKey,
        sign(message) {
          const signature = Buffer.alloc(64);
          sodium.crypto_sign_detached(signature, buffer(message), secret);
          return signature;
        },
      };
    },
  };
}
