// What a farm asks: own prices or the list, deals, length, a whole node.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { totalStroops } from '../../src/capacity/price.js';
import { askingOf, type Purchase } from '../../src/market/asking.js';
import type { DealObject, FarmObject } from '../../src/rules/objects.js';
import { gib, HOUR } from '../deal.js';

const LIST = { cu_stroops: '100000', su_stroops: '50000', nu_stroops: '15000', ipv4_stroops: '40000' };
const CHEAP = { ...LIST, cu_stroops: '50000' };
const LENGTHS = [{ at_least_ms: 720 * HOUR, ppm: 50_000 }, { at_least_ms: 8_760 * HOUR, ppm: 150_000 }];
const PLAIN: Purchase = { term_ms: 720 * HOUR, dedicated: false, at: 1_000 };
const DEAL: DealObject = { prices: null, discount_ppm: 200_000, until: null };
type Farm = Pick<FarmObject, 'prices' | 'lengths' | 'dedicated_ppm'>;

// Four cores, 4 GiB and 100 GiB of SSD: 0.0225 TFT an hour at list prices.
const CASES: [title: string, farm: Partial<Farm>, deal: DealObject | undefined, purchase: Partial<Purchase>, discounts: string, total: bigint][] = [
  ['list prices', {}, undefined, {}, '', 162_000_000n],
  ['prices of its own', { prices: CHEAP }, undefined, {}, '', 90_000_000n],
  ['less for a deal', {}, DEAL, {}, 'deal 200000', 129_600_000n],
  ['the prices of a deal', { prices: CHEAP }, { ...DEAL, prices: LIST, discount_ppm: 0 }, {}, '', 162_000_000n],
  ['both of a deal', {}, { ...DEAL, prices: CHEAP }, {}, 'deal 200000', 72_000_000n],
  ['a deal until its last millisecond', {}, { ...DEAL, until: 1_001 }, {}, 'deal 200000', 129_600_000n],
  ['no deal once it is over', {}, { ...DEAL, until: 1_000 }, {}, '', 162_000_000n],
  // A millisecond costs 0.0625 stroops, so the total is rounded up to that of the month.
  ['nothing off a millisecond below the length', { lengths: LENGTHS }, undefined, { term_ms: 720 * HOUR - 1 }, '', 162_000_000n],
  ['less for the length', { lengths: LENGTHS }, undefined, {}, 'length 50000', 153_900_000n],
  // 0.0225 × 8760 = 197.1 TFT, less 15 %.
  ['the longest that applies, once', { lengths: LENGTHS }, undefined, { term_ms: 8_760 * HOUR }, 'length 150000', 1_675_350_000n],
  ['half for a whole node, unless it says otherwise', {}, undefined, { dedicated: true }, 'dedicated 500000', 81_000_000n],
  ['what it says for a whole node', { dedicated_ppm: 300_000 }, undefined, { dedicated: true }, 'dedicated 300000', 113_400_000n],
  ['nothing off a whole node, if it says so', { dedicated_ppm: 0 }, undefined, { dedicated: true }, '', 162_000_000n],
  // 16.2 × 0.8 × 0.95 × 0.5
  ['all of them, each from what is left', { lengths: LENGTHS }, DEAL, { dedicated: true }, 'deal 200000, length 50000, dedicated 500000', 61_560_000n],
];

for (const [title, farm, deal, purchase, expected, total] of CASES) {
  test(`a farm asks ${title}`, () => {
    const { prices, discounts } = askingOf({ prices: null, ...farm }, { prices: LIST }, deal, { ...PLAIN, ...purchase });
    assert.equal(discounts.map(({ name, ppm }) => `${name} ${ppm}`).join(', '), expected);
    assert.equal(totalStroops(gib(4, 4, 100), prices, purchase.term_ms ?? PLAIN.term_ms, discounts), total);
  });
}
