// Ed25519 by node:crypto, for machines that sodium-native has no build for. OpenSSL accepts more than libsodium
// does; what it would accept beyond is refused here first.
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Backend } from './backend.js';

/** Key objects kept ready: making one costs as much as a check; a grid's active signers fit. */
const MAX_KEYS = 4_096;

const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** 2^255 − 19, the field's prime, and the order of the base point, both little-endian. */
const P = Buffer.from('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex');
const L = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex');

/** y of the eight points of small order, in every encoding: 0 and 1 may also be written as p and p + 1. */
const SMALL_ORDER: ReadonlySet<string> = new Set(
  [
    '0000000000000000000000000000000000000000000000000000000000000000', // 0: order 4
    '0100000000000000000000000000000000000000000000000000000000000000', // 1: the neutral point
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', // order 8
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', // order 8
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p − 1: order 2
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p + 1
  ].map((hex) => Buffer.from(hex, 'hex').toString('latin1')),
);

/** Whether little-endian `bytes` (its top bit put to 0 if `masked`) are below `bound`. */
function isBelow(bytes: Uint8Array, bound: Buffer, masked: boolean): boolean {
  for (let i = 31; i >= 0; i--) {
    const byte = (bytes[i] ?? 0) & (masked && i === 31 ? 0x7f : 0xff);
    const limit = bound[i] ?? 0;
    if (byte !== limit) return byte < limit;
  }
  return false;
}

/** Whether an encoded point has small order; the top bit is the sign of x and does not matter. */
function hasSmallOrder(point: Uint8Array): boolean {
  const y = Buffer.from(point);
  y[31] = (y[31] ?? 0) & 0x7f;
  return SMALL_ORDER.has(y.toString('latin1'));
}

/** The key object, or false for a key that libsodium refuses. */
function importKey(key: Uint8Array): KeyObject | false {
  if (!isBelow(key, P, true) || hasSmallOrder(key)) return false;
  return createPublicKey({ key: Buffer.concat([SPKI, key]), format: 'der', type: 'spki' });
}

/** The back end that needs nothing but Node. */
export function nodeBackend(): Backend {
  const keys = new LRUCache<string, KeyObject | false>({ max: MAX_KEYS });
  return {
    name: 'node',
    verify(key, message, signature) {
      if (key.length !== 32 || signature.length !== 64) return false;
      if (!isBelow(signature.subarray(32), L, false) || hasSmallOrder(signature.subarray(0, 32))) return false;
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
