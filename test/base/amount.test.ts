import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTft, MAX_STROOPS, parseTft, stroops } from '../../src/base/amount.js';
import { isProblem } from '../../src/base/errors.js';

test('what a person types is read exactly, to the last of seven places', () => {
  for (const [text, amount] of [
    ['0', 0n], ['0.0000001', 1n], ['20', 200_000_000n], ['0.1', 1_000_000n], ['16.2000000', 162_000_000n], ['007', 70_000_000n], ['922337203685.4775807', MAX_STROOPS],
  ] as const) assert.equal(parseTft(text), amount, text);
});

test('nothing is rounded, guessed or cut: what is not exactly an amount is refused', () => {
  for (const text of ['', ' ', '1 ', ' 1', '.5', '5.', '1.', '+1', '-1', '-0', '1e3', '0x10', '1_000', '1,5', '1,000', '1.00000001', '0.00000001', '0.12345678', '922337203685.4775808', '1000000000000000', '9'.repeat(40), 'NaN', 'Infinity',
    'TFT 5', '5 TFT', '1\n', '１', '٣', '1\u0000', '½']) {
    assert.throws(() => parseTft(text), (thrown) => isProblem(thrown, 'usage'), JSON.stringify(text));
  }
});

test("a record's stroops have one spelling, and no amount above what Stellar can hold", () => {
  assert.deepEqual([stroops('0'), stroops('1'), stroops(MAX_STROOPS.toString())], [0n, 1n, MAX_STROOPS]);
  for (const text of ['', '00', '01', '-1', '+1', '1.0', '1e3', ' 1', '1n', (MAX_STROOPS + 1n).toString(), '9'.repeat(30)]) assert.throws(() => stroops(text), (thrown) => isProblem(thrown, 'malformed'), text);
});

test('every amount is read as it is shown', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: MAX_STROOPS }), (amount) => {
    assert.equal(parseTft(formatTft(amount)), amount);
    assert.equal(formatTft(-amount), amount === 0n ? '0.0000000' : `-${formatTft(amount)}`);
  }));
});
