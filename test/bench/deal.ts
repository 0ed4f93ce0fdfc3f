// How long a deal takes on loopback, keys open: request, offer, both signatures, the line in the book, the own copy, the receipt.
import { placeOrder } from '../../src/consumer/order.js';
import { Client } from '../../src/net/client.js';
import { gib, HOUR, Market, wanted } from '../deal.js';
import { figure, median, seconds, type Figure } from './measure.js';

const DEALS = 20;
const WARM = 3;
const SMALL = { resources: gib(1, 1, 10), term_ms: HOUR };

/** Measures orders of a buyer with a copy, from a farmer who is the grid's home, over HTTP, in turn with plain requests to the same server. */
export async function benchDeal(): Promise<Figure[]> {
  await using market = await Market.open(gib(64, 64, 640));
  const buyer = await market.buyer('ann');
  await using client = new Client({ url: market.url });
  const deals: number[] = [];
  const plain: number[] = [];
  for (let i = 0; i < WARM + DEALS; i++) {
    const asked = await seconds(() => client.health());
    const deal = await seconds(async () => {
      const { state, receipt } = await placeOrder(buyer.parts(), wanted(SMALL), `deal-${i}`);
      if (state !== 'committed' || receipt === null) throw new Error('no deal');
    });
    if (i < WARM) continue;
    plain.push(asked * 1_000);
    deals.push(deal * 1_000);
  }
  return [figure('deal, request to committed', 'ms', median(deals), 'GET /v1/health', median(plain), 'below 100 ms')];
}
