// Places: the catalog and a look at every node say the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placesOf, plainly } from '../../src/market/places.js';
import { AT, book, farmOf, HOUR, id, nodeOf, NONE } from './listed.js';

const four = { ...NONE, cru: 4 };
const allocation = (until: number) => ({ contract: id(1), resources: four, until, disk_until: until });

test('nodes are summed up by place, with what is free at that moment; who is not admitted does not count', (t) => {
  const store = book(t, [farmOf(1), farmOf(2)], [
    nodeOf(1, 1), nodeOf(2, 1, { allocations: [allocation(AT + HOUR)] }), nodeOf(3, 2, { admitted: null }),
    nodeOf(4, 2, {}, { location: { country: 'NL', region: null } }), nodeOf(5, 2, {}, { location: { country: null, region: 'Ghent' } }),
  ]);
  const at = (time: number) => placesOf(store, time).places.map(({ country, region, nodes, free }) => [country, region, nodes, free.cru]);
  assert.deepEqual(at(AT), [['BE', 'Ghent', 2, 12], ['NL', null, 1, 8], [null, 'Ghent', 1, 8]]);
  assert.deepEqual(at(AT + HOUR), [['BE', 'Ghent', 2, 16], ['NL', null, 1, 8], [null, 'Ghent', 1, 8]], 'a contract is over');
  assert.deepEqual([placesOf(store, AT).farms, placesOf(store, AT).complete], [2, true]);
  for (const time of [AT, AT + HOUR]) {
    const { places, farms } = plainly(store, time);
    assert.deepEqual(new Set(places.values()), new Set(placesOf(store, time).places));
    assert.equal(farms, 2);
  }
});

test('what is beyond the bound is summed up in the last place', (t) => {
  const store = book(t, [farmOf(1)], Array.from({ length: 1_005 }, (_, n) => nodeOf(n, 1, {}, { location: { country: 'BE', region: `r${n}` } })));
  const { places, complete } = placesOf(store, AT);
  assert.equal(complete, false);
  assert.deepEqual([places.length, places.at(-1)?.nodes, places.reduce((sum, { nodes }) => sum + nodes, 0)], [1_000, 6, 1_005]);
});
