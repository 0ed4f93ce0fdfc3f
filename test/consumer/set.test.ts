// Orders of several parts, with farms that answer over HTTP: all of a set is in the book, or none is.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { testHook } from '../../src/base/effect.js';
import { isProblem } from '../../src/base/errors.js';
import type { Spread } from '../../src/consumer/choose.js';
import { endContract } from '../../src/consumer/change.js';
import { placeOrder } from '../../src/consumer/order.js';
import type { Wanted } from '../../src/consumer/quote.js';
import { placeSet, quoteSet, type Group, type SetParts, type SetProposal } from '../../src/consumer/set.js';
import { read } from '../../src/rules/objects.js';
import { gib, Market, wanted, type TestBuyer } from '../deal.js';
import { TestFarm } from '../farms.js';
import { balance } from '../net/homes.js';
import { PAIR, placeAndDie } from './die.js';

afterEach(() => void (testHook.reach = undefined));

const parts = (count: number, spread: Spread | null, more: Partial<Wanted> = {}): Group => ({ spread, parts: Array.from({ length: count }, (_, i) => ({ name: `${i + 1}`, wanted: wanted({ resources: gib(2, 2, 10), ...more }) })) });
const buys = (buyer: TestBuyer, approve: (proposal: SetProposal) => Promise<void> = async () => undefined): SetParts => ({ ...buyer.parts(), approve });
const contracts = (buyer: TestBuyer): number => buyer.grid.reader.objects('contract/', 100).length;
const farmsOf = (buyer: TestBuyer, placed: readonly { contract: string }[]): (string | undefined)[] => placed.map(({ contract }) => read(buyer.grid.reader, 'contract', contract)?.agreement.farm);

describe('with farms at 0.01, 0.011, 0.012 and 0.03 TFT a cloud unit', () => {
  let market: Market;
  let rain: TestFarm;
  let wind: TestFarm;
  let dear: TestFarm;
  before(async () => {
    market = await Market.open();
    [rain, wind, dear] = [
      await TestFarm.open(market, { name: 'rain', cu: 120_000, nodes: [{}, {}] }),
      await TestFarm.open(market, { name: 'wind', cu: 110_000 }),
      await TestFarm.open(market, { name: 'dear', cu: 300_000 }),
    ];
  });
  after(async () => {
    for (const one of [dear, wind, rain, market]) await one[Symbol.asyncDispose]();
  });

  test('three parts go to the three cheapest farms, at one moment, at the price that was quoted, with a receipt each', async () => {
    const buyer = await market.buyer('ann');
    const { chosen } = await quoteSet(buyer.parts(), [parts(3, 'farm')]);
    const quoted = chosen.flat().reduce((sum, { total_stroops }) => sum + total_stroops, 0n);
    const asked: bigint[] = [];
    const placed = await placeSet(buys(buyer, async ({ total_stroops }) => void asked.push(total_stroops)), 'web', [parts(3, 'farm')]);
    assert.deepEqual(placed.map(({ name, isNew }) => [name, isNew]), [['web/1', true], ['web/2', true], ['web/3', true]]);
    assert.deepEqual(farmsOf(buyer, placed), [market.farm, wind.id, rain.id]);
    assert.ok(placed.every(({ receipt }) => existsSync(receipt)));
    assert.deepEqual(asked, [quoted]);
    const escrowed = placed.map(({ contract }) => BigInt(read(buyer.grid.reader, 'contract', contract)?.escrow_stroops ?? '0')).reduce((a, b) => a + b);
    assert.equal(escrowed, quoted);
    assert.equal(new Set(placed.map(({ contract }) => read(buyer.grid.reader, 'contract', contract)?.committed_at)).size, 1);
    for (const { contract } of placed) await endContract(buyer.grid, buyer.test.identity, contract, '');
  });

  test('the same name is the same set: what is in force stays, what is over is placed anew, and stands apart from the rest', async () => {
    const buyer = await market.buyer('ben');
    const placed = await placeSet(buys(buyer), 'web', [parts(3, 'farm')]);
    const again = await placeSet(buys(buyer, async () => assert.fail('nothing to pay')), 'web', [parts(3, 'farm')]);
    assert.deepEqual(again.map(({ contract, isNew }) => [contract, isNew]), placed.map(({ contract }) => [contract, false]));
    await endContract(buyer.grid, buyer.test.identity, placed[1]?.contract ?? '', 'gone');
    const healed = await placeSet(buys(buyer), 'web', [parts(4, 'farm')]);
    assert.deepEqual(healed.map(({ isNew }) => isNew), [false, true, false, true]);
    assert.deepEqual(farmsOf(buyer, healed), [market.farm, wind.id, rain.id, dear.id]);
    await assert.rejects(placeSet(buys(buyer), 'web', [parts(4, 'farm', { resources: gib(1, 1, 1) })]), (thrown) => isProblem(thrown, 'refused', 'name'));
    for (const { contract } of healed) await endContract(buyer.grid, buyer.test.identity, contract, '');
  });

  test('more parts than farms, more than there is room or money for, or a no: nothing is in the book, and it says why', async () => {
    const buyer = await market.buyer('cid');
    const refused = async (group: Group, expected: readonly [code: string, reason: string], approve?: SetParts['approve']): Promise<void> => {
      await assert.rejects(placeSet(buys(buyer, approve), 'web', [group]), (thrown) => isProblem(thrown) && thrown.code === expected[0] && thrown.reason === expected[1] || assert.fail(String(thrown)));
    };
    const earlier = contracts(buyer);
    await refused(parts(5, 'farm'), ['nothing_fits', 'spread']);
    await refused(parts(2, 'region'), ['nothing_fits', 'spread']);
    await refused(parts(32, null, { resources: gib(8, 8, 10) }), ['nothing_fits', 'set']);
    await refused(parts(3, 'farm', { term_ms: 366 * 24 * 3_600_000, resources: gib(8, 16, 400) }), ['refused', 'funds']);
    await refused(parts(3, 'farm', { signers: [`bot/${buyer.bot}`] }), ['refused', 'several']);
    const no = async (): Promise<void> => { throw new Error('no'); };
    await assert.rejects(placeSet(buys(buyer, no), 'web', [parts(3, 'farm')]), /no/);
    await buyer.grid.refresh();
    assert.equal(contracts(buyer), earlier);
    assert.equal(balance(buyer.grid, buyer.wallet), '1000.0000000');
  });

  test('a farm that goes away at the last moment is replaced by the next one', async () => {
    const buyer = await market.buyer('dan');
    // Somebody else is faster at the cheapest farm, while this buyer reads the price.
    const rival = await market.buyer('eve');
    const whole = wanted({ resources: gib(8, 16, 500), term_ms: 3_600_000, farm: market.farm });
    let taken = '';
    const asked: bigint[] = [];
    const placed = await placeSet(buys(buyer, async ({ total_stroops }) => {
      asked.push(total_stroops);
      if (taken === '') taken = (await placeOrder(rival.parts(), whole, null)).contract;
    }), 'web', [parts(3, 'farm')]);
    assert.deepEqual(farmsOf(buyer, placed).sort(), [wind.id, rain.id, dear.id].sort());
    assert.ok(asked.length === 2 && (asked[1] ?? 0n) > (asked[0] ?? 0n), 'it is dearer, so it is asked again');
    for (const [who, contract] of [[rival, taken], ...placed.map((one) => [buyer, one.contract] as const)] as const) await endContract(who.grid, who.test.identity, contract, '');
  });

  test('what farms have signed for a set that fails they sell again at once', async () => {
    const [buyer, rival] = [await market.buyer('fay'), await market.buyer('guy')];
    // All farms have signed, then this buyer's money goes elsewhere: the book refuses the set.
    const whole = parts(4, 'farm', { resources: gib(8, 16, 500), term_ms: 3_600_000 });
    testHook.reach = (point) => {
      if (point !== 'order_signed:after') return;
      testHook.reach = undefined;
      throw new Error('the process ends here');
    };
    await assert.rejects(placeSet(buys(buyer), 'big', [whole]), /the process ends here/);
    await assert.rejects(placeSet(buys(rival), 'mine', [whole]), (thrown) => isProblem(thrown, 'refused'), 'all of it is held');
    // The same command begins again, says no this time, and lets go of what is held.
    await assert.rejects(placeSet(buys(buyer, async () => { throw new (await import('../../src/base/errors.js')).Problem('usage', 'no'); }), 'big', [whole]), (thrown) => isProblem(thrown, 'usage'));
    const placed = await placeSet(buys(rival), 'mine', [whole]);
    assert.equal(new Set(farmsOf(rival, placed)).size, 4);
    for (const { contract } of placed) await endContract(rival.grid, rival.test.identity, contract, '');
  });
});

describe('kill -9 of the buyer', () => {
  let market: Market;
  let wind: TestFarm;
  before(async () => {
    market = await Market.open();
    wind = await TestFarm.open(market, { name: 'wind', cu: 110_000 });
  });
  after(async () => {
    for (const one of [wind, market]) await one[Symbol.asyncDispose]();
  });

  // The first of the two that gets there: the other is then somewhere before it.
  for (const effect of ['set_written', 'order_accepting', 'order_farmer_signed', 'order_signed', 'order_committed', 'receipt_kept']) {
    test(`after "${effect}": nothing or all of it is in the book, and the same call makes it all`, async () => {
      const name = `ann-${effect.replaceAll('_', '-')}`;
      const buyer = await market.buyer(name);
      await buyer.grid[Symbol.asyncDispose]();
      assert.equal(await placeAndDie('set', buyer.test.home.path, name, `${effect}:after`), 'SIGKILL');
      const grid = await buyer.test.grid();
      await grid.refresh();
      const mine = (): string[] => grid.reader.objects('contract/', 100).flatMap(({ id, value }) => ((value['agreement'] as { by: string }).by === buyer.bot ? [id.slice('contract/'.length)] : []));
      const isDone = effect === 'order_committed' || effect === 'receipt_kept';
      assert.equal(mine().length, isDone ? 2 : 0);
      const placed = await placeSet({ ...buyer.parts({ grid }), approve: async () => undefined }, 'pair', PAIR);
      assert.deepEqual(placed.map(({ contract }) => contract).sort(), mine().sort());
      assert.deepEqual(placed.map(({ contract }) => read(grid.reader, 'contract', contract)?.agreement.farm), [market.farm, wind.id]);
      for (const { contract } of placed) await endContract(grid, buyer.test.identity, contract, '');
      assert.equal(balance(grid, buyer.wallet), '1000.0000000');
    });
  }
});
