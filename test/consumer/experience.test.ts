// Ranking by price and experience: prices stay exact, and nothing makes a farm that asks a quarter more win.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byPrice, byRank, cheaperText, experienceText, MAX_PENALTY_PPM, penaltyPpm, STRANGER, type Experience } from '../../src/consumer/experience.js';
import { choose, type Candidate } from '../../src/consumer/choose.js';
import { gib } from '../deal.js';
import { randomFrom, seedOr } from '../random.js';

for (const [what, lived, ppm] of [
  ['a stranger', {}, 0],
  ['ten contracts that ran', { fine: 10, answered: 50 }, 0],
  ['the first contract failed', { failed: 1 }, 100_000],
  ['two of three failed', { failed: 2, fine: 1 }, 100_000],
  ['nine of nine failed', { failed: 9 }, 180_000],
  ['one request of ten was not answered', { silent: 1, answered: 9 }, 4_545],
  ['it never answers', { silent: 99 }, 49_500],
  ['its answers do not hold', { false_answers: 1 }, 25_000],
  ['all goes wrong', { failed: 1_000_000, silent: 1_000_000 }, 249_998],
] as const satisfies readonly (readonly [string, Partial<Experience>, number])[]) {
  test(`${what}: counts ${ppm} millionths more`, () => assert.equal(penaltyPpm({ ...STRANGER, ...lived }), ppm));
}

test('of any offers the first is never more than a quarter dearer than the cheapest, and without experience the cheapest (5,000 cases)', () => {
  const random = randomFrom(seedOr(6_012));
  let moved = 0;
  for (let i = 0; i < 5_000; i += 1) {
    const offers = Array.from({ length: 2 + random.below(6) }, (_, n) => ({
      total_stroops: 1_000n + BigInt(random.below(1_000)), farm_id: `${n}`,
      penalty_ppm: penaltyPpm({ fine: random.below(4), failed: random.below(4), answered: random.below(10), silent: random.below(10), false_answers: random.below(3) }),
    }));
    const [first] = [...offers].sort(byRank);
    const [cheapest] = [...offers].sort(byPrice);
    assert.ok(first !== undefined && cheapest !== undefined);
    if (first !== cheapest) moved += 1;
    assert.ok(first.total_stroops * 1_000_000n <= cheapest.total_stroops * BigInt(1_000_000 + MAX_PENALTY_PPM), `${i}`);
    const strangers = offers.map((offer) => ({ ...offer, penalty_ppm: 0 }));
    assert.deepEqual([...strangers].sort(byRank), [...strangers].sort(byPrice));
    // The order does not depend on the order in which farms answered.
    assert.deepEqual([...offers].reverse().sort(byRank), [...offers].sort(byRank));
  }
  assert.ok(moved > 100, `${moved} were ranked otherwise than by price`);
});

test('the parts of an order go where experience sends them, within the same bound', () => {
  const place = (node: string, total: bigint, penalty_ppm: number): Candidate => ({ farm: node, node, location: { country: null, region: null }, total_stroops: total, penalty_ppm, free: gib(8, 16, 0) });
  const chosen = (candidates: Candidate[]): string[] | undefined => choose([{ count: 2, spread: 'node', resources: gib(1, 1, 0), dedicated: false, candidates, beside: [] }])?.chosen[0]?.map(({ node }) => node).sort();
  assert.deepEqual(chosen([place('bad', 100n, 200_000), place('good', 110n, 0), place('dear', 119n, 0)]), ['dear', 'good']);
  assert.deepEqual(chosen([place('bad', 100n, 200_000), place('good', 110n, 0), place('dear', 121n, 0)]), ['bad', 'good']);
});

test('what was lived through, and by how much something is cheaper, in words', () => {
  assert.equal(experienceText({ ...STRANGER, failed: 2, fine: 1, silent: 1, answered: 8 }), '2 of 3 contracts failed there, 1 of 9 requests was not answered as it should be');
  assert.equal(experienceText(STRANGER), 'nothing went wrong there');
  assert.equal(cheaperText(97n, 100n), '3 % cheaper');
  assert.equal(cheaperText(999n, 1_000n), '0.1 % cheaper');
});
