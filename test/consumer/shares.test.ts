// A deal with everything in it, over real sockets: dedicated node, deal, architect, and what the grid takes of every contract.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { totalStroops } from '../../src/capacity/price.js';
import { endContract } from '../../src/consumer/change.js';
import { placeOrder } from '../../src/consumer/order.js';
import { appendSigned } from '../../src/net/compose.js';
import { balanceOf } from '../../src/market/account.js';
import { askedFor } from '../../src/market/amendment.js';
import { read, readGrid, type ContractObject } from '../../src/rules/objects.js';
import type { Policy, Resources } from '../../src/schema/types.js';
import { gib, HOUR, Market, wanted } from '../deal.js';

test('governance that changes the shares while a deal is struck costs another draft, and no money', async () => {
  await using market = await Market.open();
  const buyer = await market.buyer('ann');
  let asked = 0;
  const approve = async (): Promise<void> => {
    asked += 1;
    if (asked === 1) await appendSigned(market.grid, { chain: 'grid', kind: 'policy@1', body: { rules: 2, shares: [{ account: null, role: 'burn', share_ppm: 10_000 }] } }, [market.seller.identity.signer('bot')]);
  };
  const { contract } = await placeOrder(buyer.parts({ approve }), wanted(), null);
  const { payees } = read(buyer.grid.reader, 'contract', contract)?.agreement ?? {};
  assert.deepEqual(payees?.map(({ role, share_ppm }) => [role, share_ppm]), [['farmer', 990_000], ['burn', 10_000]]);
  assert.equal(balanceOf(buyer.grid.reader, buyer.wallet).escrowed_stroops, 162_000_000n);
});

const FEES = 'fe'.repeat(32);
const ARCHITECT = { account: 'ac'.repeat(32), share_ppm: 100_000 };

test('a whole node by a deal, an architect, grid and burn: quoted, agreed, and paid to the stroop', async () => {
  await using market = await Market.open();
  const shares: Policy['shares'] = [{ account: FEES, role: 'grid', share_ppm: 20_000 }, { account: null, role: 'burn', share_ppm: 10_000 }];
  await appendSigned(market.grid, { chain: 'grid', kind: 'policy@1', body: { rules: 2, shares } }, [market.seller.identity.signer('bot')]);
  const buyer = await market.buyer('ann');
  const farm = (await market.seller.options.openKeyring('farm', 'sunny')).signer('farm');
  const { prices } = readGrid(market.grid.reader);
  await appendSigned(market.grid, { chain: `farm/${market.farm}`, kind: 'prices@1', body: { prices, architect_ppm: 100_000 } }, [farm]);
  // So dear that a few milliseconds leave something to share.
  const dear = { ...prices, cu_stroops: '5000000000', su_stroops: '0' };
  await appendSigned(market.grid, { chain: `farm/${market.farm}`, kind: 'deal@1', body: { bot: buyer.bot, prices: dear, discount_ppm: 200_000, until: null } }, [farm]);
  await buyer.grid.refresh();

  const { contract } = await placeOrder(buyer.parts(), wanted({ resources: gib(1, 1, 0), term_ms: HOUR, dedicated: true, architect: ARCHITECT }), null);
  const { reader } = buyer.grid;
  const { agreement } = read(reader, 'contract', contract) ?? {};
  const discounts = [{ name: 'deal', ppm: 200_000 }, { name: 'dedicated', ppm: 500_000 }];
  // 8 cores and 16 GiB are 4 CU: 2,000 TFT an hour, less 20 %, less half.
  assert.deepEqual([agreement?.resources, agreement?.discounts, agreement?.total_stroops], [gib(8, 16, 500), discounts, '8000000000']);
  assert.equal(totalStroops(gib(8, 16, 500), dear, HOUR, discounts), 8_000_000_000n);

  await market.run(contract, {});
  const changed = (to: Resources): string[] => askedFor(reader, read(reader, 'contract', contract) as ContractObject, { discounts }, { resources: to, term_ms: HOUR }, Date.now()).discounts.map(({ name }) => name);
  assert.deepEqual([changed(gib(8, 16, 500)), changed(gib(4, 4, 500))], [['deal', 'dedicated'], ['deal']], 'an amendment to a part of the node is no whole node');
  const supply = BigInt(readGrid(market.grid.reader).supply_stroops);
  await buyer.grid.refresh();
  await endContract(buyer.grid, buyer.test.identity, contract, 'done');
  const billed = BigInt(read(reader, 'contract', contract)?.settled?.billed_stroops ?? '-1');
  assert.ok(billed > 1_000n);
  const part = (ppm: bigint): bigint => (billed * ppm) / 1_000_000n;
  const paidTo = (account: string): bigint => balanceOf(reader, account).balance_stroops;
  assert.deepEqual([paidTo(ARCHITECT.account), paidTo(FEES), supply - BigInt(readGrid(reader).supply_stroops)], [part(100_000n), part(20_000n), part(10_000n)]);
  assert.equal(paidTo(read(reader, 'farm', market.farm)?.payout ?? ''), billed - part(100_000n) - part(20_000n) - part(10_000n));
});
