// Every parser that strangers feed, fed with changed inputs: a minute in all where CI runs it, a few seconds elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seedOr } from '../random.js';
import { feed, fuzz, Found } from './fuzz.js';
import { TARGETS } from './targets.js';

const TOTAL_MS = process.env['CI'] === undefined ? 4_000 : 60_000;
const names = Object.keys(TARGETS);

for (const [name, target] of Object.entries(TARGETS)) {
  test(`${name}: whatever it is fed, it is taken or refused with a Problem`, () => {
    const { fed, taken } = fuzz(name, target, seedOr(1), TOTAL_MS / names.length);
    assert.ok(taken > 0 && taken < fed, `${taken} of ${fed} were taken: both must be met`);
  });
}

test('what is neither is found, and said so that it can be kept', () => {
  assert.throws(() => feed('record', () => assert.fail('a defect'), 'input', 1), (thrown) => thrown instanceof Found && /"base64:aQBuAHAAdQB0AA=="/.test(thrown.message));
});
