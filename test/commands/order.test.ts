// A buyer's session with an order of several contracts, with the real binary and two farms that answer over real sockets.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Market } from '../deal.js';
import { TestFarm } from '../farms.js';
import { bot, botJson, tempHome } from '../script.js';

const home = tempHome();
let market: Market;
let wind: TestFarm;

interface Order { order: string; contracts: { id: string; name: string; state: string; farm: string; escrow: string; refunded: string }[]; escrow: string; refunded: string }
const ask = ['--cpu', '1', '--ssd', '1', '--for', '1h', '--nodes', '2', '--spread', 'farm'];

before(async () => {
  market = await Market.open();
  wind = await TestFarm.open(market, { name: 'wind', cu: 200_000, nodes: [{}, {}] });
  await botJson(['identity', 'create', '--name', 'ann'], { home });
  await botJson(['grid', 'join', market.url], { home });
  await botJson(['wallet', 'faucet'], { home });
});
after(async () => {
  await wind[Symbol.asyncDispose]();
  await market[Symbol.asyncDispose]();
});

test('the quote names the set and its sum, and what nobody can fulfil exits 5 and says how many there are', async () => {
  const quote = await botJson<{ offers: unknown[]; set: { contracts: { farm_name: string }[]; total: string } }>(['quote', ...ask], { home });
  assert.deepEqual(quote.set.contracts.map(({ farm_name }) => farm_name), ['sunny', 'wind']);
  assert.deepEqual([quote.offers.length, quote.set.total], [3, '0.0150500']);
  const dry = await botJson<{ order: string; total: string; contracts: { agreement: { order: string } }[] }>(['reserve', ...ask, '--name', 'web', '--dry-run'], { home });
  assert.deepEqual([dry.order, dry.total, dry.contracts.map(({ agreement }) => agreement.order)], ['web', '0.0150500', ['web/1', 'web/2']]);
  const none = await bot(['reserve', ...ask, '--nodes', '3'], { home });
  assert.deepEqual([none.code, none.stdout], [5, '']);
  assert.match(none.stderr, /it takes 3 farms, and only 2 have what is asked for/);
});

test('the limit is held against the sum; a pipe gets the name of the order, which means it from then on', async () => {
  const dear = await bot(['reserve', ...ask, '--max-total', '0.015'], { home });
  assert.deepEqual([dear.code, dear.stdout], [3, '']);
  assert.match(dear.stderr, /0\.0150500 TFT is above --max-total/);
  const placed = await bot(['reserve', ...ask, '--wait', 'committed', '--quiet'], { home });
  const order = placed.stdout.trim();
  assert.match(order, /^[g-z]{8}$/);
  const listed = await botJson<{ name: string; farm: string }[]>(['contract', 'list', '--order', order], { home });
  assert.deepEqual(listed.map(({ name, farm }) => [name, farm]), [[`${order}/1`, market.farm], [`${order}/2`, wind.id]]);
});

test('an order is shown, shrunk part by part, healed by the same command, and ended as a whole; a part is a contract', async () => {
  const { order, contracts } = await botJson<{ order: string; contracts: { contract: string; receipt: string }[] }>(['reserve', ...ask, '--name', 'web', '--wait', 'committed'], { home });
  assert.equal(order, 'web');
  assert.ok(contracts.every(({ receipt }) => existsSync(receipt)));
  const one = await bot(['contract', 'bill', 'web'], { home });
  assert.equal(one.code, 2);
  assert.match(one.stderr, /"web" is an order of 2 contracts[\s\S]*hint: one of them: web\/1, web\/2/);
  const part = await botJson<{ id: string; state: string }>(['contract', 'cancel', 'web/2'], { home });
  assert.deepEqual(part, { ...part, id: contracts[1]?.contract, state: 'ended' });
  const shown = await botJson<Order>(['contract', 'show', 'web'], { home });
  assert.deepEqual(shown.contracts.map(({ name, state }) => [name, state]), [['web/1', 'committed'], ['web/2', 'ended']]);
  const healed = await botJson<{ contracts: { contract: string }[] }>(['reserve', ...ask, '--name', 'web', '--wait', 'committed'], { home });
  assert.equal(healed.contracts[0]?.contract, contracts[0]?.contract);
  assert.notEqual(healed.contracts[1]?.contract, contracts[1]?.contract);
  const ended = await botJson<Order>(['contract', 'cancel', 'web'], { home });
  assert.deepEqual(ended.contracts.map(({ state }) => state), ['ended', 'ended']);
  assert.deepEqual([ended.escrow, ended.refunded], ['0.0000000', '0.0150500']);
});
