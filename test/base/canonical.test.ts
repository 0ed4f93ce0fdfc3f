// Canonical JSON: one text for each value, whatever a hostile writer tries.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { canonical, parseCanonical, type Json } from '../../src/base/canonical.js';
import { isProblem } from '../../src/base/errors.js';
import { MAX_JSON_DEPTH } from '../../src/base/limits.js';

const TAKEN = [
  '{}', '[]', 'null', 'true', '""', '0', '-1', '9007199254740991', '-9007199254740991',
  '{"a":1,"a_b":2,"ab":3,"b":{"a":[]}}', '"é \u{1f600} \ud7ff \ue000 \ufffd \u00a0"', '"\\"\\\\/"',
];

for (const text of TAKEN) {
  test(`${text} is canonical`, () => {
    assert.equal(canonical(parseCanonical(text)), text);
  });
}

const REFUSED: [string, string][] = [
  ['no JSON', '{'], ['nothing', ''], ['a mark of byte order', '\ufeff{}'], ['two values', '{}{}'], ['a comma too many', '[1,]'], ['a comment', '{}//'], ['single quotes', "{'a':1}"], ['a bare word', 'NaN'],
  ['a space', '{"a": 1}'], ['a space before', ' {}'], ['a newline at the end', '{}\n'], ['a tab', '[1,\t2]'],
  ['keys out of order', '{"b":1,"a":2}'], ['keys out of order, deep', '[{"x":{"b":1,"a":2}}]'],
  ['a key twice', '{"a":1,"a":1}'], ['a key twice with two values', '{"a":1,"a":2}'], ['a key twice, once spelled with an escape', '{"a":1,"\\u0061":1}'],
  ['a key like an integer', '{"1":1}'], ['keys like integers in number order', '{"2":1,"10":1}'], ['keys like integers in text order', '{"10":1,"2":1}'],
  ['__proto__', '{"__proto__":{"a":1}}'], ['__proto__ beside others', '{"a":1,"__proto__":null}'], ['a key that begins with _', '{"_a":1}'],
  ['a key in capitals', '{"A":1}'], ['an empty key', '{"":1}'], ['a key with a dash', '{"a-b":1}'], ['a key that is not ASCII', '{"é":1}'], ['a key with a line end', '{"a\\n":1}'],
  ['2^53', '9007199254740992'], ['2^53+1, which JSON.parse rounds', '9007199254740993'], ['-2^53', '-9007199254740992'], ['-0', '-0'], ['1.0', '1.0'], ['1.5', '1.5'], ['1e3', '1e3'], ['1E3', '1E3'],
  ['100 in as many characters', '1e2'], ['100 in as many characters, deep', '{"a":[1e2]}'], ['spaces that make up for a short number', '[1e9       ]'], ['a double key that makes up for a short number', '{"a":2,"a":1e8}'],
  ['1e400, which JSON.parse makes infinite', '1e400'], ['a leading zero', '01'], ['a plus', '+1'], ['an integer in hex', '0x1'], ['a number that ends in a point', '1.'],
  ['an escape for what needs none', '"\\u0041"'], ['an escaped slash', '"\\/"'], ['an escape in capitals', '"\\u00E9"'], ['an escaped emoji', '"\\ud83d\\ude00"'],
  ['half a surrogate pair, escaped', '"\\ud800"'], ['the other half, escaped', '"\\udc00"'], ['a pair the wrong way round', '"\\udc00\\ud800"'], ['half a surrogate pair, raw', '"\ud800"'], ['half a pair among others', '"a\udfffb"'],
  ['NUL, escaped', '"\\u0000"'], ['a line end', '"\\n"'], ['a raw line end', '"\n"'], ['DEL', '"\u007f"'], ['a C1 control', '"\u0085"'], ['an escape character', '"\\u001b[2J"'],
  ['right-to-left override', '"\u202e"'], ['left-to-right embedding', '"\u202a"'], ['an isolate', '"\u2066"'], ['pop of an isolate', '"\u2069"'], ['a left-to-right mark', '"\u200e"'], ['an Arabic letter mark', '"\u061c"'],
  ['a line separator', '"\u2028"'], ['a paragraph separator', '"\u2029"'], ['a zero-width no-break space', '"\ufeff"'],
  ['a level too many', `${'['.repeat(MAX_JSON_DEPTH + 1)}${']'.repeat(MAX_JSON_DEPTH + 1)}`],
  ['a million levels', '['.repeat(1_000_000)], ['a million closed levels', `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`], ['a million objects in each other', '{"a":'.repeat(1_000_000)],
];

for (const [what, text] of REFUSED) {
  test(`${what} is not canonical`, () => {
    assert.throws(() => parseCanonical(text), (thrown) => isProblem(thrown, 'malformed'));
  });
}

test('as many levels as are allowed', () => {
  const text = `${'['.repeat(MAX_JSON_DEPTH)}${']'.repeat(MAX_JSON_DEPTH)}`;
  assert.equal(canonical(parseCanonical(text)), text);
});

test('no value that JSON does not have is written', () => {
  const cyclic: { a: unknown } = { a: null };
  cyclic.a = cyclic;
  for (const value of [undefined, 1n, Number.NaN, Infinity, 1.5, -0, 2 ** 53, Symbol('a'), () => 1, { a: undefined }, [undefined], { A: 1 }, { a: '\ud800' }, { a: '\u202e' }, cyclic]) {
    assert.throws(() => canonical(value), (thrown) => isProblem(thrown, 'malformed'), typeof value);
  }
  assert.throws(() => canonical(JSON.parse('{"__proto__":1}')), (thrown) => isProblem(thrown, 'malformed'));
});

const value = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false), fc.maxSafeInteger().map((n) => n + 0), fc.integer({ min: -99, max: 99 }).map((n) => n * 100_000 + 0), fc.string({ unit: 'grapheme' }), fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/), tie('json'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).json;

test('every value has the one text that RFC 8785 gives it, and no other is read', () => {
  fc.assert(fc.property(value, fc.nat(), (any, place) => {
    let text: string;
    try {
      text = canonical(any);
    } catch (thrown) {
      assert.ok(isProblem(thrown, 'malformed'));
      return;
    }
    assert.equal(text, canonicalize(any));
    assert.deepEqual(parseCanonical(text), any);
    // Anywhere in it, a space or a character twice, or a number in short: another text is either refused or another value.
    const at = place % (text.length + 1);
    const short = text.replace(/(\d)(0{2,})\b/, (_, digit: string, zeros: string) => `${digit}e${zeros.length}`.padEnd(zeros.length + 1));
    for (const other of [`${text.slice(0, at)} ${text.slice(at)}`, text.slice(0, at) + text.slice(Math.max(0, at - 1)), short]) {
      if (other === text) continue;
      let read: Json;
      try {
        read = parseCanonical(other);
      } catch {
        continue;
      }
      assert.equal(canonicalize(read), other);
      assert.notDeepEqual(read, any);
    }
  }));
});
