// A price that is explained is the price; and every line of the explanation can be worked out again from its own text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTft } from '../../src/base/amount.js';
import { totalStroops } from '../../src/capacity/price.js';
import { explain, explanationText, type Step } from '../../src/market/explain.js';
import type { Agreement, Discount } from '../../src/schema/types.js';
import { anyResources, gib, listPrices } from '../capacity/samples.js';

const HOUR = 3_600_000;
const [FARMER, GRID] = ['f'.repeat(64), 'a'.repeat(64)];
type Priced = Parameters<typeof explain>[0];

function priced(more: Partial<Agreement> = {}): Priced {
  const terms = { resources: gib('4/4/100/0'), prices: listPrices, term_ms: 720 * HOUR, ...more };
  return { payees: [{ account: FARMER, role: 'farmer', share_ppm: 1_000_000 }], payers: [], total_stroops: totalStroops(terms.resources, terms.prices, terms.term_ms, more.discounts).toString(), ...terms };
}

test('a month of four cores and 100 GiB, line by line', () => {
  const text = explanationText(explain(priced({ discounts: [{ name: 'deal', ppm: 200_000 }, { name: 'length', ppm: 50_000 }] })));
  assert.deepEqual(text, [
    ['compute', 'min(max(MRU/4, CRU/2), max(MRU/8, CRU), max(MRU/2, CRU/4)) = min(max(1, 2), max(1/2, 4), max(2, 1)) = 2 CU'],
    ['storage', 'HRU/1200 + SRU/200 = 0/1200 + 100/200 = 1/2 = 0.5 SU'],
    ['compute price', '2 × 0.01 = 1/50 = 0.02 TFT an hour'],
    ['storage price', '1/2 × 0.005 = 1/400 = 0.0025 TFT an hour'],
    ['IPv4 price', '0 × 0.004 = 0 TFT an hour'],
    ['an hour', '1/50 + 1/400 + 0 = 9/400 = 0.0225 TFT an hour'],
    ['the term', '9/400 × 720 hours = 81/5 = 16.2 TFT'],
    ['less deal', '81/5 less 20 % = 324/25 = 12.96 TFT'],
    ['less length', '324/25 less 5 % = 1539/125 = 12.312 TFT'],
    ['total', '12.3120000 TFT, rounded up once, to 0.0000001 TFT'],
    ['of it farmer', `100 % = 12.3120000 TFT to account ${FARMER}, if all of it is billed`],
  ]);
});

test('shares are cut to a stroop, and the farmer gets the rest', () => {
  const payees: Agreement['payees'] = [{ account: FARMER, role: 'farmer', share_ppm: 970_000 }, { account: GRID, role: 'grid', share_ppm: 20_000 }, { account: null, role: 'burn', share_ppm: 10_000 }];
  const { total, shares } = explain(priced({ resources: { ...gib('0/0/0/0'), hru_mib: 5 }, payees }));
  // 146.484375 stroops, so 147 are paid: 2.94 and 1.47 are cut to 2 and 1.
  assert.equal(total, '0.0000147');
  assert.deepEqual(shares.map(({ role, amount }) => [role, amount]), [['farmer', '0.0000144'], ['grid', '0.0000002'], ['burn', '0.0000001']]);
});

/** The value of a text of the explanation: numbers, fractions, + × / min max, `less … %`. */
function worth(formula: string): number {
  const code = formula.split(' = ').at(-1)?.replace(/ hours$/, '').replace(/^(\S+) less (\S+) %$/, '($1)*(1-$2/100)').replaceAll('×', '*').replaceAll(/(min|max)\(/g, 'Math.$1(') ?? '';
  assert.match(code, /^[0-9./*+()\-, Mathminx]+$/);
  return (new Function(`return ${code}`) as () => number)();
}

const exact = ({ exact: text }: Step): number => Number(text.split('/')[0]) / Number(text.split('/')[1] ?? 1);
const discount: fc.Arbitrary<Discount> = fc.record({ name: fc.constantFrom('deal', 'length', 'dedicated'), ppm: fc.integer({ min: 1, max: 1_000_000 }) });

test('every line gives what it says, and the last one, rounded up, is the price that is paid', () => {
  fc.assert(
    fc.property(anyResources, fc.integer({ min: 1_000, max: 10_000 * HOUR }), fc.uniqueArray(discount, { maxLength: 3, selector: ({ name }) => name }), (resources, term_ms, discounts) => {
      const { steps, total } = explain(priced({ resources, term_ms, discounts }));
      for (const step of steps) {
        const [said, value] = [worth(step.formula), exact(step)];
        assert.ok(Math.abs(said - value) <= 1e-9 * Math.max(1, value), `${step.formula} = ${step.exact}`);
      }
      assert.equal(total, formatTft(totalStroops(resources, listPrices, term_ms, discounts)));
    }),
  );
});

test('a unit price that is not the published one is a step of its own, and the total follows from the asked one', () => {
  const asked = priced();
  const published = { ...asked.prices, cu_stroops: '80000', ipv4_stroops: '0' };
  const { steps, total } = explain(asked, published);
  assert.deepEqual(steps.filter(({ step }) => step.endsWith('_asked')).map(({ step, formula }) => [step, formula]), [
    ['cu_asked', `0.008 published, × ${Number(asked.prices.cu_stroops) / 80_000 === 1.25 ? '5/4' : '?'}`], ['ipv4_asked', '0 published'],
  ]);
  assert.equal(total, explain(asked).total);
  assert.ok(explanationText(explain(asked, published)).some(([name]) => name === 'a compute unit'));
});
