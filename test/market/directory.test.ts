import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../src/bcdb/store.js';
import { search, type Search } from '../../src/market/directory.js';
import { AT, book, farmOf, HOUR, id, key, nodeOf, NONE, prices, WANTED } from './listed.js';

const find = (store: Store, more: Partial<Search> = {}) => search(store, { resources: WANTED, at: AT, ...more });

test('the cheapest node comes first, with what it costs an hour and where its farm answers', (t) => {
  const store = book(t, [farmOf(1), farmOf(2, { prices: prices(90_000n) })], [nodeOf(1, 1), nodeOf(2, 2)]);
  const { matches, considered, excluded } = find(store);
  assert.deepEqual(matches.map(({ node, farm_name, per_hour_stroops }) => [node, farm_name, per_hour_stroops]), [[key(2), 'farm-2', 205_000n], [key(1), 'farm-1', 225_000n]]);
  assert.equal(matches[0]?.endpoint, 'http://127.0.0.1:9002');
  assert.equal(considered, 2);
  assert.deepEqual(excluded, []);
});

test('a farm without prices of its own asks the list prices of the grid', (t) => {
  const { matches } = find(book(t, [farmOf(1, { prices: null })], [nodeOf(1, 1)]));
  assert.equal(matches[0]?.prices.cu_stroops, '70000');
});

test('nodes of equal price come in the same order whatever order they were put in', (t) => {
  const nodes = [nodeOf(3, 1), nodeOf(1, 1), nodeOf(2, 1)];
  assert.deepEqual(find(book(t, [farmOf(1)], nodes)).matches.map(({ node }) => node), [key(1), key(2), key(3)]);
});

test('a buyer sees farms in the order of what they ask of it, for how long it buys', (t) => {
  const buyer = { key: key(950), term_ms: 720 * HOUR, dedicated: false };
  const store = book(t, [farmOf(1), farmOf(2, { lengths: [{ at_least_ms: 720 * HOUR, ppm: 100_000 }] })], [nodeOf(1, 1), nodeOf(2, 2)]);
  const hourly = (more: Partial<Search>): unknown => find(store, more).matches.map(({ node, per_hour_stroops }) => [node, per_hour_stroops]);
  assert.deepEqual(hourly({}), [[key(1), 225_000n], [key(2), 225_000n]]);
  assert.deepEqual(hourly({ buyer }), [[key(2), 202_500n], [key(1), 225_000n]]);
  store.transact((state) => void state.put(`deal/${id(1)}/${buyer.key}`, { prices: null, discount_ppm: 200_000, until: AT + 1 }));
  assert.deepEqual(hourly({ buyer }), [[key(1), 180_000n], [key(2), 202_500n]]);
  assert.deepEqual(hourly({ buyer, at: AT + 1 }), [[key(2), 202_500n], [key(1), 225_000n]], 'a deal that is over');
});

test('who wants a whole node finds those that nobody has a part of, at the price of all they have', (t) => {
  const allocations = [{ contract: id(77), resources: NONE, until: AT + 1, disk_until: AT + 1 }];
  const store = book(t, [farmOf(1)], [nodeOf(1, 1), nodeOf(2, 1, { allocations })]);
  const { matches, excluded } = find(store, { buyer: { key: key(950), term_ms: HOUR, dedicated: true } });
  // 8 cores, 16 GiB, 500 GiB and an address: 4 × 100,000 + 2.5 × 50,000 + 40,000 = 565,000 stroops, half of it.
  assert.deepEqual(matches.map(({ node, per_hour_stroops }) => [node, per_hour_stroops]), [[key(1), 282_500n]]);
  assert.deepEqual(excluded, [{ reason: 'shared', count: 1 }]);
});

const taken = (resources: Partial<typeof NONE>, until: number) => ({ contract: id(77), resources: { ...NONE, ...resources }, until, disk_until: until });

for (const [reason, node, farm, wanted] of [
  ['farm', nodeOf(1, 1), farmOf(1), { farm: id(2) }],
  ['node', nodeOf(1, 1), farmOf(1), { node: key(2) }],
  ['not_admitted', nodeOf(1, 1, { admitted: null }), farmOf(1), {}],
  ['no_endpoint', nodeOf(1, 1), farmOf(1, { endpoint: null }), {}],
  ['location', nodeOf(1, 1), farmOf(1), { location: 'NL' }],
  ['runtime', nodeOf(1, 1), farmOf(1), { runtime: 'process' }],
  ['platform', nodeOf(1, 1), farmOf(1), { platforms: ['linux/riscv64'] }],
  ['full', nodeOf(1, 1, { allocations: Array.from({ length: 1_000 }, () => taken({}, AT + 1)) }), farmOf(1), {}],
  ['cpu', nodeOf(1, 1, { allocations: [taken({ cru: 5 }, AT + 1)] }), farmOf(1), {}],
  ['memory', nodeOf(1, 1, { allocations: [taken({ mru_mib: 13_000 }, AT + 1)] }), farmOf(1), {}],
  ['ssd', nodeOf(1, 1, { allocations: [taken({ sru_mib: 412_000 }, AT + 1)] }), farmOf(1), {}],
  ['hdd', nodeOf(1, 1), farmOf(1), { resources: { ...WANTED, hru_mib: 1 } }],
  ['ipv4', nodeOf(1, 1), farmOf(1), { resources: { ...WANTED, ipv4: 2 } }],
  ['price', nodeOf(1, 1), farmOf(1, { prices: prices(9_223_372_036_854_775_807n) }), {}],
] as const) {
  test(`a node that is no match for ${reason} is counted under that reason, and once`, (t) => {
    const { matches, considered, excluded } = find(book(t, [farm], [node]), wanted as Partial<Search>);
    assert.deepEqual(matches, []);
    assert.equal(considered, 1);
    assert.deepEqual(excluded, [{ reason, count: 1 }]);
  });
}

test('the first filter that removes a node counts it', (t) => {
  const node = nodeOf(1, 1, { admitted: null }, { runtime: 'process', location: { country: null, region: null } });
  assert.deepEqual(find(book(t, [farmOf(1, { endpoint: null })], [node]), { runtime: 'podman', location: 'BE' }).excluded, [{ reason: 'not_admitted', count: 1 }]);
});

for (const location of ['be', 'BE', 'ghent', 'GHENT']) {
  test(`location ${location} finds a node in Ghent, BE`, (t) => {
    assert.equal(find(book(t, [farmOf(1)], [nodeOf(1, 1)]), { location }).matches.length, 1);
  });
}

test('capacity of a contract that is over is free again, to the millisecond', (t) => {
  const store = book(t, [farmOf(1)], [nodeOf(1, 1, { allocations: [taken({ cru: 8 }, AT + HOUR)] })]);
  assert.equal(find(store, { at: AT + HOUR - 1 }).matches.length, 0);
  assert.equal(find(store, { at: AT + HOUR }).matches[0]?.free.cru, 8);
});

test('a thousand contracts that are over do not fill a node', (t) => {
  const store = book(t, [farmOf(1)], [nodeOf(1, 1, { allocations: Array.from({ length: 1_000 }, () => taken({}, AT)) })]);
  assert.equal(find(store).matches.length, 1);
});

test('a node that announced less than it has sold shows nothing free, not less than nothing', (t) => {
  const store = book(t, [farmOf(1)], [nodeOf(1, 1, { allocations: [taken({ sru_mib: 600_000 }, AT + 1)] })]);
  assert.equal(find(store, { resources: NONE }).matches[0]?.free.sru_mib, 0);
});

test('more nodes than one page are all considered', (t) => {
  const nodes = Array.from({ length: 2_500 }, (_, n) => nodeOf(n + 1, (n % 2) + 1));
  const { matches, considered, excluded } = find(book(t, [farmOf(1), farmOf(2)], nodes), { farm: id(1) });
  assert.deepEqual([matches.length, considered, excluded], [1_250, 2_500, [{ reason: 'farm', count: 1_250 }]]);
});
