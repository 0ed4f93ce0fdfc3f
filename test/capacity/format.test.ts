import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSize } from '../../src/capacity/format.js';

for (const [mib, text] of [[0, '0'], [1, '1MiB'], [512, '512MiB'], [1_023, '1023MiB'], [1_024, '1GiB'], [1_536, '1.5GiB'], [102_400, '100GiB'], [15_923, '15.5GiB'], [2_047, '1.9GiB']] as const) {
  test(`${mib} MiB are shown as ${text}`, () => {
    assert.equal(formatSize(mib), text);
  });
}
