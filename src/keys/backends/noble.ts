// Ed25519 by @noble/curves, for browsers. Its own check multiplies by the cofactor, which libsodium's does not, so the
// equation is put together here of its points.
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { isKey, isSignature } from './accept.js';
import type { Backend } from './backend.js';

const { Point } = ed25519;

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

/** S·B − h·A, encoded; undefined where the key is not on the curve. */
function expectedR(key: Uint8Array, message: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  const r = signature.subarray(0, 32);
  const h = numberOf(sha512(Buffer.concat([r, key, message]))) % Point.Fn.ORDER;
  try {
    const a = Point.fromBytes(Uint8Array.from(key));
    return Point.BASE.multiplyUnsafe(numberOf(signature.subarray(32))).add(a.negate().multiplyUnsafe(h)).toBytes();
  } catch {
    return undefined;
  }
}

/** The back end that runs wherever JavaScript does: a hundred times slower than libsodium, and not in constant time. */
export function nobleBackend(): Backend {
  return {
    name: 'noble',
    verify(key, message, signature) {
      if (!isKey(key) || !isSignature(signature)) return false;
      const r = expectedR(key, message, signature);
      return r !== undefined && Buffer.compare(r, signature.subarray(0, 32)) === 0;
    },
    keyPair(seed) {
      const secret = Uint8Array.from(seed);
      return { publicKey: Buffer.from(ed25519.getPublicKey(secret)), sign: (message) => Buffer.from(ed25519.sign(Uint8Array.from(message), secret)) };
    },
  };
}
