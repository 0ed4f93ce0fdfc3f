// Sizes as people type them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { defaultResources, parseSize } from '../../src/capacity/parse.js';

for (const [text, mib] of [
  ['100', 102_400], ['100GiB', 102_400], ['100gib', 102_400], ['100G', 102_400], ['512MiB', 512], ['512m', 512],
  ['1TiB', 1_048_576], ['1.5', 1_536], ['0.5GiB', 512], ['0', 0],
] as const) {
  test(`${text} is ${mib} MiB`, () => {
    assert.equal(parseSize(text), mib);
  });
}

for (const text of ['', 'GiB', '-1', '1e3', '0.0001', '1.5MiB', '100GB', '1 GiB', '1,5', '0x10', '999999999999TiB', '１']) {
  test(`the size ${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => parseSize(text), (error) => isProblem(error, 'usage'));
  });
}

test('memory defaults to 1 GiB a vCPU, unless it is named', () => {
  assert.deepEqual(defaultResources({ cru: 4, sru_mib: 102_400 }), { cru: 4, mru_mib: 4_096, sru_mib: 102_400, hru_mib: 0, ipv4: 0 });
  assert.equal(defaultResources({ cru: 4, mru_mib: 512 }).mru_mib, 512);
  assert.equal(defaultResources({ cru: 4, mru_mib: 0 }).mru_mib, 0);
});
