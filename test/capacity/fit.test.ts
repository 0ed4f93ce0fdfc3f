// What fits, what is short, what is left.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { add, fits, NOTHING, shortages, smallerOf, subtract } from '../../src/capacity/fit.js';
import { anyResources, gib } from './samples.js';

test('what is short is named with what is wanted and free', () => {
  assert.deepEqual(shortages(gib('4/4/100/0'), gib('2/8/50/10')), [
    { resource: 'cru', wanted: 4, free: 2 },
    { resource: 'sru_mib', wanted: 102_400, free: 51_200 },
  ]);
});

test('exactly what is free fits, one more does not', () => {
  const free = gib('4/4/100/0');
  assert.ok(fits(free, free));
  for (const name of ['cru', 'mru_mib', 'sru_mib', 'hru_mib', 'ipv4'] as const) assert.ok(!fits({ ...free, [name]: free[name] + 1 }, free));
});

test('it fits just when nothing is short, and what was added can be taken away again', () => {
  fc.assert(
    fc.property(anyResources, anyResources, (a, b) => {
      assert.equal(fits(a, b), shortages(a, b).length === 0);
      assert.deepEqual(subtract(add(a, b), b), a);
      assert.ok(fits(a, add(a, b)));
      assert.ok(fits(smallerOf(a, b), a) && fits(smallerOf(a, b), b));
      assert.ok(fits(NOTHING, subtract(a, b)));
    }),
  );
});
