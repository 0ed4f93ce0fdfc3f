// Vectors that others have published: each file names where it is from. What we take is what they say, byte for byte;
// what is outside of our narrower rules is refused.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import canonicalize from 'canonicalize';
import { canonical, parseCanonical } from '../../src/base/canonical.js';
import { isProblem } from '../../src/base/errors.js';
import { nobleBackend } from '../../src/keys/backends/noble.js';
import { nodeBackend } from '../../src/keys/backends/node.js';
import { sodiumBackend } from '../../src/keys/backends/sodium.js';
import { verifyBytes } from '../../src/keys/ed25519.js';

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`../../../test/vectors/${name}`, import.meta.url), 'utf8')) as T;
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

interface Jcs {
  readonly documents: readonly { readonly name: string; readonly input: string; readonly output: string; readonly outside: string | null }[];
  /** IEEE 754 double, hex; its text. */
  readonly numbers: readonly (readonly [string, string])[];
}
interface Wycheproof {
  readonly tests: readonly { readonly tcId: number; readonly comment: string; readonly key: string; readonly msg: string; readonly sig: string; readonly valid: boolean }[];
}
interface Speccheck {
  readonly tests: readonly { readonly case: number; readonly title: string; readonly key: string; readonly message: string; readonly signature: string; readonly valid: boolean }[];
}

describe('RFC 8785', () => {
  const { documents, numbers } = read<Jcs>('jcs.json');
  for (const { name, input, output, outside } of documents) {
    test(`${name}: ${outside === null ? 'taken' : `refused, ${outside}`}`, () => {
      assert.equal(canonicalize(JSON.parse(input)), output, 'the library writes what is published');
      if (outside === null) {
        assert.equal(canonical(JSON.parse(input)), output);
        assert.deepEqual(parseCanonical(output), JSON.parse(input));
      } else {
        assert.throws(() => canonical(JSON.parse(input)), (thrown) => isProblem(thrown, 'malformed'));
        assert.throws(() => parseCanonical(output), (thrown) => isProblem(thrown, 'malformed'));
      }
      if (input !== output) assert.throws(() => parseCanonical(input), (thrown) => isProblem(thrown, 'malformed'), 'not canonical as it stands');
    });
  }

  test('a number has the published text, or is none of ours', () => {
    for (const [bits, text] of numbers) {
      const number = hex(bits).readDoubleBE();
      assert.equal(canonicalize(number), text, bits);
      if (Number.isSafeInteger(number) && !Object.is(number, -0)) {
        assert.equal(canonical(number), text, bits);
        assert.equal(parseCanonical(text), number, bits);
      } else {
        assert.throws(() => canonical(number), (thrown) => isProblem(thrown, 'malformed'), bits);
        if (text !== '0') assert.throws(() => parseCanonical(text), (thrown) => isProblem(thrown, 'malformed'), bits);
      }
    }
  });
});

for (const backend of [sodiumBackend(), nodeBackend(), nobleBackend()]) {
  test(`Wycheproof's Ed25519 signatures, by ${backend.name}`, () => {
    const { tests } = read<Wycheproof>('wycheproof-ed25519.json');
    assert.ok(tests.some(({ valid }) => valid) && tests.some(({ valid }) => !valid));
    for (const { tcId, comment, key, msg, sig, valid } of tests) {
      assert.equal(backend.verify(hex(key), hex(msg), hex(sig)), valid, `${tcId} ${comment}`);
      assert.equal(verifyBytes(key, hex(msg), hex(sig).toString('base64')), valid, `${tcId} ${comment}, as records spell it`);
    }
  });

  test(`ed25519-speccheck: ${backend.name} accepts what libsodium does`, () => {
    for (const { case: number, title, key, message, signature, valid } of read<Speccheck>('speccheck-ed25519.json').tests) {
      assert.equal(backend.verify(hex(key), hex(message), hex(signature)), valid, `${number} ${title}`);
    }
  });
}

test('RFC 8032 7.1 is among them, with its message of 1,023 bytes', () => {
  const long = read<Wycheproof>('wycheproof-ed25519.json').tests.find(({ comment }) => comment.endsWith('Test 1024'));
  assert.equal(hex(long?.msg ?? '').length, 1_023);
  assert.equal(long?.valid, true);
});
