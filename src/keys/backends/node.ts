// Ed25519 by node:crypto, for machines that sodium-native has no build for. OpenSSL accepts more than libsodium
// does; what it would accept beyond is refused here first.
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { isKey, isSignature } from './accept.js';
import type { Backend } from './backend.js';

/** Key objects kept ready: making one costs as much as a check; a grid's active signers fit. */
const MAX_KEYS = 4_096;

const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key object, or false for a key that libsodium refuses. */
function importKey(key: Uint8Array): KeyObject | false {
  if (!isKey(key)) return false;
  return createPublicKey({ key: Buffer.concat([SPKI, key]), format: 'der', type: 'spki' });
}

/** The back end that needs nothing but Node. */
export function nodeBackend(): Backend {
  const keys = new LRUCache<string, KeyObject | false>({ max: MAX_KEYS });
  return {
    name: 'node',
    verify(key, message, signature) {
      if (key.length !== 32 || !isSignature(signature)) return false;
      const text = Buffer.from(key.buffer, key.byteOffset, 32).toString('latin1');
      let known = keys.get(text);
      if (known === undefined) {
        known = importKey(key);
        keys.set(text, known);
      }
      return known !== false && verify(null, message, known, signature);
    },
    keyPair(seed) {
      if (seed.length !== 32) throw new Error('an Ed25519 seed has 32 bytes');
      const secret = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
      const publicKey = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
      return { publicKey, sign: (message) => sign(null, message, secret) };
    },
  };
}
