import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SAY_PROGRESS_MS } from '../../../src/base/limits.js';
import { Progress } from '../../../src/node/report/progress.js';

const MIB = 1_048_576;

test('of a download the owner hears every tenth, and the book once a minute', () => {
  let now = 0;
  const progress = new Progress(() => now);
  assert.deepEqual(progress.note('a', 0, 100 * MIB), { isNews: true, isDue: true });
  assert.deepEqual([...progress.words], [['a', '0 % of 100 MiB']]);
  now = SAY_PROGRESS_MS - 1;
  assert.deepEqual(progress.note('a', 9 * MIB, 100 * MIB), { isNews: false, isDue: false });
  assert.deepEqual(progress.note('a', 45 * MIB, 100 * MIB), { isNews: true, isDue: false });
  assert.deepEqual([...progress.words], [['a', '0 % of 100 MiB']]);
  now = SAY_PROGRESS_MS;
  assert.deepEqual(progress.note('a', 46 * MIB, 100 * MIB), { isNews: false, isDue: true });
  assert.deepEqual([...progress.words], [['a', '46 % of 100 MiB']]);
  progress.forget('a');
  assert.deepEqual([...progress.words], []);
});
