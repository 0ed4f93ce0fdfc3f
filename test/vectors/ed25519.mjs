// Makes ed25519.json: signatures on which libraries disagree, with libsodium's verdict worked out by hand.
// Run: node test/vectors/ed25519.mjs > test/vectors/ed25519.json
import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';

const { Point } = ed25519;
const L = Point.Fn.ORDER;
const P = Point.Fp.ORDER;
const B = Point.BASE;
// A point of order 8; its multiples are all the points of small order.
const T = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');

const little = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
const bytesOf = (n) => Buffer.from(n.toString(16).padStart(64, '0'), 'hex').reverse();
const modL = (n) => ((n % L) + L) % L;
const times = (point, n) => (n === 0n ? Point.ZERO : point.multiply(n));
const encode = (point) => Buffer.from(point.toBytes());
const hashed = (...parts) => modL(little(createHash('sha512').update(Buffer.concat(parts)).digest()));

const secret = modL(hashed(Buffer.from('3bot vectors')));
const nonce = modL(hashed(Buffer.from('3bot nonce')));
const honest = encode(times(B, secret));
const cases = [];
const add = (title, valid, key, message, signature) =>
  cases.push({ title, valid, key: key.toString('hex'), message: message.toString('hex'), signature: signature.toString('base64') });
/** S that satisfies S·B = r·B + h·secret·B for the given R and key encodings. */
const sign = (R, key, message, r = nonce, a = secret) => Buffer.concat([R, bytesOf(modL(r + hashed(R, key, message) * a))]);
/** The first numbered message for which a condition on h holds. */
const messageWhere = (R, key, condition) => {
  for (let i = 0; ; i++) {
    const message = Buffer.from(`message ${i}`);
    if (condition(hashed(R, key, message))) return message;
  }
};

// RFC 8032 7.1, tests 1 to 3 and SHA(abc).
for (const [name, key, message, signature] of [
  ['TEST 1', 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '', 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'],
  ['TEST 2', '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72', '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'],
  ['TEST 3', 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'af82', '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'],
  ['TEST SHA(abc)', 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf', 'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f', 'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704'],
]) add(`RFC 8032 ${name}`, true, Buffer.from(key, 'hex'), Buffer.from(message, 'hex'), Buffer.from(signature, 'hex'));

const text = Buffer.from('a record');
const R = encode(times(B, nonce));
const good = sign(R, honest, text);
add('honest', true, honest, text, good);
add('honest with another message', false, honest, Buffer.from('a recorD'), good);
for (const place of [0, 7, 255, 256, 263, 504, 508, 511]) {
  const bad = Buffer.from(good);
  bad[place >> 3] ^= 1 << (place & 7);
  add(`honest with bit ${place} of the signature flipped`, false, honest, text, bad);
}
const S = little(good.subarray(32));
for (let k = 1n; S + k * L < 1n << 256n; k++) add(`S + ${k}L`, false, honest, text, Buffer.concat([R, bytesOf(S + k * L)]));
add('S = L', false, honest, text, Buffer.concat([R, bytesOf(L)]));
add('S = 0 and an honest R', false, honest, text, Buffer.concat([R, bytesOf(0n)]));
for (const length of [0, 32, 63, 65, 128]) add(`signature of ${length} bytes`, false, honest, text, Buffer.concat([good, good]).subarray(0, length));
for (const length of [0, 31, 33]) add(`key of ${length} bytes`, false, Buffer.concat([honest, honest]).subarray(0, length), text, good);

// Every encoding of the eight points of small order: y or, where it fits, y + p; either sign.
const SIGN = 1n << 255n;
const small = new Set();
for (let i = 0n; i < 8n; i++) {
  const y = little(encode(times(T, i))) % SIGN;
  for (const written of [y, y + P].filter((one) => one < SIGN)) small.add(written).add(written + SIGN);
}
/** The point that an encoding of a small one means, read with every leniency. */
function lenient(number) {
  const y = (number % SIGN) % P;
  const sign = y === 1n || y === P - 1n ? 0n : number - (number % SIGN);
  return Point.fromHex(bytesOf(y + sign).toString('hex'));
}
const mixed = encode(times(B, secret).add(T));
for (const number of small) {
  const encoded = bytesOf(number);
  const name = encoded.toString('hex');
  const point = lenient(number);
  // Each would hold without the checks of encoding and order: the equation S·B = R + h·A is satisfied.
  if (point.equals(Point.ZERO)) add(`small-order R, honest key: ${name}`, false, honest, text, sign(encoded, honest, text, 0n));
  const forMixed = messageWhere(encoded, mixed, (h) => times(T, (8n - (h % 8n)) % 8n).equals(point));
  add(`small-order R, key with a part of order 8: ${name}`, false, mixed, forMixed, sign(encoded, mixed, forMixed, 0n));
  const forKey = messageWhere(R, encoded, (h) => times(point, h % 8n).equals(Point.ZERO));
  add(`small-order key, honest R: ${name}`, false, encoded, forKey, Buffer.concat([R, bytesOf(nonce)]));
  const forBoth = messageWhere(encoded, encoded, (h) => times(point, (h + 1n) % 8n).equals(Point.ZERO));
  add(`small-order key and R, S = 0: ${name}`, false, encoded, forBoth, Buffer.concat([encoded, bytesOf(0n)]));
}

// y of p + 2 to p + 18: written too large, of large order; the honest S is unknown, so a plain refusal is all there is to see.
for (let y = 2n; y < 19n; y++) add(`key with y = p + ${y}`, false, bytesOf(P + y), text, good);
for (let y = 2n; y < 19n; y++) add(`R with y = p + ${y}`, false, honest, text, Buffer.concat([bytesOf(P + y), good.subarray(32)]));
const offCurve = Array.from({ length: 40 }, (_, i) => bytesOf(BigInt(i + 2))).find((key) => {
  try {
    return !Point.fromHex(key.toString('hex'));
  } catch {
    return true;
  }
});
add('key that is no point of the curve', false, offCurve, text, good);

// A key or R with a part of order 8. Without cofactor (libsodium, OpenSSL) it counts only where h makes it vanish.
for (const rest of [0n, 1n, 2n, 4n]) {
  const message = messageWhere(R, mixed, (h) => h % 8n === rest);
  add(`key with a part of order 8, h = ${rest} mod 8`, rest === 0n, mixed, message, sign(R, mixed, message));
}
const mixedR = encode(times(B, nonce).add(T));
add('R with a part of order 8', false, honest, text, sign(mixedR, honest, text));
{
  const message = messageWhere(mixedR, mixed, (h) => times(T, (h + 1n) % 8n).equals(Point.ZERO));
  add('key and R with parts of order 8 that cancel', true, mixed, message, sign(mixedR, mixed, message));
}

process.stdout.write(`[\n${cases.map((one) => `  ${JSON.stringify(one)}`).join(',\n')}\n]\n`);
