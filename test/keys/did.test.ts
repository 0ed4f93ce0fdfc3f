import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isProblem } from '../../src/base/errors.js';
import { addressOf, didOf, parseKey } from '../../src/keys/did.js';

// did:key Method v0.7, Ed25519 example (ed25519 seed 00…00) and SEP-0023's first StrKey vector.
const DID = ['3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29', 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'] as const;
const STRKEY = ['3f0c34bf93ad0d9971d04ccc90f705511c838aad9734a4a2fb0d7a03fc7fe89a', 'GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ'] as const;

test('published vectors of did:key and StrKey', () => {
  assert.equal(didOf(DID[0]), DID[1]);
  assert.equal(parseKey(DID[1]), DID[0]);
  assert.equal(addressOf(STRKEY[0]), STRKEY[1]);
  assert.equal(parseKey(STRKEY[1]), STRKEY[0]);
});

test('every key comes back from each of its forms', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
    const key = Buffer.from(bytes).toString('hex');
    for (const form of [key, key.toUpperCase(), addressOf(key), didOf(key)]) assert.equal(parseKey(form), key);
  }), { numRuns: 100 });
});

test('a mistyped address is never another key', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  for (let at = 1; at < 56; at += 1) {
    for (const letter of alphabet) {
      const typed = STRKEY[1].slice(0, at) + letter + STRKEY[1].slice(at + 1);
      if (typed !== STRKEY[1]) assert.throws(() => parseKey(typed), (thrown) => isProblem(thrown, 'usage'), typed);
    }
  }
});

test('a secret seed in the place of an address is not repeated', () => {
  const seed = 'SBU2RRGLXH3E5CQHTD3ODLDF2BWDCYUSSBLLZ5GNW7JXHDIYKXZWHOKR';
  assert.throws(() => parseKey(seed), (thrown) => isProblem(thrown, 'usage') && /secret seed/.test(thrown.message) && !thrown.message.includes(seed));
});

test('everything that is not a key is refused', () => {
  const others = ['', 'alice', STRKEY[0].slice(1), `${STRKEY[0]}0`, STRKEY[1].slice(1), `${STRKEY[1]}A`, STRKEY[1].toLowerCase(), DID[1].slice(0, -1), 'did:key:z', 'did:web:example.org',
    // An X25519 key as did:key, and a StrKey secret seed.
    'did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc', 'SBU2RRGLXH3E5CQHTD3ODLDF2BWDCYUSSBLLZ5GNW7JXHDIYKXZWHOKR', ' '.repeat(64), '1'.repeat(10_000)];
  for (const text of others) assert.throws(() => parseKey(text), (thrown) => isProblem(thrown, 'usage'), text);
});
