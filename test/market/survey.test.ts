import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { search, type DirectoryState, type Search } from '../../src/market/directory.js';
import { nodeCounts } from '../../src/market/survey.js';
import type { FarmObject, NodeObject } from '../../src/rules/objects.js';
import { seedOr } from '../random.js';
import { AT, book, farmOf, HOUR, id, key, nodeOf, prices } from './listed.js';

const FARMS = 3;
const resources = (most: number) => fc.record({ cru: fc.integer({ max: most, min: 0 }), mru_mib: fc.integer({ max: most * 1_000, min: 0 }), sru_mib: fc.integer({ max: most * 1_000, min: 0 }), hru_mib: fc.constantFrom(0, 0, 0, 0, 1_500), ipv4: fc.constantFrom(0, 0, 0, 1) });
const moment = fc.constantFrom(AT - HOUR, AT, AT + HOUR);
const features = fc.subarray(['exec', 'vm', 'wireguard', 'gateway']);
const place = fc.constantFrom({ country: 'BE', region: 'Ghent' }, { country: 'NL', region: null }, { country: null, region: 'be' }, { country: null, region: null }, { country: 'FR', region: 'Île' });

const farms = fc.tuple(...Array.from({ length: FARMS }, (_, n) => fc.record({
  endpoint: fc.constantFrom(...Array<string>(5).fill(`http://127.0.0.1:${9_000 + n}`), null),
  prices: fc.constantFrom(null, prices(90_000n), prices(100_000n), prices(9_223_372_036_854_775_807n)),
  more: fc.constantFrom<Partial<FarmObject>[]>({}, { architect_ppm: 100_000 }, { lengths: [{ at_least_ms: HOUR, ppm: 50_000 }], dedicated_ppm: 250_000 }),
}).map(({ endpoint, prices: asked, more }): FarmObject => farmOf(n + 1, { endpoint, prices: asked, ...more }))));

const node = (n: number) => fc.record({
  farm: fc.integer({ min: 1, max: FARMS }), admitted: fc.constantFrom(true, true, true, false), drain: fc.constantFrom(undefined, undefined, undefined, null, AT),
  allocations: fc.array(fc.record({ resources: resources(4), until: moment, kept: fc.constantFrom(0, HOUR) }), { maxLength: 4 }),
  capacity: resources(12), location: place, runtime: fc.constantFrom('podman' as const, 'process' as const), platform: fc.constantFrom('linux/amd64', 'linux/arm64'), features,
}).map(({ farm, admitted, drain, allocations, ...announced }): NodeObject => nodeOf(n, farm, {
  ...(admitted ? {} : { admitted: null }), ...(drain === undefined ? {} : { drain: { until: drain, reason: '', at: AT - 2 * HOUR } }),
  allocations: allocations.map(({ resources: taken, until, kept }, i) => ({ contract: id(i), resources: taken, until, disk_until: until + kept })),
}, announced));

/** Most searches have few filters, so that something is found. */
const perhaps = <T>(filter: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: filter });
const wanted = fc.record({
  resources: resources(3), at: moment,
  farm: perhaps(fc.constant(id(1))), node: perhaps(fc.constant(key(2))), location: perhaps(fc.constantFrom('be', 'GHENT', 'île')), runtime: perhaps(fc.constantFrom('podman' as const, 'process' as const)),
  platforms: perhaps(fc.constant(['linux/amd64', 'linux/riscv64'])), features: fc.oneof(fc.constant([]), fc.constant(['exec']), features), fees_ppm: fc.constantFrom(0, 0, 50_000),
  buyer: perhaps(fc.record({ key: fc.option(fc.constant(key(950)), { nil: undefined }), term_ms: fc.constantFrom(HOUR / 2, HOUR), dedicated: fc.boolean() })),
}).map(({ buyer, ...rest }): Search => ({ ...rest, ...(buyer === undefined ? {} : { buyer }) }));

test('by the catalog and by looking at every node a search finds the same, for the same reasons, and the same nearest terms', (t) => {
  const store = book(t, [], []);
  let [found, quick] = [0, 0];
  fc.assert(fc.property(farms, fc.tuple(...Array.from({ length: 12 }, (_, n) => node(n + 1))), fc.array(wanted, { minLength: 1, maxLength: 6 }), (sellers, nodes, searches) => {
    store.transact((state) => {
      for (const one of [...sellers, ...nodes]) state.put('key' in one ? `node/${one.key}` : `farm/${one.id}`, JSON.parse(JSON.stringify(one)));
      state.put(`deal/${id(1)}/${key(950)}`, { prices: null, discount_ppm: 200_000, until: AT });
    });
    // The same state without a file behind it.
    const plain: DirectoryState = { get: (name) => store.get(name), objects: (prefix, limit, after) => store.objects(prefix, limit, after) };
    for (const one of searches) {
      const [fast, slow] = [search(store, one), search(plain, one)];
      assert.deepEqual(fast, slow);
      assert.deepEqual(nodeCounts(store), nodeCounts(plain));
      assert.equal(fast.considered, fast.fitting + fast.excluded.reduce((sum, { count }) => sum + count, 0));
      if (fast.fitting > 0) found += 1;
      quick += fast.nearest.length;
    }
  }), { seed: seedOr(20261123), numRuns: 100 });
  assert.ok(found > 20 && quick > 20, `the books were no test: ${found} searches that found something, ${quick} nearest terms`);
});

test('a part of what fits is what the whole has there', (t) => {
  const store = book(t, [farmOf(1), farmOf(2, { prices: prices(90_000n) })], Array.from({ length: 9 }, (_, n) => nodeOf(n + 1, 1 + (n % 2))));
  const all: Search = { resources: { cru: 1, mru_mib: 0, sru_mib: 0, hru_mib: 0, ipv4: 0 }, at: AT };
  const whole = search(store, all);
  assert.deepEqual(search(store, all, { skip: 3, limit: 4 }), { ...whole, matches: whole.matches.slice(3, 7) });
});
