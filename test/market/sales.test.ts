import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endContract } from '../../src/consumer/change.js';
import { placeOrder } from '../../src/consumer/order.js';
import { balanceOf, history } from '../../src/market/account.js';
import { salesOf } from '../../src/market/sales.js';
import { read, type FarmObject } from '../../src/rules/objects.js';
import { Market, wanted } from '../deal.js';

test('what buyer and farm are shown of a deal is what moved, before and after its end', async () => {
  await using market = await Market.open();
  const buyer = await market.buyer('ann');
  const { contract: id } = await placeOrder(buyer.parts(), wanted(), null);
  const { reader } = buyer.grid;
  const farm = read(reader, 'farm', market.farm) as FarmObject;
  assert.deepEqual(history(reader, buyer.wallet, 1).movements.map(({ kind, amount_stroops, counterparty }) => [kind, amount_stroops, counterparty]), [['agreement@1', -162_000_000n, `contract/${id}`]]);
  assert.equal(balanceOf(reader, buyer.wallet).escrowed_stroops, 162_000_000n);

  await market.run(id, {});
  await buyer.grid.refresh();
  const started = read(reader, 'contract', id)?.started_at ?? 0;
  const hour = salesOf(reader, farm, started + 3_600_000);
  assert.deepEqual([hour.sales.length, hour.sales[0]?.view.state, hour.paid_stroops, hour.due_stroops, hour.complete], [1, 'active', 0n, 225_000n, true]);

  await endContract(buyer.grid, buyer.test.identity, id, 'done');
  const settled = read(reader, 'contract', id)?.settled;
  const billed = BigInt(settled?.billed_stroops ?? '-1');
  const over = salesOf(reader, farm, Date.now());
  assert.deepEqual([over.paid_stroops, over.due_stroops], [billed, 0n]);
  assert.deepEqual(history(reader, farm.payout, 10).movements.map(({ amount_stroops }) => amount_stroops), billed === 0n ? [] : [billed]);
  const [end] = history(reader, buyer.wallet, 10).movements;
  assert.deepEqual([end?.kind, end?.amount_stroops, end?.memo], ['end@1', 162_000_000n - billed, 'done']);
  const sum = history(reader, buyer.wallet, 10).movements.reduce((total, { amount_stroops }) => total + amount_stroops, 0n);
  assert.equal(sum, balanceOf(reader, buyer.wallet).balance_stroops);
});
