import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_STROOPS } from '../../src/base/amount.js';
import { isProblem } from '../../src/base/errors.js';
import { MAX_REQUEST_CHARS } from '../../src/base/limits.js';
import { parseRequest, requestText, type PaymentRequest } from '../../src/market/request.js';

const GRID = 'ab'.repeat(32);
const ID = 'cd'.repeat(16);
const ADDRESS = 'GDXOY6HXPIDT2QD352CH7VWX257PHVFR72COWQ74QE3TEV4PK2KCKZX7';
const TEXT = `web+3bot:pay?grid=${GRID}&destination=${ADDRESS}&amount=12.5000000&memo=invoice%207%20%26%20more&expires=2026-12-01T00%3A00%3A00.000Z&id=${ID}`;

test('a request says grid, address, amount, memo, end and id, in one spelling', () => {
  const request = parseRequest(TEXT);
  assert.deepEqual({ ...request, to: request.to.length }, { grid: GRID, to: 64, amount: 125_000_000n, memo: 'invoice 7 & more', expires: Date.UTC(2026, 11, 1), id: ID });
  assert.equal(requestText(request), TEXT);
});

test('whatever can be asked for is read as it was written', () => {
  const memo = fc.string({ unit: fc.constantFrom('a', 'Z', '7', ' ', '&', '=', '%', '+', '#', 'ü', '雪', '💶'), maxLength: 50 });
  const hex = (length: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
  const expires = fc.option(fc.integer({ min: 0, max: 4_102_444_800_000 }));
  fc.assert(fc.property(hex(64), hex(64), fc.bigInt({ min: 1n, max: MAX_STROOPS }), memo, expires, hex(32), (grid, to, amount, said, until, id) => {
    const request: PaymentRequest = { grid, to, amount, memo: said, expires: until, id };
    const text = requestText(request);
    assert.deepEqual(parseRequest(text), request);
    assert.ok(text.length <= MAX_REQUEST_CHARS);
  }));
});

for (const [what, text] of [
  ['nothing', ''],
  ["a request of Stellar's (SEP-0007)", `web+stellar:pay?destination=${ADDRESS}&amount=12.5`],
  ['another scheme', TEXT.replace('web+3bot', '3bot')],
  ['another operation', TEXT.replace(':pay?', ':tx?')],
  ['no grid', TEXT.replace(`grid=${GRID}&`, '')],
  ['a short grid', TEXT.replace(GRID, GRID.slice(2))],
  ['an address with a typing mistake', TEXT.replace('KCKZX7', 'KCKZX6')],
  ['an address in lower case', TEXT.replace(ADDRESS, ADDRESS.toLowerCase())],
  ['a secret seed instead of an address', TEXT.replace(ADDRESS, 'SCPA5OX4EYINOPAUEQCPY6TJMYICUS5M7TVXYKWXR3G5ZRAJXY3C37GF')],
  ['a muxed account', TEXT.replace(ADDRESS, 'MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ')],
  ['a key in hex instead of an address', TEXT.replace(ADDRESS, GRID)],
  ['nothing asked for', TEXT.replace('12.5000000', '0')],
  ['eight places', TEXT.replace('12.5000000', '0.00000001')],
  ['more than can exist', TEXT.replace('12.5000000', '922337203685.4775808')],
  ['an exponent', TEXT.replace('12.5000000', '1e3')],
  ['a sign', TEXT.replace('12.5000000', '-1')],
  ['digits of another script', TEXT.replace('12.5000000', encodeURIComponent('１２'))],
  ['a field that nobody knows', `${TEXT}&callback=https%3A%2F%2Fevil.example`],
  ['two amounts', `${TEXT}&amount=1`],
  ['a memo that turns the text around', TEXT.replace('invoice', '%E2%80%AE')],
  ['a memo that drives terminals', TEXT.replace('invoice', '%1B[2J')],
  ['a memo that is no UTF-8', TEXT.replace('invoice', '%ff')],
  ['a memo of 101 characters', TEXT.replace('invoice', 'x'.repeat(101))],
  ['a time in words', TEXT.replace('2026-12-01T00%3A00%3A00.000Z', 'tomorrow')],
  ['no id', TEXT.replace(`&id=${ID}`, '')],
  ['a text without end', `${TEXT}${' '.repeat(MAX_REQUEST_CHARS)}`],
] as const) {
  test(`${what} is no payment request`, () => {
    assert.throws(() => parseRequest(text), (thrown) => isProblem(thrown, 'malformed', 'request'));
  });
}
