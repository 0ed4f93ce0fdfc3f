import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import { isProblem } from '../../src/base/errors.js';
import { BOX_OVERHEAD, seal, sealingKeyOf, unseal } from '../../src/keys/box.js';

const secret = randomBytes(32);
const key = sealingKeyOf(secret);

interface Sodium {
  crypto_box_easy(box: Buffer, message: Buffer, nonce: Buffer, publicKey: Buffer, secretKey: Buffer): void;
  crypto_box_open_easy(message: Buffer, box: Buffer, nonce: Buffer, publicKey: Buffer, secretKey: Buffer): boolean;
  crypto_scalarmult_base(publicKey: Buffer, secretKey: Buffer): void;
}
const sodium = createRequire(import.meta.url)('sodium-native') as Sodium;

test('libsodium opens our boxes, and we open its', () => {
  const publicKey = Buffer.alloc(32);
  sodium.crypto_scalarmult_base(publicKey, secret);
  assert.equal(key, publicKey.toString('hex'));
  const message = Buffer.from('hello');

  const ours = Buffer.from(seal(key, message));
  const opened = Buffer.alloc(message.length);
  assert.ok(sodium.crypto_box_open_easy(opened, ours.subarray(56), ours.subarray(32, 56), ours.subarray(0, 32), secret));
  assert.deepEqual(opened, message);

  const [ephemeral, nonce, theirs] = [randomBytes(32), randomBytes(24), Buffer.alloc(message.length + 16)];
  sodium.crypto_box_easy(theirs, message, nonce, publicKey, ephemeral);
  assert.deepEqual(Buffer.from(unseal(secret, Buffer.concat([Buffer.from(sealingKeyOf(ephemeral), 'hex'), nonce, theirs]))), message);
});

test('what was sealed comes back, and each box is another', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (message) => {
    const box = seal(key, message);
    assert.equal(box.length, message.length + BOX_OVERHEAD);
    assert.notDeepEqual(seal(key, message), box);
    assert.deepEqual(Buffer.from(unseal(secret, box)), Buffer.from(message));
  }), { numRuns: 30 });
});

test('a box for somebody else, cut short, or with any bit changed is refused', () => {
  const box = seal(key, Buffer.from('hello'));
  const refused = (other: Uint8Array, by: Uint8Array = secret) => assert.throws(() => unseal(by, other), (thrown) => isProblem(thrown, 'integrity'));
  refused(box, randomBytes(32));
  for (const length of [0, 31, BOX_OVERHEAD - 1, box.length - 1]) refused(box.subarray(0, length));
  for (let at = 0; at < box.length; at += 1) {
    // X25519 ignores the top bit of a public key (RFC 7748, 5): the one bit of a box that says nothing.
    const bit = at === 31 ? 0x40 : 0x80;
    const changed = Buffer.from(box);
    changed[at] = (changed[at] ?? 0) ^ bit;
    refused(changed);
  }
});
