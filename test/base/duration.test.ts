import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from '../../src/base/duration.js';
import { isProblem } from '../../src/base/errors.js';

test('spans are read with their unit', () => {
  for (const [text, ms] of [['250ms', 250], ['90s', 90_000], ['15m', 900_000], ['1h', 3_600_000], ['1h30m', 5_400_000], ['30d', 2_592_000_000], ['1d12h', 129_600_000], ['2w', 1_209_600_000]] as const) {
    assert.equal(parseDuration(text), ms, text);
  }
});

test('anything else is refused, also a number without a unit', () => {
  for (const text of ['', '15', 'm', '1.5h', '-1h', '1 h', '1h ', 'h1', '9999999d', '4000d', '0s', '1d 2h', '15M']) {
    assert.throws(() => parseDuration(text), (thrown) => isProblem(thrown, 'usage'), text);
  }
});

test('spans are shown in their two largest units', () => {
  for (const [ms, text] of [[0, '0s'], [250, '250ms'], [90_000, '1m30s'], [3_600_000, '1h'], [2_592_061_000, '30d1m'], [-5, '0s']] as const) assert.equal(formatDuration(ms), text);
});
