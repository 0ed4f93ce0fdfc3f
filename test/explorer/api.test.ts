import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shapeError } from '../../src/schema/validate.js';
import { book, farmOf, id, key, nodeOf, prices } from '../market/listed.js';
import { serve } from './served.js';

test('nodes come cheapest first, a page at a time, with the counted reasons of the others', async (t) => {
  const nodes = [nodeOf(1, 1), nodeOf(2, 2), nodeOf(3, 2), nodeOf(4, 2, {}, { location: { country: 'NL', region: null } })];
  const get = await serve(t, book(t, [farmOf(1), farmOf(2, { prices: prices(90_000n) })], nodes));
  const { status, json } = await get('/market/nodes?cpu=4&ssd=100&location=be&limit=2');
  assert.equal(status, 200);
  assert.equal(shapeError('market_nodes@1', json), null);
  assert.deepEqual(json.nodes.map(({ node, price_per_hour }: { node: string; price_per_hour: string }) => [node, price_per_hour]), [[key(2), '0.0205000'], [key(3), '0.0205000']]);
  assert.deepEqual([json.fitting, json.next, json.considered], [3, 2, 4]);
  assert.deepEqual(json.excluded, [{ reason: 'location', count: 1, text: 'somewhere else' }]);
  const rest = (await get('/market/nodes?cpu=4&ssd=100&location=be&limit=2&skip=2')).json;
  assert.deepEqual([rest.nodes.map(({ node }: { node: string }) => node), rest.next], [[key(1)], null]);
});

test('without resources every node is listed, at no price of its own', async (t) => {
  const get = await serve(t, book(t, [farmOf(1)], [nodeOf(1, 1)]));
  assert.equal((await get('/market/nodes')).json.nodes[0].price_per_hour, null);
});

test('farms come in order of id, with what their nodes have together', async (t) => {
  const get = await serve(t, book(t, [farmOf(1), farmOf(2), farmOf(3)], [nodeOf(1, 1), nodeOf(2, 1), nodeOf(3, 2, { admitted: null })]));
  const { json } = await get('/market/farms?limit=2');
  assert.equal(shapeError('market_farms@1', json), null);
  assert.deepEqual(json.farms.map(({ name, nodes, capacity }: { name: string; nodes: number; capacity: { cru: number } }) => [name, nodes, capacity.cru]), [['farm-1', 2, 16], ['farm-2', 0, 0]]);
  assert.equal(json.next, id(2));
  assert.deepEqual((await get(`/market/farms?limit=2&after=${id(2)}`)).json.farms.map(({ name }: { name: string }) => name), ['farm-3']);
});

for (const [path, status, code] of [
  ['/market/nodes?cpu=-1', 400, 'malformed'], ['/market/nodes?cpu=1e9', 400, 'malformed'], ['/market/nodes?cpu=4&cpu=5', 400, 'malformed'], ['/market/nodes?ssd=100GB', 400, 'usage'],
  ['/market/nodes?ssd=9999999999999T', 400, 'usage'], ['/market/nodes?limit=1001', 400, 'malformed'], ['/market/nodes?skip=-1', 400, 'malformed'], ['/market/nodes?for=forever', 400, 'usage'],
  ['/market/nodes?for=11000d', 400, 'usage'], ['/market/nodes?runtime=docker', 400, 'malformed'], ['/market/nodes?features=%27%20OR%201', 400, 'malformed'], ['/market/nodes?dedicated=yes', 400, 'malformed'],
  ['/market/nodes?unknown=1', 400, 'malformed'], [`/market/nodes?location=${'x'.repeat(121)}`, 400, 'malformed'], ['/market/nodes?farm=nobody', 404, 'not_found'], ['/market/nodes?node=ffff', 404, 'not_found'],
  ['/market/nodes?buyer=%00', 400, 'usage'], ['/market/farms?after=zz', 400, 'malformed'], ['/market/contracts/zz', 400, 'malformed'], ['/market/contracts/0000', 404, 'not_found'], ['/market/nothing', 404, 'not_found'],
] as const) {
  test(`${path.slice(0, 60)} is answered with ${status}, ${code}`, async (t) => {
    const get = await serve(t, book(t, [farmOf(1)], [nodeOf(1, 1)]));
    const answer = await get(path);
    assert.deepEqual([answer.status, answer.json.code], [status, code]);
    assert.equal(shapeError('problem@1', answer.json), null);
  });
}
