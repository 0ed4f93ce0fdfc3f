// What a buyer remembers: answers of farms and what became of contracts, from a real book; and how that ranks offers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JOURNAL_LIFE_MS, MAX_JOURNAL_ANSWERS_OF_ONE } from '../../src/base/limits.js';
import { Journal } from '../../src/consumer/journal.js';
import { placeOrder } from '../../src/consumer/order.js';
import { quote, requestOf, type Offer } from '../../src/consumer/quote.js';
import { ranked, rankingText } from '../../src/consumer/ranking.js';
import { updateConfig } from '../../src/home.js';
import { Market, wanted, type TestBuyer } from '../deal.js';

const journalOf = (buyer: TestBuyer): Journal => new Journal(buyer.private, buyer.grid.id, buyer.bot);
const [A, B] = ['a'.repeat(40), 'b'.repeat(40)];
const FUTURE = Date.UTC(2100, 0, 1);

test('an order is followed from the offer to running, and a node that fails it is remembered', async () => {
  await using market = await Market.open();
  const ann = await market.buyer('ann');
  const journal = journalOf(ann);
  const parts = ann.parts({ journal });
  const learned = async (): Promise<unknown[]> => {
    await ann.grid.refresh();
    journal.learn(ann.grid.reader, Date.now());
    return journal.all(Date.now()).map(({ node, answered, fine, failed, faults, running_ms }) => [node, answered, fine, failed, faults.map(({ fault }) => fault), running_ms !== null]);
  };
  const first = await placeOrder(parts, wanted(), 'first');
  assert.deepEqual(await learned(), [[null, 1, 0, 0, [], false], [market.node.key, 0, 0, 0, [], false]]);
  await market.run(first.contract, { state: 'held' });
  assert.deepEqual((await learned())[1], [market.node.key, 0, 1, 0, [], true]);
  const second = await placeOrder(parts, wanted(), 'second');
  await market.run(second.contract, { state: 'failed', reason: 'the disk is full' });
  assert.deepEqual(await learned(), [[null, 2, 0, 0, [], false], [market.node.key, 0, 1, 1, ['its node could not provide it: the disk is full'], true]]);
  // As often as one likes: nothing is counted twice.
  assert.deepEqual((await learned())[1], [market.node.key, 0, 1, 1, ['its node could not provide it: the disk is full'], true]);
  journal.forget(null);
  assert.deepEqual(await learned(), [], 'what was forgotten is not taken in again');
});

test('declines are remembered by code, and silence', async () => {
  await using market = await Market.open();
  const ann = await market.buyer('ann');
  const journal = journalOf(ann);
  const ask = () => quote(ann.parts({ journal }), wanted(), requestOf(wanted(), ann.parts(), '1'.repeat(32), true));
  updateConfig(market.seller.home, ({ farm }) => void Object.assign(farm ?? {}, { max_term_ms: 1_000 }));
  await ask();
  await ask();
  await market.stop();
  await ask();
  const [farm] = journal.all(Date.now());
  assert.deepEqual([farm?.farm, farm?.answered, farm?.silent, farm?.refused], [market.farm, 2, 1, { term: 2 }]);
  await market.start();
});

test('the journal is bounded, forgets what is old, and forgets one farm without the other', async () => {
  await using market = await Market.open();
  const ann = await market.buyer('ann');
  const journal = journalOf(ann);
  journal.heard([{ farm: A, answer: 'offer', took_ms: 5 }], FUTURE);
  for (let i = 0; i < 3; i += 1) journal.heard(Array.from({ length: MAX_JOURNAL_ANSWERS_OF_ONE - 50 }, () => ({ farm: B, answer: 'silent', took_ms: 10_000 })), FUTURE);
  const counts = (at: number): unknown => journal.all(at).map(({ farm, answered, silent }) => [farm, answered, silent]);
  assert.deepEqual(counts(FUTURE), [[A, 1, 0], [B, 0, MAX_JOURNAL_ANSWERS_OF_ONE]]);
  journal.forget(B);
  assert.deepEqual(counts(FUTURE), [[A, 1, 0]]);
  assert.deepEqual(counts(FUTURE + JOURNAL_LIFE_MS + 1), []);
  journal.heard([], FUTURE + JOURNAL_LIFE_MS + 1);
  assert.deepEqual(counts(FUTURE), [], 'and it is gone');
});

test('a farm that does not answer comes after one that is a little dearer, and the buyer is told how to take it all the same', async () => {
  await using market = await Market.open();
  const ann = await market.buyer('ann');
  const journal = journalOf(ann);
  journal.heard([A, A, A].map((farm) => ({ farm, answer: 'silent', took_ms: 1 })), FUTURE);
  const offer = (farm: string, farm_name: string, total_stroops: bigint): Offer => ({ farm: { farm, farm_name }, agreement: { node: farm }, total_stroops }) as unknown as Offer;
  const offers = [offer(A, 'windy', 1_000n), offer(B, 'sunny', 1_030n)];
  const buyer = { journal, clock: () => FUTURE };
  const names = (order: readonly Offer[]): string[] => order.map(({ farm }) => farm.farm_name);
  assert.deepEqual(names(ranked(buyer, {}, offers)), ['sunny', 'windy']);
  assert.equal(rankingText(buyer, {}, offers), 'farm windy is 2.9 % cheaper, but 3 of 3 requests were not answered as it should be; --cheapest takes it');
  assert.deepEqual(names(ranked(buyer, { cheapest: true }, offers)), ['windy', 'sunny']);
  assert.deepEqual([rankingText(buyer, { cheapest: true }, offers), rankingText({ clock: () => FUTURE }, {}, offers)], [null, null]);
  assert.deepEqual(names(ranked(buyer, {}, [offer(A, 'windy', 1_000n), offer(B, 'sunny', 1_050n)])), ['windy', 'sunny']);
});
