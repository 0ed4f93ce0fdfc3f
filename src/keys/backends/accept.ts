// What libsodium refuses before it computes anything, for back ends that would accept it.

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

/** Whether 32 bytes may be a key: y below p, and the point not of small order. Whether it is on the curve is not looked at. */
export function isKey(key: Uint8Array): boolean {
  return key.length === 32 && isBelow(key, P, true) && !hasSmallOrder(key);
}

/** Whether 64 bytes may be a signature: S below the group order, and R not of small order. */
export function isSignature(signature: Uint8Array): boolean {
  return signature.length === 64 && isBelow(signature.subarray(32), L, false) && !hasSmallOrder(signature.subarray(0, 32));
}
