import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shapeError } from '../../src/schema/validate.js';
import { book, farmOf, id, key, nodeOf, prices } from '../market/listed.js';
import { placeOrder } from '../../src/consumer/order.js';
import { Market, wanted } from '../deal.js';
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

test('a node shows what it says of itself and each check of what is asked for; a farm shows its nodes', async (t) => {
  const get = await serve(t, book(t, [farmOf(1), farmOf(2)], [nodeOf(1, 1), nodeOf(2, 1), nodeOf(3, 2, { admitted: null })]));
  const { json } = await get(`/market/nodes/${key(1)}?cpu=9&location=BE`);
  assert.equal(shapeError('market_machine@1', json), null);
  assert.deepEqual([json.fits, json.checks.filter(({ passed }: { passed: boolean }) => !passed)], [false, [{ check: 'cpu', passed: false, wanted: '9 cores', found: '8 cores left', remedy: 'ask for at most 8 cores' }]]);
  assert.equal((await get(`/market/nodes/${key(1)}?cpu=8&location=BE`)).json.fits, true);
  const farm = (await get('/market/farms/farm-1')).json;
  assert.equal(farm.code, 'not_found', 'no name of this farm stands in the book');
  const { json: seller } = await get(`/market/farms/${id(1)}`);
  assert.equal(shapeError('market_seller@1', seller), null);
  assert.deepEqual([seller.farm.name, seller.machines.map(({ node }: { node: string }) => node)], ['farm-1', [key(1), key(2)]]);
});

test('where nothing fits the answer names the nearest terms', async (t) => {
  const get = await serve(t, book(t, [farmOf(1)], [nodeOf(1, 1)]));
  const { json } = await get('/market/nodes?cpu=4&ssd=600');
  assert.equal(shapeError('market_nodes@1', json), null);
  assert.deepEqual(json.nearest.map(({ text, nodes }: { text: string; nodes: number }) => [text, nodes]), [['with 500GiB of SSD instead of 600GiB', 1]]);
});

test('who waits for news again and again on one connection leaves nothing behind on it', async (t) => {
  const warnings: string[] = [];
  const note = ({ name }: Error): void => void warnings.push(name);
  process.on('warning', note);
  t.after(() => process.off('warning', note));
  const get = await serve(t, book(t, [farmOf(1)], [nodeOf(1, 1)]));
  for (let i = 0; i < 20; i += 1) assert.equal((await get('/market/events?after=1000&wait=1')).status, 200);
  // Warnings are told on a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(warnings, []);
});

test('a contract, what was sold over time, and the newest lines, of a book with a deal in it', async (t) => {
  await using market = await Market.open();
  const buyer = await market.buyer('ann');
  const { contract: bought } = await placeOrder(buyer.parts(), wanted(), 'web');
  const get = await serve(t, market.grid.reader, { clock: Date.now });
  const { json: contract } = await get(`/market/contracts/${bought.slice(0, 12)}`);
  assert.equal(shapeError('market_contract@1', contract), null);
  assert.deepEqual([contract.id, contract.farm_name, contract.consumer_name, contract.total, contract.state], [bought, 'sunny', 'ann', '16.2000000', 'committed']);
  const { json: supply } = await get('/market/supply?points=3');
  assert.equal(shapeError('market_supply@1', supply), null);
  const last = supply.points.at(-1);
  assert.deepEqual([supply.points.length, last.farms, last.nodes, last.contracts, last.capacity.cru, last.sold.cru, supply.complete], [3, 1, 1, 1, 8, 4, true]);
  const { json: newest } = await get('/market/events?limit=5');
  assert.equal(shapeError('market_events@1', newest), null);
  const deal = newest.events.find(({ kind }: { kind: string }) => kind === 'agreement@1');
  assert.match(deal.text, /^contract [0-9a-f]{12}: ann buys 4 vCPU, 4 GiB memory, 100 GiB SSD of farm sunny for 30 days, 16\.2000000 TFT$/);
  assert.equal(deal.record, contract.record);
  assert.deepEqual((await get(`/market/events?after=${newest.events.at(-1).line}`)).json.events, []);
});

for (const [path, status, code] of [
  ['/market/nodes?cpu=-1', 400, 'malformed'], ['/market/nodes?cpu=1e9', 400, 'malformed'], ['/market/nodes?cpu=4&cpu=5', 400, 'malformed'], ['/market/nodes?ssd=100GB', 400, 'usage'],
  ['/market/nodes?ssd=9999999999999T', 400, 'usage'], ['/market/nodes?limit=1001', 400, 'malformed'], ['/market/nodes?skip=-1', 400, 'malformed'], ['/market/nodes?for=forever', 400, 'usage'],
  ['/market/nodes?for=11000d', 400, 'usage'], ['/market/nodes?runtime=docker', 400, 'malformed'], ['/market/nodes?features=%27%20OR%201', 400, 'malformed'], ['/market/nodes?dedicated=yes', 400, 'malformed'],
  ['/market/nodes?unknown=1', 400, 'malformed'], [`/market/nodes?location=${'x'.repeat(121)}`, 400, 'malformed'], ['/market/nodes?farm=nobody', 404, 'not_found'], ['/market/nodes?node=ffff', 404, 'not_found'],
  ['/market/nodes?buyer=%00', 400, 'usage'], ['/market/farms?after=zz', 400, 'malformed'], ['/market/contracts/zz', 400, 'malformed'], ['/market/nodes/zz', 400, 'malformed'], ['/market/nodes/ffff', 404, 'not_found'], ['/market/nodes/0000?cpu=x', 400, 'malformed'], ['/market/farms/nobody', 404, 'not_found'], ['/market/supply?points=501', 400, 'malformed'], ['/market/supply?since=-1', 400, 'malformed'], ['/market/events?limit=0', 400, 'malformed'], ['/market/events?after=x', 400, 'malformed'], ['/market/contracts/0000', 404, 'not_found'], ['/market/nothing', 404, 'not_found'],
] as const) {
  test(`${path.slice(0, 60)} is answered with ${status}, ${code}`, async (t) => {
    const get = await serve(t, book(t, [farmOf(1)], [nodeOf(1, 1)]));
    const answer = await get(path);
    assert.deepEqual([answer.status, answer.json.code], [status, code]);
    assert.equal(shapeError('problem@1', answer.json), null);
  });
}
