// What a count says while it grows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted } from '../../src/cli/progress.js';

const CASES: [string, Parameters<typeof counted>, string][] = [
  ['in the first second no rate can be told', [10, 100, 'lines', 0, 0.5], '[##..................] 10 % · 10 of 100 lines'],
  ['then rate and time left are', [5_000, 20_000, 'lines', 0, 2], '[#####...............] 25 % · 5,000 of 20,000 lines · 2,500/s · 6 s left'],
  ['what was there before counts for the share, not for the rate', [5_000, 20_000, 'lines', 4_000, 10], '[#####...............] 25 % · 5,000 of 20,000 lines · 100/s · 3 min left'],
  ['a long time is told in hours', [1, 100_001, 'lines', 0, 1], '[....................] 0 % · 1 of 100,001 lines · 1/s · 28 h left'],
  ['on a narrow terminal the bar gets shorter, so that the line does not wrap', [5_000, 20_000, 'lines', 0, 2, 60], '[##......] 25 % · 5,000 of 20,000 lines · 2,500/s · 6 s left'],
  ['and then it goes', [5_000, 20_000, 'lines', 0, 2, 50], '25 % · 5,000 of 20,000 lines · 2,500/s · 6 s left'],
  ['nothing to do is done', [0, 0, 'lines', 0, 0], '[####################] 100 % · 0 of 0 lines'],
];
for (const [what, args, text] of CASES) {
  test(what, () => assert.equal(counted(...args), text));
}
