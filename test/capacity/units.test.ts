// The published vectors of units/1, and what must hold for every size.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CU_DENOMINATOR, formatUnits, SU_DENOMINATOR, unitsOf } from '../../src/capacity/units.js';
import { anyResources, gib } from './samples.js';

for (const [sizes, cu, su] of [
  ['4/4/100/0', '2', '0.5'],
  ['4/0/100/0', '1', '0.5'],
  ['4/8/100/0', '2', '0.5'],
  ['2/2/15/0', '1', '0.075'],
  ['1/2/25/0', '0.5', '0.125'],
  ['8/32/100/0', '8', '0.5'],
  ['0/0/0/1200', '0', '1'],
] as const) {
  test(`${sizes} is ${cu} CU and ${su} SU`, () => {
    const units = unitsOf(gib(sizes));
    assert.equal(formatUnits(units.cu, CU_DENOMINATOR), cu);
    assert.equal(formatUnits(units.su, SU_DENOMINATOR), su);
  });
}

test('units are those of the published formula, term by term, in floating point where that is exact', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_096 }), fc.integer({ min: 0, max: 1_000_000 }), (cru, mru_mib) => {
      const mru = mru_mib / 1_024;
      const expected = Math.min(Math.max(mru / 4, cru / 2), Math.max(mru / 8, cru), Math.max(mru / 2, cru / 4));
      assert.equal(Number(unitsOf({ ...gib('0/0/0/0'), cru, mru_mib }).cu) / Number(CU_DENOMINATOR), expected);
    }),
  );
});

test('more of a resource never makes fewer units', () => {
  fc.assert(
    fc.property(anyResources, anyResources, (base, more) => {
      const small = unitsOf(base);
      const large = unitsOf({ ...base, cru: base.cru + more.cru, mru_mib: base.mru_mib + more.mru_mib, sru_mib: base.sru_mib + more.sru_mib, hru_mib: base.hru_mib + more.hru_mib });
      assert.ok(large.cu >= small.cu && large.su >= small.su);
    }),
  );
});
