import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apart, choose, type Candidate, type Need, type Spread } from '../../src/consumer/choose.js';
import { fits, subtract } from '../../src/capacity/fit.js';
import type { Resources } from '../../src/schema/types.js';
import { randomFrom, seedOr } from '../random.js';

const cores = (cru: number): Resources => ({ cru, mru_mib: 0, sru_mib: 0, hru_mib: 0, ipv4: 0 });
type Words = readonly [node: string, farm: string, price: number, free?: number, place?: string];
/** `BE/Ghent`, `BE`, `/Ghent`; empty: unknown. */
const candidate = ([node, farm, price, free = 8, place = '']: Words): Candidate => {
  const [country = '', region = ''] = place.split('/');
  return { node, farm, total_stroops: BigInt(price), free: cores(free), location: { country: country === '' ? null : country, region: region === '' ? null : region } };
};
const need = (count: number, spread: Spread | null, words: readonly Words[], more: Partial<Need> & { each?: number } = {}): Need => ({ count, spread, resources: cores(more.each ?? 1), dedicated: false, beside: [], ...more, candidates: words.map(candidate) });
const nodesOf = (needs: readonly Need[]): string[] | undefined => choose(needs)?.chosen.map((group) => group.map(({ node }) => node).sort().join(' '));

const MARKET: readonly Words[] = [['a1', 'a', 1], ['a2', 'a', 1], ['a3', 'a', 2], ['b1', 'b', 3], ['c1', 'c', 4], ['c2', 'c', 5]];

describe('the cheapest set', () => {
  const rows: readonly (readonly [title: string, needs: readonly Need[], expected: readonly string[] | undefined])[] = [
    ['takes one node of each farm', [need(3, 'farm', MARKET)], ['a1 b1 c1']],
    ['takes each node once', [need(3, 'node', MARKET)], ['a1 a2 a3']],
    ['is wherever it is cheapest without a spread, as far as there is room', [need(3, null, [['a1', 'a', 1, 2], ['b1', 'b', 3]])], ['a1 a1 b1']],
    ['is none where there are too few farms', [need(4, 'farm', MARKET)], undefined],
    ['is none where nothing is offered', [need(1, null, [])], undefined],
    ['of no parts is one', [], []],
    ['leaves out what is too small', [need(2, 'farm', [['a1', 'a', 1, 1], ['b1', 'b', 3], ['c1', 'c', 4]], { each: 2 })], ['b1 c1']],
    ['stands apart from what is there already', [need(1, 'farm', MARKET, { beside: [candidate(['a9', 'a', 0])] })], ['b1']],
    ['of equal price is the first', [need(1, null, [['y', 'a', 1], ['x', 'b', 1]])], ['y']],
    ['of whole nodes shares none', [need(2, null, [['a1', 'a', 1], ['b1', 'b', 3]], { dedicated: true })], ['a1 b1']],
    // What the cheapest pick for the first group would take away is all that there is for the second.
    ['of two groups leaves the only node to the one that fits nowhere else', [need(1, null, [['big', 'a', 1, 8], ['small', 'b', 5, 2]], { each: 2 }), need(1, null, [['big', 'a', 10, 8]], { each: 7 })], ['small', 'big']],
    ['of two groups is the cheapest sum, not the cheapest beginning', [need(1, null, [['x', 'a', 1, 1], ['y', 'b', 2, 1]]), need(1, null, [['x', 'a', 1, 1], ['y', 'b', 9, 1]])], ['y', 'x']],
    ['of two groups is none where both fit only one by one', [need(1, null, [['x', 'a', 1, 1]]), need(1, null, [['x', 'a', 1, 1]])], undefined],
    // Ghent and Bruges may both be "somewhere in BE", but are two regions.
    ['passes over a cheap node of which only the country is known', [need(2, 'region', [['be', 'a', 1, 8, 'BE'], ['ghent', 'b', 3, 8, 'BE/Ghent'], ['bruges', 'c', 4, 8, 'BE/Bruges']])], ['bruges ghent']],
    ['takes it where the other is in another country', [need(2, 'region', [['be', 'a', 1, 8, 'BE'], ['ghent', 'b', 3, 8, 'BE/Ghent'], ['paris', 'c', 4, 8, 'FR/Paris']])], ['be paris']],
    ['counts regions without regard to case, and no unknown place twice', [need(2, 'region', [['one', 'a', 1, 8, 'BE/Ghent'], ['two', 'b', 1, 8, 'be/ghent'], ['none', 'c', 1], ['nowhere', 'd', 1]])], undefined],
  ];
  for (const [title, needs, expected] of rows) test(title, () => assert.deepEqual(nodesOf(needs), expected));

  test('is what trying everything finds, on a thousand small markets', () => {
    const pick = randomFrom(seedOr(6)).below;
    for (let round = 0; round < 1_000; round += 1) {
      const needs = Array.from({ length: 1 + pick(3) }, (): Need => {
        const spread = ([null, 'farm', 'node', 'region'] as const)[pick(4)] ?? null;
        const words = Array.from({ length: 1 + pick(4) }, (_, i): Words => [`n${i}`, `f${i % 3}`, pick(9), 1 + (i * 7) % 4, ['', 'BE', 'BE/Ghent', 'FR/Paris'][i % 4] ?? '']);
        return need(1 + pick(3), spread, words, { each: 1 + pick(2), dedicated: pick(5) === 0 });
      });
      const found = choose(needs);
      assert.equal(found === undefined ? undefined : costOf(found.chosen), cheapest(needs), JSON.stringify(needs, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)));
      if (found !== undefined) assert.ok(found.exact);
    }
  });

  test('is found in bounded time where trying everything would take for ever', () => {
    const words = Array.from({ length: 32 }, (_, i): Words => [`n${i}`, `f${i}`, 1 + (i % 3), 3]);
    const tight = Array.from({ length: 16 }, () => need(2, 'node', words, { each: 3 }));
    assert.equal(choose(tight)?.chosen.flat().length, 32);
    assert.equal(choose([...tight, need(1, null, words)]), undefined);
  });
});

const costOf = (chosen: readonly (readonly Candidate[])[]): bigint => chosen.flat().reduce((sum, { total_stroops }) => sum + total_stroops, 0n);

/** Every way to give every part a candidate. */
function cheapest(needs: readonly Need[]): bigint | undefined {
  const slots = needs.flatMap((one, group) => Array.from({ length: one.count }, () => ({ one, group })));
  let best: bigint | undefined;
  const place = (at: number, taken: readonly { candidate: Candidate; group: number }[]): void => {
    const slot = slots[at];
    if (slot === undefined) {
      const cost = costOf([taken.map((each) => each.candidate)]);
      if (best === undefined || cost < best) best = cost;
      return;
    }
    for (const one of slot.one.candidates) {
      const here = taken.filter((each) => each.candidate.node === one.node);
      const used = here.reduce((left, each) => subtract(left, needs[each.group]?.resources ?? cores(0)), (here[0]?.candidate ?? one).free);
      const isWhole = slot.one.dedicated || here.some((each) => needs[each.group]?.dedicated);
      if (!fits(slot.one.resources, used) || (isWhole && here.length > 0)) continue;
      if (taken.every((each) => each.group !== slot.group || apart(slot.one.spread, each.candidate, one))) place(at + 1, [...taken, { candidate: one, group: slot.group }]);
    }
  };
  place(0, []);
  return best;
}
