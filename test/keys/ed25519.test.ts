// Ed25519: one accept set on every back end, strict spelling of keys and signatures.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { nobleBackend } from '../../src/keys/backends/noble.js';
import { nodeBackend } from '../../src/keys/backends/node.js';
import { sodiumBackend } from '../../src/keys/backends/sodium.js';
import { backend, publicKeyOf, seedSigner, signBytes, verifyBytes } from '../../src/keys/ed25519.js';
import { signingBytes } from '../../src/keys/signed.js';

interface Vector {
  readonly title: string;
  readonly valid: boolean;
  /** hex */
  readonly key: string;
  /** hex */
  readonly message: string;
  /** base64 */
  readonly signature: string;
}
// Made by test/vectors/ed25519.mjs.
const vectors = JSON.parse(readFileSync(new URL('../../../test/vectors/ed25519.json', import.meta.url), 'utf8')) as Vector[];
const seed = Buffer.alloc(32, 7);

for (const used of [sodiumBackend(), nodeBackend(), nobleBackend()]) {
  describe(`back end ${used.name}`, () => {
    for (const { title, valid, key, message, signature } of vectors) {
      test(`${valid ? 'accepts' : 'refuses'} ${title}`, () => {
        assert.equal(used.verify(Buffer.from(key, 'hex'), Buffer.from(message, 'hex'), Buffer.from(signature, 'base64')), valid);
        assert.equal(used.verify(Buffer.from(key, 'hex'), Buffer.from(message, 'hex'), Buffer.from(signature, 'base64')), valid, 'the second time, with the key kept ready');
      });
    }

    test('makes the key and signature of RFC 8032 TEST 2', () => {
      const pair = used.keyPair(Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex'));
      const vector = vectors.find(({ title }) => title === 'RFC 8032 TEST 2');
      assert.equal(pair.publicKey.toString('hex'), vector?.key);
      assert.equal(pair.sign(Buffer.of(0x72)).toString('base64'), vector?.signature);
    });

    test('refuses a seed that does not have 32 bytes', () => {
      for (const length of [0, 31, 33]) assert.throws(() => used.keyPair(Buffer.alloc(length)));
    });

    test('refuses any changed bit of key, message and signature', () => {
      const pair = used.keyPair(seed);
      const message = Buffer.from('a record');
      const parts = [pair.publicKey, message, pair.sign(message)] as const;
      assert.equal(used.verify(...parts), true);
      for (const [which, part] of parts.entries()) {
        for (let bit = 0; bit < part.length * 8; bit++) {
          const changed = parts.map((one) => Buffer.from(one)) as [Buffer, Buffer, Buffer];
          const bytes = changed[which] as Buffer;
          bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          assert.equal(used.verify(...changed), false, `part ${which}, bit ${bit}`);
        }
      }
    });
  });
}

test('the back ends agree on whatever bytes they are given', () => {
  const sodium = sodiumBackend();
  const others = [nodeBackend(), nobleBackend()];
  const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
  const known = fc.constantFrom(...vectors).map(({ key, signature }) => [Buffer.from(key, 'hex'), Buffer.from(signature, 'base64')] as const);
  fc.assert(
    fc.property(known, known, bytes(32), fc.uint8Array({ maxLength: 40 }), fc.nat(3), ([key], [, signature], noise, message, mix) => {
      const tried = mix === 0 ? noise : key;
      const half = mix === 1 ? Buffer.concat([signature.subarray(0, 32), noise]) : mix === 2 ? Buffer.concat([noise, signature.subarray(32)]) : signature;
      return others.every((one) => one.verify(tried, message, half) === sodium.verify(tried, message, half));
    }),
    { numRuns: 500 },
  );
});

test('sodium-native is the back end where it loads', () => {
  assert.equal(backend().name, 'sodium');
});

test('a key and a signature have one spelling', () => {
  const message = Buffer.from('text');
  const key = publicKeyOf(seed);
  const sig = signBytes(seed, message);
  assert.equal(verifyBytes(key, message, sig), true);
  const bytes = Buffer.from(sig, 'base64');
  // The last digit before the padding carries two bits; its four others may not be set.
  const loose = sig.slice(0, 85) + String.fromCharCode(sig.charCodeAt(85) + 1) + '==';
  assert.deepEqual(Buffer.from(loose, 'base64'), bytes);
  const spellings: [string, string, string][] = [
    ['upper-case key', key.toUpperCase(), sig],
    ['key with 0x', `0x${key.slice(2)}`, sig],
    ['key with a newline', `${key}\n`, sig],
    ['empty key', '', sig],
    ['no padding', key, sig.slice(0, 86)],
    ['base64url', key, bytes.toString('base64url')],
    ['hex', key, bytes.toString('hex')],
    ['newline', key, `${sig}\n`],
    ['space in front', key, ` ${sig}`],
    ['loose last digit', key, loose],
    ['empty signature', key, ''],
  ];
  for (const [title, someKey, someSig] of spellings) assert.equal(verifyBytes(someKey, message, someSig), false, title);
});

test('a signer signs the bytes of the type it is told', async () => {
  const signer = seedSigner(seed);
  assert.equal(signer.key, publicKeyOf(seed));
  const sig = await signer.sign('record', '{}');
  assert.equal(verifyBytes(signer.key, signingBytes('record', '{}'), sig), true);
  assert.equal(verifyBytes(signer.key, signingBytes('talk', '{}'), sig), false);
});
