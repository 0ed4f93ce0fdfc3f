// Prices by what is sold, and prices that buyers name: exact, and never below the floor.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { less, perHour, perHourStroops } from '../../../src/capacity/price.js';
import { matchesImage } from '../../../src/farmer/policy/images.js';
import { checkedPolicy, contradictions, wholePolicy } from '../../../src/farmer/policy/policy.js';
import { changeAt, meet, scaled, soldPpm } from '../../../src/farmer/policy/pricing.js';
import { withKeys } from '../../../src/farmer/policy/store.js';
import { isProblem } from '../../../src/base/errors.js';
import { gib } from '../../deal.js';
import { randomFrom, seedOr } from '../../random.js';

const DIGEST = `@sha256:${'ab'.repeat(32)}`;

for (const [pattern, image, expected] of [
  ['docker.io/library/nginx', 'docker.io/library/nginx', true],
  ['docker.io/library/nginx', 'docker.io/library/nginx2', false],
  ['docker.io/library/*', 'docker.io/library/nginx', true],
  ['docker.io/library/*', 'docker.io/librarian/nginx', false],
  ['*/miner', 'ghcr.io/me/miner', true],
  ['*miner*', 'ghcr.io/xminerx/app', true],
  ['a*a', 'a', false],
  ['a*b*b', 'axb', false],
  ['*', 'ghcr.io/me/app', true],
  [`ghcr.io/me/app${DIGEST}`, 'ghcr.io/me/app', true],
  [`ghcr.io/me/app@sha256:${'cd'.repeat(32)}`, 'ghcr.io/me/app', false],
  ['ghcr.io/me/app@*', 'ghcr.io/me/app', true],
] as const) {
  test(`the pattern ${pattern.slice(0, 40)} ${expected ? 'names' : 'does not name'} ${image}`, () => assert.equal(matchesImage(pattern, `${image}${DIGEST}`), expected));
}

test('what is sold is counted in compute units over all nodes, rounded down', () => {
  assert.equal(soldPpm([]), 0);
  assert.equal(soldPpm([{ capacity: gib(8, 16, 0), sold: gib(0, 0, 0) }]), 0);
  assert.equal(soldPpm([{ capacity: gib(8, 16, 0), sold: gib(4, 8, 0) }, { capacity: gib(4, 8, 0), sold: gib(4, 8, 0) }]), 666_666);
  assert.equal(soldPpm([{ capacity: gib(8, 16, 0), sold: gib(16, 32, 0) }]), 1_000_000);
});

test('the highest step that is reached counts, from its very part on', () => {
  const steps = { of: 'farm' as const, steps: [{ from_ppm: 0, change_ppm: -100_000 }, { from_ppm: 800_000, change_ppm: 200_000 }, { from_ppm: 950_000, change_ppm: 500_000 }] };
  assert.deepEqual([0, 799_999, 800_000, 949_999, 950_000, 1_000_000].map((sold) => changeAt(steps, sold)), [-100_000, -100_000, 200_000, 200_000, 500_000, 500_000]);
  assert.equal(changeAt({ of: 'farm', steps: [] }, 1_000_000), 0);
});

test('a changed price is rounded up to a stroop', () => {
  assert.deepEqual(scaled({ cu_stroops: '100001', su_stroops: '50000', nu_stroops: '0', ipv4_stroops: '1' }, 1_200_000), { cu_stroops: '120002', su_stroops: '60000', nu_stroops: '0', ipv4_stroops: '2' });
});

test('a price that a buyer names is met with the smallest discount that does, or the least that would do is named (2,000 cases)', () => {
  const random = randomFrom(seedOr(6_011));
  let [met, refused] = [0, 0];
  for (let i = 0; i < 2_000; i += 1) {
    const resources = gib(1 + random.below(64), 1 + random.below(256), random.below(4_000), random.below(4_000));
    const price = (): string => `${1 + random.below(1_000_000)}`;
    const prices = { cu_stroops: price(), su_stroops: price(), nu_stroops: '0', ipv4_stroops: '0' };
    const discounts = random.chance(0.5) ? [{ name: 'length', ppm: 1 + random.below(500_000) }] : [];
    const asked = perHourStroops(resources, prices, discounts);
    const [floor_ppm, wanted] = [1 + random.below(1_000_000), (asked * BigInt(1 + random.below(1_200_000))) / 1_000_000n];
    const found = meet(resources, { prices, discounts }, wanted, floor_ppm);
    if ('least_stroops' in found) {
      refused += 1;
      assert.ok(found.least_stroops > wanted || floor_ppm === 1_000_000, `${i}: ${found.least_stroops} would do, ${wanted} was named`);
      assert.ok(found.least_stroops <= asked);
      const again = meet(resources, { prices, discounts }, found.least_stroops, floor_ppm);
      assert.ok('discount' in again, `${i}: the price that is said to do does not`);
    } else {
      met += 1;
      const all = [...discounts, ...(found.discount === undefined ? [] : [found.discount])];
      assert.ok(perHourStroops(resources, prices, all) <= wanted || found.discount === undefined, `${i}: above what was named`);
      if (found.discount === undefined) continue;
      assert.ok(1_000_000 - found.discount.ppm >= floor_ppm, `${i}: below the floor`);
      // A millionth less, and it would be above: exactly, whatever rounding shows.
      const { over, under } = [...discounts, { ppm: found.discount.ppm - 1 }].reduce((sum, { ppm }) => less(sum, ppm), perHour(resources, prices));
      assert.ok(over > wanted * under, `${i}: more was taken off than needed`);
    }
  }
  assert.ok(met > 100 && refused > 100, 'both happen');
});

test('a policy survives being written and read, and one that contradicts itself is refused', () => {
  const policy = wholePolicy({ deny_consumers: ['ab'.repeat(32)], utilisation: { of: 'node', steps: [{ from_ppm: 1, change_ppm: 5 }] }, script: { run: ['/bin/true'], fallback: 'built_in' } });
  assert.deepEqual(checkedPolicy(JSON.parse(JSON.stringify(policy))), policy);
  for (const wrong of [
    { min_term_ms: 2_000, max_term_ms: 1_000 }, { allow_consumers: [] }, { allow_images: [] }, { allow_consumers: ['ab'.repeat(32)], deny_consumers: ['ab'.repeat(32)] },
    { utilisation: { of: 'farm', steps: [{ from_ppm: 5, change_ppm: 1 }, { from_ppm: 5, change_ppm: 2 }] } }, { script: { run: ['policy.py'], fallback: 'decline' } },
    { floor_ppm: 0 }, { prices: 'free' }, [], null,
  ]) assert.throws(() => checkedPolicy(wrong), (thrown) => isProblem(thrown, 'malformed'), JSON.stringify(wrong));
  assert.deepEqual(contradictions(wholePolicy({})), []);
});

test('names of bots in a policy file become keys; nothing else is touched', () => {
  assert.deepEqual(withKeys({ allow_consumers: null, deny_consumers: ['bob'], meters: ['eve', 7], max_term_ms: 5 }, (text) => `key of ${text}`), { allow_consumers: null, deny_consumers: ['key of bob'], meters: ['key of eve', 7], max_term_ms: 5 });
  assert.equal(withKeys('no policy', (text) => text), 'no policy');
});
