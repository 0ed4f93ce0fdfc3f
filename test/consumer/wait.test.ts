import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { placeOrder } from '../../src/consumer/order.js';
import { waitFor } from '../../src/consumer/wait.js';
import { openGrid } from '../../src/net/grid.js';
import { Market, wanted } from '../deal.js';

test('who waits looks when there is news, not all the time, and sees it', async () => {
  await using market = await Market.open();
  const buyer = await market.buyer('ann');
  const { contract } = await placeOrder(buyer.parts(), wanted(), null);
  let looks = 0;
  const open = async () => {
    looks += 1;
    return openGrid(buyer.test.options);
  };
  const parts = { open, clock: () => Date.now(), signal: buyer.test.stop.signal };
  await assert.rejects(waitFor(contract, 'held', { ...parts, timeout_ms: 2_000 }), (thrown) => isProblem(thrown, 'not_ready', 'committed'));
  assert.ok(looks <= 3, `${looks} looks`);
  const waiting = waitFor(contract, 'held', { ...parts, timeout_ms: 60_000 });
  await market.run(contract, {});
  await waiting;
});
