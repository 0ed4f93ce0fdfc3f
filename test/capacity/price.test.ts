// Prices: published vectors, one rounding, and settlements that add up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTft } from '../../src/base/amount.js';
import { isProblem } from '../../src/base/errors.js';
import { billedStroops, perHourStroops, totalStroops } from '../../src/capacity/price.js';
import { anyResources, gib, listPrices } from './samples.js';

const HOUR_MS = 3_600_000;
const MONTH_MS = 720 * HOUR_MS;

for (const [sizes, perHour, perMonth] of [
  ['4/4/100/0', '0.0225000', '16.2000000'],
  ['4/0/100/0', '0.0125000', '9.0000000'],
  ['4/8/100/0', '0.0225000', '16.2000000'],
  ['2/2/15/0', '0.0103750', '7.4700000'],
  ['1/2/25/0', '0.0056250', '4.0500000'],
  ['8/32/100/0', '0.0825000', '59.4000000'],
] as const) {
  test(`${sizes} costs ${perHour} TFT an hour and ${perMonth} a month at list prices`, () => {
    assert.equal(formatTft(perHourStroops(gib(sizes), listPrices)), perHour);
    assert.equal(formatTft(totalStroops(gib(sizes), listPrices, MONTH_MS)), perMonth);
  });
}

test('a public address costs its own price', () => {
  assert.equal(perHourStroops({ ...gib('0/0/0/0'), ipv4: 2 }, listPrices), 80_000n);
});

test('the total is rounded up once, at the end, not from a rounded hour', () => {
  const tiny = { ...gib('0/0/0/0'), hru_mib: 1 };
  assert.equal(perHourStroops(tiny, listPrices), 1n);
  // 1 MiB of 1200 GiB at 50,000 stroops: 0.0406901… stroops an hour, 29.29… a month.
  assert.equal(totalStroops(tiny, listPrices, MONTH_MS), 30n);
});

// By hand: 16.2 TFT is what four cores, 4 GiB and 100 GiB of SSD cost a month; 29.296875 stroops what 1 MiB of HDD costs.
for (const [what, sizes, hru_mib, percents, total] of [
  ['a deal of 20 %', '4/4/100/0', 0, ['20'], 129_600_000n],
  ['15 % for length', '4/4/100/0', 0, ['15'], 137_700_000n],
  ['half for a dedicated node', '4/4/100/0', 0, ['50'], 81_000_000n],
  ['a deal of 20 %, and 5 % of what that leaves', '4/4/100/0', 0, ['20', '5'], 123_120_000n],
  ['20 %, 5 % and 50 %', '4/4/100/0', 0, ['20', '5', '50'], 61_560_000n],
  ['the smallest there is', '4/4/100/0', 0, ['0.0001'], 161_999_838n],
  ['all of it', '4/4/100/0', 0, ['100'], 0n],
  ['half, of an odd number', '0/0/0/0', 1, ['50'], 15n],
  // 29.296875 × 0.666667 = 19.53…; from a price that is rounded up before, 30 × 0.666667 = 20.00001, it would be 21.
  ['a third, rounded once', '0/0/0/0', 1, ['33.3333'], 20n],
  ['a third twice, rounded once', '0/0/0/0', 1, ['33.3333', '33.3333'], 14n],
] as const) {
  test(`a discount: ${what}`, () => {
    const discounts = percents.map((percent, i) => ({ name: `discount-${'abc'[i]}`, ppm: Math.round(Number(percent) * 10_000) }));
    assert.equal(totalStroops({ ...gib(sizes), hru_mib }, listPrices, MONTH_MS, discounts), total);
  });
}

test('discounts cost the same in any order, and never more than none', () => {
  const discount = fc.integer({ min: 1, max: 1_000_000 }).map((ppm) => ({ name: 'any', ppm }));
  fc.assert(
    fc.property(anyResources, fc.nat(MONTH_MS), fc.array(discount, { maxLength: 4 }), (resources, term, discounts) => {
      const total = totalStroops(resources, listPrices, term, discounts);
      assert.equal(totalStroops(resources, listPrices, term, [...discounts].reverse()), total);
      assert.ok(total <= totalStroops(resources, listPrices, term));
    }),
  );
});

test('a total above 2^63-1 is refused, an amount that is none too', () => {
  const dear = { ...listPrices, cu_stroops: '9223372036854775807' };
  assert.throws(() => totalStroops(gib('8/32/0/0'), dear, MONTH_MS), (error) => isProblem(error, 'malformed', 'amount'));
  assert.throws(() => totalStroops(gib('8/32/0/0'), { ...listPrices, cu_stroops: '-1' }, MONTH_MS), (error) => isProblem(error, 'malformed'));
});

test('a longer term or more resources never cost less, and splitting a term never makes it cheaper', () => {
  const term = fc.nat(10 * MONTH_MS);
  fc.assert(
    fc.property(anyResources, anyResources, term, term, (wanted, other, first, second) => {
      const whole = totalStroops(wanted, listPrices, first + second);
      const parts = totalStroops(wanted, listPrices, first) + totalStroops(wanted, listPrices, second);
      assert.ok(whole <= parts && parts - whole <= 1n);
      const more = { ...wanted, sru_mib: wanted.sru_mib + other.sru_mib, cru: wanted.cru + other.cru };
      assert.ok(totalStroops(more, listPrices, first) >= totalStroops(wanted, listPrices, first));
    }),
  );
});

test('any sequence of settlements adds up to the same bill, never above the total', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.integer({ min: 1, max: MONTH_MS }), fc.array(fc.nat(MONTH_MS), { maxLength: 20 }), (total, term, times) => {
      let paid = 0n;
      for (const covered of times.sort((a, b) => a - b)) {
        const due = billedStroops(total, covered, term) - paid;
        assert.ok(due >= 0n);
        paid += due;
      }
      assert.equal(paid, billedStroops(total, times.at(-1) ?? 0, term));
      assert.ok(paid <= total);
      assert.equal(billedStroops(total, term, term), total);
      assert.equal(billedStroops(total, term + 1, term), total);
    }),
  );
});

for (const [covered, term] of [[-1, 10], [0, 0], [0.5, 10], [1, Number.NaN]] as const) {
  test(`billing ${covered} of ${term} ms is a programming error`, () => {
    assert.throws(() => billedStroops(1n, covered, term), /cannot bill/);
  });
}
