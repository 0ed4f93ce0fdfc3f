// What a bot did lately: told from its book and from what it keeps for itself, newest first, without writing anything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_LATELY } from '../../src/base/limits.js';
import { placeOrder } from '../../src/consumer/order.js';
import { quote, requestOf } from '../../src/consumer/quote.js';
import { updateConfig } from '../../src/home.js';
import { toldBy } from '../../src/self/desk.js';
import { newestFirst, recorded, refused, restarted } from '../../src/self/lately.js';
import type { Life } from '../../src/node/life/life.js';
import { Market, wanted } from '../deal.js';

test('a purchase is told to buyer and seller, each in its own words; refusals are counted by code once the farm stops', async () => {
  await using market = await Market.open();
  const ann = await market.buyer('ann');
  const { contract } = await placeOrder(ann.parts(), wanted({ order: 'web' }), 'web');
  const bought = recorded(ann.grid.reader, { bot: ann.bot, account: ann.wallet, farm: null });
  assert.deepEqual(bought.map(({ what, text }) => [what, text]), [['contract', `contract ${contract.slice(0, 12)} (web) was bought from sunny for 16.2000000 TFT`], ['payment', '1000.0000000 TFT came from the faucet']]);
  await market.grid.refresh();
  const [sold] = recorded(market.grid.reader, { bot: null, account: null, farm: market.farm });
  assert.match(sold?.text ?? '', /^contract [0-9a-f]{12} \(web\) was sold to \S+ for 16\.2000000 TFT$/);
  assert.match(sold?.record ?? '', /^[0-9a-f]{64}$/);

  updateConfig(market.seller.home, ({ farm }) => void Object.assign(farm ?? {}, { max_term_ms: 1_000 }));
  for (const digit of ['1', '2']) await quote(ann.parts(), wanted(), requestOf(wanted(), ann.parts(), digit.repeat(32), true));
  await market.stop();
  const told = toldBy(market.seller.home, market.grid.id, market.farm);
  assert.deepEqual(told.map(({ what, code, count, from }) => [what, code, count, from]), [['declined', 'term', 2, `bot/${ann.bot}`]]);
  assert.match(refused(told)[0]?.text ?? '', /^refused 2 requests \(term\), the last because this farm sells for 0 hours at most$/);
  await market.start();
});

test('restarts are told as of the last start, and what was never started again is not', () => {
  const life = (restarts: number, started: number | null): Life => ({ workload: '', started, restarts, ends: [], again: null, over: null, health: null, good: null, refused: null });
  const told = restarted([['web', life(2, 1_000)], ['db', life(0, 1_000)], ['job', life(1, 0)]].map(([workload, one]) => ({ contract: '1'.repeat(40), workload: workload as string, life: one as Life })));
  assert.deepEqual(told, [{ at: '1970-01-01T00:00:01.000Z', what: 'restart', text: 'workload web of contract 111111111111 was started again 2 times so far', record: null }]);
});

test('the newest come first, and no more than a person reads', () => {
  const all = Array.from({ length: 50 }, (_, i) => ({ at: new Date(i * 1_000).toISOString(), what: 'payment' as const, text: `${i}`, record: null }));
  const shown = newestFirst(all);
  assert.deepEqual([shown.length, shown[0]?.text, shown.at(-1)?.text], [MAX_LATELY, '49', `${50 - MAX_LATELY}`]);
});
