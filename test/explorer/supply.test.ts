// Supply over time: kept sums say what counting everything at each point says, and the lines are read once for all who ask.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iso } from '../../src/base/clock.js';
import { formatTft } from '../../src/base/amount.js';
import { add, NOTHING } from '../../src/capacity/fit.js';
import { momentsOf, pointsOf, Supplies, type Change } from '../../src/explorer/supply.js';
import type { Machine } from '../../src/explorer/tally.js';
import type { MarketPoint, Resources } from '../../src/schema/types.js';
import { book, farmOf } from '../market/listed.js';

/** Everything looked at again, at any moment. */
class Plain {
  readonly farms = new Map<string, string>();
  readonly nodes = new Map<string, Machine>();
  readonly admitted = new Set<string>();
  readonly sold = new Map<string, Resources>();

  at(time: number): MarketPoint {
    const open = [...this.nodes].filter(([key, { farm }]) => this.admitted.has(`${farm}/${key}`)).map(([, { capacity }]) => capacity);
    const prices = [...this.farms.values()].map(Number).sort((a, b) => a - b);
    const middle = prices[Math.floor(prices.length / 2)];
    return {
      at: iso(time), farms: this.farms.size, nodes: open.length, contracts: this.sold.size,
      capacity: open.reduce(add, NOTHING), sold: [...this.sold.values()].reduce(add, NOTHING), cu_price: middle === undefined ? null : formatTft(BigInt(middle)),
    };
  }
}

/** The same numbers every time. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

interface Event extends Change {
  readonly plain: (of: Plain) => void;
}

function event(at: number, roll: (below: number) => number): Event {
  const [farm, node, contract, price] = [`f${roll(4)}`, `n${roll(6)}`, `c${roll(9)}`, `${roll(9)}`];
  const resources = { cru: roll(64), mru_mib: roll(4096), sru_mib: roll(9999), hru_mib: roll(9999), ipv4: roll(3) };
  const place = `${farm}/${node}`;
  const kinds: Omit<Event, 'at'>[] = [
    { apply: (t) => t.farm(farm, price), plain: ({ farms }) => void (farms.has(farm) || farms.set(farm, price)) },
    { apply: (t) => t.price(farm, price), plain: ({ farms }) => void farms.set(farm, price) },
    { apply: (t) => t.announce(node, { farm, capacity: resources }), plain: ({ nodes }) => void nodes.set(node, { farm, capacity: resources }) },
    { apply: (t) => t.admit(farm, node), plain: ({ admitted }) => void admitted.add(place) },
    { apply: (t) => t.retire(farm, node), plain: ({ admitted }) => void admitted.delete(place) },
    { apply: (t) => t.sell(contract, resources), plain: ({ sold }) => void sold.set(contract, resources) },
    { apply: (t) => t.over(contract), plain: ({ sold }) => void sold.delete(contract) },
  ];
  const kind = kinds[roll(kinds.length)];
  assert.ok(kind);
  return { at, ...kind };
}

for (const seed of [1, 2, 3]) {
  test(`points of 600 changes are what counting all of it again says (seed ${seed})`, async () => {
    const roll = dice(seed);
    // Several at the same time, and in no order.
    const events = Array.from({ length: 600 }, () => event(1_000_000 + roll(900), roll));
    const moments = await momentsOf(events);
    const sorted = [...events].sort((a, b) => a.at - b.at);
    const until = 1_001_000;
    for (const since of [0, 1_000_450]) {
      const points = pointsOf(moments, until, since, 97);
      const from = Math.max(since, sorted[0]?.at ?? 0);
      const expected = points.map((_, i) => {
        const time = Math.round(from + ((until - from) * i) / 96);
        const plain = new Plain();
        for (const { at, plain: apply } of sorted) if (at <= time) apply(plain);
        return plain.at(time);
      });
      assert.deepEqual(points, expected);
    }
  });
}

test('where nothing has happened, every point is now and there is nothing', () => {
  const points = pointsOf([], 5_000, 0, 2);
  assert.deepEqual(points, [new Plain().at(5_000), new Plain().at(5_000)]);
});

test('those who ask while the lines are read, for whatever part, share one reading', async (t) => {
  const reader = book(t, [farmOf(1)], []);
  const supplies = new Supplies();
  const answers = await Promise.all([0, 1, 2].map((i) => supplies.of(reader, 1_000_000 + i, i * 1_000, 2 + i)));
  assert.deepEqual(answers.map(({ at, points }) => [at, points.length]), [2, 3, 4].map((count) => [iso(1_000_000), count]));
});
