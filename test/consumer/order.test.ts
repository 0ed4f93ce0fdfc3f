import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { testHook } from '../../src/base/effect.js';
import { isProblem, Problem } from '../../src/base/errors.js';
import { pinnedBy } from '../../src/bcdb/pinned.js';
import { verifyReceipt } from '../../src/bcdb/receipt.js';
import { findContract } from '../../src/consumer/contracts.js';
import { placeOrder } from '../../src/consumer/order.js';
import { quote, requestOf } from '../../src/consumer/quote.js';
import { closeOrder } from '../../src/consumer/orders.js';
import { openHome } from '../../src/home.js';
import { read } from '../../src/rules/objects.js';
import { gib, HOUR, Market, wanted } from '../deal.js';
import { balance } from '../net/homes.js';
import { placeAndDie } from './die.js';

const NONCE = '11'.repeat(16);
afterEach(() => void (testHook.reach = undefined));

test('a quote is exact, and an order at that price moves the escrow and keeps a receipt that holds', async () => {
  await using market = await Market.open();
  const buyer = await market.buyer('ann');
  const quotes = await quote(buyer.parts(), wanted(), requestOf(wanted(), buyer.parts(), NONCE, false));
  assert.equal(quotes.offers.length, 1);
  assert.equal(quotes.offers[0]?.total_stroops, 162_000_000n);
  assert.equal(quotes.offers[0]?.per_hour_stroops, 225_000n);

  const placed = await placeOrder(buyer.parts(), wanted(), null);
  assert.equal(placed.state, 'committed');
  const contract = read(buyer.grid.reader, 'contract', placed.contract);
  assert.equal(contract?.escrow_stroops, '162000000');
  assert.equal(balance(buyer.grid, buyer.wallet), '983.8000000');
  const receipt = verifyReceipt(readFileSync(placed.receipt ?? '', 'utf8'), pinnedBy(buyer.grid.reader.line(0)));
  assert.equal(receipt.record.id, contract?.record);
});

test('the same name is the same contract until that is over, and other arguments under it are refused', async () => {
  await using market = await Market.open();
  const buyer = await market.buyer('ann');
  const one = await placeOrder(buyer.parts(), wanted(), 'web');
  const two = await placeOrder(buyer.parts(), wanted(), 'web');
  assert.equal(two.contract, one.contract);
  await assert.rejects(placeOrder(buyer.parts(), wanted({ resources: gib(1, 1, 0) }), 'web'), (thrown) => isProblem(thrown, 'refused', 'name'));
  const { endContract } = await import('../../src/consumer/change.js');
  assert.equal(await endContract(buyer.grid, buyer.test.identity, one.contract, 'done'), true);
  assert.equal(await endContract(buyer.grid, buyer.test.identity, one.contract, 'done'), false);
  const three = await placeOrder(buyer.parts(), wanted(), 'web');
  assert.notEqual(three.contract, one.contract);
});

test('a contract is found by its name as long as it is in force, and by the digits of its id always', async () => {
  await using market = await Market.open();
  const buyer = await market.buyer('ann');
  const { endContract } = await import('../../src/consumer/change.js');
  const { reader, clock } = buyer.grid;
  const { contract } = await placeOrder(buyer.parts(), wanted({ order: 'web' }), 'web');
  const found = (text: string, bot = buyer.bot): string => findContract(reader, text, { bot, at: clock() }).id;
  assert.equal(found('web'), contract);
  assert.equal(found(contract.slice(0, 12)), contract);
  for (const [text, bot] of [['we', buyer.bot], ['webs', buyer.bot], ['web', '0'.repeat(64)], ['0000', buyer.bot]] as const) {
    assert.throws(() => found(text, bot), (thrown) => isProblem(thrown, 'not_found', 'contract'), text);
  }
  assert.throws(() => findContract(reader, 'web'), (thrown) => isProblem(thrown, 'usage'));
  // A name that is the beginning of an id means the id.
  const other = await placeOrder(buyer.parts(), wanted({ order: contract.slice(0, 8) }), contract.slice(0, 8));
  assert.notEqual(other.contract, contract);
  assert.equal(found(contract.slice(0, 8)), contract);
  await endContract(buyer.grid, buyer.test.identity, contract, 'done');
  assert.throws(() => found('web'), (thrown) => isProblem(thrown, 'not_found', 'contract'));
  assert.equal(found(contract), contract);
});

test('a name that means something else on another machine of the same identity is refused, and means the same again when asked for that', async () => {
  await using market = await Market.open();
  const buyer = await market.buyer('ann');
  const { openPrivate } = await import('../../src/private.js');
  const one = await placeOrder(buyer.parts(), wanted({ order: 'web' }), 'web');
  const elsewhere = openHome(join(buyer.test.home.path, 'elsewhere'));
  using data = openPrivate(elsewhere);
  const there = buyer.parts({ private: data, home: elsewhere });
  for (const [change, what] of [[{ resources: gib(1, 1, 10) }, 'capacity'], [{ term_ms: HOUR }, 'term'], [{ signers: [`bot/${buyer.bot}`] }, 'signers']] as const) {
    await assert.rejects(placeOrder(there, wanted({ order: 'web', ...change }), 'web'), (thrown) => isProblem(thrown, 'refused', 'name') && thrown.message.endsWith(`differs in ${what}`));
  }
  assert.equal((await placeOrder(there, wanted({ order: 'web', farm: market.farm }), 'web')).contract, one.contract);
});

test('without a name, the same arguments twice are two contracts', async () => {
  await using market = await Market.open();
  const buyer = await market.buyer('ann');
  const one = await placeOrder(buyer.parts(), wanted(), null);
  assert.equal((await placeOrder(buyer.parts(), wanted(), null)).contract, one.contract, 'nobody was told of the first yet');
  closeOrder(buyer.private, one.contract);
  const two = await placeOrder(buyer.parts(), wanted(), null);
  assert.notEqual(two.contract, one.contract);
});

for (const effect of ['order_written', 'order_accepting', 'order_farmer_signed', 'order_signed', 'order_committed', 'receipt_kept']) {
  test(`an order whose process is killed after "${effect}" goes on as the same contract, paid once`, async () => {
    await using market = await Market.open();
    const buyer = await market.buyer('ann');
    await buyer.grid[Symbol.asyncDispose]();
    assert.equal(await placeAndDie('order', buyer.test.home.path, 'ann', `${effect}:after`), 'SIGKILL');
    const grid = await buyer.test.grid();
    await grid.refresh();
    const [before] = grid.reader.objects('contract/', 10);
    assert.equal(before !== undefined, effect === 'order_committed' || effect === 'receipt_kept');
    const placed = await placeOrder(buyer.parts({ grid }), wanted(), null);
    assert.equal(placed.state, 'committed');
    assert.ok(existsSync(placed.receipt ?? ''));
    assert.equal(grid.reader.objects('contract/', 10).length, 1);
    assert.equal(balance(grid, buyer.wallet), '983.8000000');
  });
}

for (const lost of [1, 2]) {
  test(`with ${lost} lost answer(s) in a row at any hop, one contract comes about in the end`, async () => {
    await using market = await Market.open();
    const buyer = await market.buyer('ann');
    // Each hop by itself: before the request, before the accept, before the append.
    for (const [i, hop] of ['order_written', 'order_accepting', 'order_signed'].entries()) {
      const name = `web-${i}`;
      let left = lost;
      testHook.reach = (point) => {
        if (point !== `${hop}:after` || left === 0) return;
        market.proxy.lose = left;
        left = 0;
      };
      for (let tries = 0; ; tries += 1) {
        assert.ok(tries < 5, 'never done');
        try {
          await placeOrder(buyer.parts(), wanted({ resources: gib(1, 1, 1) }), name);
          break;
        } catch (thrown) {
          assert.ok(isProblem(thrown, 'unreachable'), String(thrown));
        }
      }
      assert.equal(market.proxy.lose, 0);
      assert.equal(buyer.grid.reader.objects('contract/', 10).length, i + 1);
    }
  });
}

test('of two buyers who race for the last capacity one gets it, the other a signed refusal', async () => {
  await using market = await Market.open(gib(4, 4, 100));
  const [ann, ben] = [await market.buyer('ann'), await market.buyer('ben')];
  const results = await Promise.allSettled([placeOrder(ann.parts(), wanted(), null), placeOrder(ben.parts(), wanted(), null)]);
  const lost = results.filter((result) => result.status === 'rejected');
  assert.equal(lost.length, 1);
  assert.ok(isProblem(lost[0]?.reason, 'refused', 'capacity') || isProblem(lost[0]?.reason, 'nothing_fits'), String(lost[0]?.reason));
  await ann.grid.refresh();
  assert.equal(ann.grid.reader.objects('contract/', 10).length, 1);
});

test('both have an offer, the slower one is told so by the farm', async () => {
  await using market = await Market.open(gib(4, 4, 100));
  const [ann, ben] = [await market.buyer('ann'), await market.buyer('ben')];
  const slow = ben.parts({ approve: async () => void (await placeOrder(ann.parts(), wanted(), null)) });
  await assert.rejects(placeOrder(slow, wanted(), null), (thrown) => isProblem(thrown, 'refused', 'capacity'));
});

test('what nobody approves, cannot be paid, is not sold or is not answered changes nothing and says why', async () => {
  await using market = await Market.open(gib(32, 64, 1000));
  const buyer = await market.buyer('ann');
  const no = async (): Promise<void> => { throw new Error('no'); };
  await assert.rejects(placeOrder(buyer.parts({ approve: no }), wanted(), null), /no/);
  await assert.rejects(placeOrder(buyer.parts(), wanted({ term_ms: 400 * 24 * HOUR }), null), (thrown) => isProblem(thrown, 'refused', 'term'));
  await assert.rejects(placeOrder(buyer.parts(), wanted({ term_ms: 366 * 24 * HOUR, resources: gib(32, 64, 1000) }), null), (thrown) => isProblem(thrown, 'refused', 'funds'));
  await assert.rejects(placeOrder(buyer.parts(), wanted({ resources: gib(33, 33, 0) }), null), (thrown) => isProblem(thrown, 'nothing_fits'));
  const silent = async (): Promise<never> => { throw new Problem('unreachable', 'nobody there'); };
  await assert.rejects(placeOrder(buyer.parts({ post: () => silent }), wanted(), null), (thrown) => isProblem(thrown, 'unreachable'));
  assert.equal(balance(buyer.grid, buyer.wallet), '1000.0000000');
});

test('a farm that was started again still knows what it has signed', async () => {
  await using market = await Market.open(gib(4, 4, 100));
  const [ann, ben] = [await market.buyer('ann'), await market.buyer('ben')];
  testHook.reach = (point) => {
    if (point === 'order_farmer_signed:after') throw new Error('killed');
  };
  await assert.rejects(placeOrder(ann.parts(), wanted(), null), /killed/);
  testHook.reach = undefined;
  const before = market.proxy.url;
  await market.stop();
  await market.start();
  assert.notEqual(market.proxy.url, before);
  const { joinGrid } = await import('../../src/net/join.js');
  for (const buyer of [ann, ben]) {
    await buyer.grid[Symbol.asyncDispose]();
    await joinGrid({ ...buyer.test.options, url: market.proxy.url });
  }
  const held = await ben.test.grid();
  await assert.rejects(placeOrder(ben.parts({ grid: held }), wanted(), null), (thrown) => isProblem(thrown, 'refused', 'capacity'));
  const placed = await placeOrder(ann.parts({ grid: await ann.test.grid() }), wanted(), null);
  assert.equal(placed.state, 'committed');
});
