// A contract that lives: funded, amended with its farm's signature, claimed; against a farm that answers over real sockets.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../src/base/canonical.js';
import { iso } from '../../src/base/clock.js';
import { isProblem, Problem } from '../../src/base/errors.js';
import { totalStroops } from '../../src/capacity/price.js';
import { makeRecord, signRecord, type ParsedRecord } from '../../src/bcdb/record.js';
import { farmSigns, proposeAmendment } from '../../src/consumer/amend.js';
import { showContract } from '../../src/market/contract.js';
import { fund, fundedBefore, fundedBy, fundingOf, keepFunded, type Funded } from '../../src/consumer/fund.js';
import { placeOrder } from '../../src/consumer/order.js';
import { timelineOf } from '../../src/consumer/timeline.js';
import { amendmentOf } from '../../src/market/amendment.js';
import { balanceOf } from '../../src/market/account.js';
import { dueTo } from '../../src/market/claim.js';
import { Unsent } from '../../src/market/unsent.js';
import { appendSigned, nextPayload } from '../../src/net/compose.js';
import { signWith } from '../../src/net/envelope.js';
import { updateConfig } from '../../src/home.js';
import { gridRules } from '../../src/rules/all.js';
import type { Grid } from '../../src/net/grid.js';
import { read, readGrid, type ContractObject } from '../../src/rules/objects.js';
import { viewOf } from '../../src/rules/view.js';
import { openPrivate, type Private } from '../../src/private.js';
import type { Amend } from '../../src/schema/types.js';
import { gib, HOUR, Market, wanted, type TestBuyer } from '../deal.js';

let market: Market;
let ann: TestBuyer;
let id: string;
let data: Private;
let unsent: Unsent;
const refused = (reason: string) => (thrown: unknown): boolean => isProblem(thrown, 'refused', reason);

before(async () => {
  market = await Market.open();
  ann = await market.buyer('ann');
  data = openPrivate(ann.test.home);
  unsent = new Unsent(data, ann.grid.id);
  ({ contract: id } = await placeOrder(ann.parts(), wanted({ term_ms: 24 * HOUR }), 'web'));
});
after(async () => {
  data[Symbol.dispose]();
  await market[Symbol.asyncDispose]();
});

async function contract(): Promise<ContractObject> {
  await ann.grid.refresh();
  const found = read(ann.grid.reader, 'contract', id);
  assert.ok(found !== undefined);
  return found;
}

const now = (): number => Math.max(Date.now(), ann.grid.reader.lastAt);
const pay = (term_ms: number, most: bigint, key?: string, grid = ann.grid): Promise<Funded> => fund(grid, ann.test.identity.signer('wallet'), unsent, { contract: id, term_ms, key }, most);
const balance = (): bigint => balanceOf(ann.grid.reader, ann.wallet).balance_stroops;

/** What the buyer wants, drawn up; `forge` changes the body before the farm sees it. */
async function proposed(change: Partial<Parameters<typeof proposeAmendment>[2]>, forge: (body: Amend) => void = () => undefined): Promise<ParsedRecord> {
  const record = proposeAmendment(ann.parts(), await contract(), { resources: gib(4, 4, 100), term_ms: 24 * HOUR, payer: ann.wallet, ...change }, now());
  const payload = structuredClone(record.payload);
  forge(payload.body as unknown as Amend);
  return makeRecord(payload);
}

test('an offer names the node as meter, one heartbeat as the least, an hour of grace and a notice', async () => {
  const { agreement } = await contract();
  const { heartbeat_ms } = readGrid(ann.grid.reader);
  assert.deepEqual(agreement.meter, { by: `node/${market.node.key}`, heartbeat_ms });
  assert.equal(agreement.minimum_stroops, totalStroops(agreement.resources, agreement.prices, heartbeat_ms).toString());
  assert.deepEqual([agreement.grace_ms, agreement.notice_ms], [HOUR, 7 * 24 * HOUR]);
});

test('what its node does not hold yet cannot be funded or amended', async () => {
  await assert.rejects(pay(HOUR, 10n ** 9n), refused('state'));
  await assert.rejects(proposed({}), refused('state'));
});

test('funding costs the price of the longer term less that of the present one, and no more than is allowed', async () => {
  await market.run(id, {});
  const before = await contract();
  const { resources, prices, total_stroops } = before.agreement;
  const price = totalStroops(resources, prices, 30 * HOUR) - BigInt(total_stroops);
  assert.equal(fundingOf(ann.grid.reader, before, 6 * HOUR, now()).amount_stroops, price);
  const had = balance();
  await assert.rejects(pay(6 * HOUR, price - 1n), (thrown) => isProblem(thrown, 'over_limit', 'limit'));
  assert.equal(balance(), had);
  await pay(6 * HOUR, price);
  assert.equal(balance(), had - price);
  assert.equal(fundedBy(ann.grid.reader, ann.wallet, id), price);
  assert.equal(viewOf(ann.grid.reader, await contract(), now()).period?.term_ms, 30 * HOUR);
});

test('funding without end goes by what the book says was paid, and stops at its cap', async () => {
  const { amount_stroops: price } = fundingOf(ann.grid.reader, await contract(), 100 * HOUR, now());
  const paid = fundedBy(ann.grid.reader, ann.wallet, id);
  const far = now() + 29.5 * HOUR;
  // Half an hour before it runs out, by the clock of whoever looks.
  const grid = new Proxy(ann.grid, { get: (target, name) => (name === 'clock' ? () => far : bound(target, name)) });
  const told: bigint[] = [];
  const keeping = (cap: bigint) => keepFunded({ grid, payer: ann.test.identity.signer('wallet'), unsent, id, term_ms: 100 * HOUR, cap, signal: AbortSignal.timeout(60_000), onFunded: (_, sum) => told.push(sum), onWait: () => undefined, onTrouble: () => undefined });
  await assert.rejects(keeping(paid + price - 1n), (thrown) => isProblem(thrown, 'over_limit', 'cap'));
  assert.deepEqual(told, []);
});

test('it pays before the contract runs out, once, and then waits', async () => {
  const { contract: short } = await placeOrder(ann.parts(), wanted({ resources: gib(0, 0, 10), term_ms: HOUR / 2 }), 'short');
  await market.run(short, {});
  await ann.grid.refresh();
  const found = read(ann.grid.reader, 'contract', short);
  assert.ok(found !== undefined);
  const price = fundingOf(ann.grid.reader, found, HOUR, now()).amount_stroops;
  const stop = new AbortController();
  const told: [string, bigint][] = [];
  const keeping = keepFunded({
    grid: ann.grid, payer: ann.test.identity.signer('wallet'), unsent, id: short, term_ms: HOUR, cap: 10n * price, signal: stop.signal, onTrouble: () => undefined,
    onFunded: (_, sum) => told.push(['funded', sum]),
    onWait: (_, sum) => {
      told.push(['waits', sum]);
      stop.abort();
    },
  });
  await assert.rejects(keeping);
  assert.deepEqual(told, [['funded', price], ['waits', price]]);
});

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
}

describe('a farm signs no amendment', () => {
  for (const [title, change, forge, code] of [
    ['cheaper than it asks', {}, (body: Amend) => (body.prices = { ...body.prices, cu_stroops: '1' }), 'price'],
    ['with a discount that it does not give', {}, (body: Amend) => (body.discounts = [{ name: 'deal', ppm: 500_000 }]), 'price'],
    ['above what its node has', { resources: gib(9, 4, 100) }, undefined, 'capacity'],
    ['for longer than it sells', { term_ms: 400 * 24 * HOUR }, undefined, 'term'],
    ['whose price would be firm for an hour', {}, (body: Amend) => (body.commit_by += HOUR), 'term'],
  ] as const) {
    test(title, async () => {
      const record = await proposed(change, (body) => {
        forge?.(body);
        body.total_stroops = totalStroops(body.resources, body.prices, body.term_ms, body.discounts).toString();
      });
      await assert.rejects(farmSigns(ann.parts(), await contract(), record), refused(code));
    });
  }

  test('for a stranger', async () => {
    const bob = await market.buyer('bob');
    const record = await proposed({});
    await assert.rejects(farmSigns(bob.parts(), await contract(), record), refused('unknown_offer'));
  });

  test('that takes disk away, which is not even asked for', async () => {
    await assert.rejects(proposed({ resources: gib(4, 4, 50) }), refused('resources'));
  });
});

test('an amendment that both have signed changes what is bought; what is not needed comes back with it', async () => {
  const had = balance();
  const record = await proposed({ resources: gib(8, 8, 200), term_ms: 48 * HOUR });
  const draft = await signWith(ann.grid.reader, await farmSigns(ann.parts(), await contract(), record), ann.test.identity, Date.now);
  await ann.grid.append({ payload: draft.record.text, signatures: [...draft.signatures] });
  const amended = await contract();
  const shown = showContract(ann.grid.reader, amended, now());
  assert.deepEqual([shown.resources, shown.price_per_hour], [gib(8, 8, 200), '0.0450000']);
  const [payer] = amendmentOf(record).payers;
  const { escrow_stroops, period, due_stroops } = viewOf(ann.grid.reader, amended, now());
  assert.equal(period?.term_ms, 48 * HOUR);
  assert.ok(escrow_stroops - due_stroops <= BigInt(period?.total_stroops ?? 0) + 16n, 'no more than it costs stays in escrow');
  assert.ok(had - balance() <= BigInt(payer?.amount_stroops ?? 0));
});

test('its timeline says what each record moved, and when time alone paused and ended it', async () => {
  const { happenings } = await timelineOf(ann.grid.reader, gridRules, await contract(), now() + 50 * HOUR);
  assert.deepEqual(happenings.map(({ kind }) => kind), ['agreement@1', 'run@1', 'fund@1', 'amend@1', null, null]);
  const { escrow_stroops, funded_until, ends_at } = viewOf(ann.grid.reader, await contract(), now());
  assert.equal(happenings.reduce((sum, { amount }) => sum + BigInt((amount ?? '0').replace('.', '')), 0n), escrow_stroops);
  assert.deepEqual(happenings.slice(4).map(({ at, what }) => [at, what.replace(/ until .*/, '')]), [[iso(funded_until ?? 0), 'out of funds: paused'], [iso(ends_at), 'nobody paid for more time: ended']]);
});

test('the farmer is owed what is billed and not paid yet', async () => {
  const { agreement, paid_stroops } = await contract();
  const [farmer] = agreement.payees;
  const { billed_stroops } = viewOf(ann.grid.reader, await contract(), now());
  assert.equal(dueTo(ann.grid.reader, await contract(), farmer?.account ?? '', now()), billed_stroops - BigInt(paid_stroops ?? '0'));
  assert.equal(dueTo(ann.grid.reader, await contract(), ann.wallet, now()), 0n);
});

/** The same grid, whose answers are lost: what is handed over comes into the book, and nobody hears of it. */
function deaf(): Grid {
  const append = async (...record: Parameters<Grid['append']>): Promise<never> => {
    await ann.grid.append(...record);
    throw new Problem('unreachable', 'the answer was lost');
  };
  return new Proxy(ann.grid, { get: (target, name) => (name === 'append' ? append : bound(target, name)) });
}

/** What was paid for the contract by funding while something was done. */
async function paidDuring(what: () => Promise<unknown>): Promise<bigint> {
  const before = fundedBy(ann.grid.reader, ann.wallet, id);
  await what();
  await ann.grid.refresh();
  return fundedBy(ann.grid.reader, ann.wallet, id) - before;
}

const FREE = 10n ** 9n;

test('the same time is bought once, whether the answer was lost or the command was killed before it handed it over', async () => {
  const { amount_stroops: price } = fundingOf(ann.grid.reader, await contract(), 5 * HOUR, now());
  const lost = await paidDuring(async () => {
    await assert.rejects(pay(5 * HOUR, FREE, undefined, deaf()), (thrown) => isProblem(thrown, 'unreachable'));
    const again = await pay(5 * HOUR, FREE);
    assert.deepEqual([again.resumed, again.amount_stroops], [true, price]);
  });
  assert.equal(lost, price);

  const wallet = ann.test.identity.signer('wallet');
  const { amount_stroops } = fundingOf(ann.grid.reader, await contract(), 5 * HOUR, now());
  const body = { contract: id, term_ms: 5 * HOUR, payers: [{ account: ann.wallet, amount_stroops: `${amount_stroops}` }] };
  const record = makeRecord(nextPayload(ann.grid, `account/${ann.wallet}`, 'fund@1', body, Date.now()));
  unsent.keep(record, await signRecord(record, [wallet]), Date.now());
  assert.equal(await paidDuring(async () => assert.equal((await fundedBefore(ann.grid, unsent, ann.wallet, { contract: id, term_ms: 5 * HOUR }))?.id, record.id)), amount_stroops);
  assert.equal(await paidDuring(async () => assert.equal((await pay(5 * HOUR, FREE)).resumed, false)), amount_stroops, 'once more, because it is asked for again after a verdict');
});

test('what is in doubt is another payment than one for other hours or under a key', async () => {
  await assert.rejects(pay(3 * HOUR, FREE, undefined, deaf()));
  for (const wanted of [{ contract: id, term_ms: 4 * HOUR }, { contract: 'c'.repeat(40), term_ms: 3 * HOUR }, { contract: id, term_ms: 3 * HOUR, key: 'other' }]) {
    assert.equal(await fundedBefore(ann.grid, unsent, ann.wallet, wanted), undefined);
  }
});

test('under a key time is bought once and for good, and the key stands for nothing else', async () => {
  assert.ok(await paidDuring(async () => {
    const first = await pay(2 * HOUR, FREE, 'december');
    const { resumed, ...again } = await pay(2 * HOUR, FREE, 'december');
    assert.deepEqual([resumed, again], [true, { id: first.id, index: first.index, amount_stroops: first.amount_stroops }]);
    await assert.rejects(pay(3 * HOUR, FREE, 'december'), refused('idempotency_key'));
  }) > 0n);
  assert.equal(await paidDuring(() => pay(2 * HOUR, FREE, 'december')), 0n);
});

describe('a farm signs no amendment, however well it fits', () => {
  const declined = async (reason: string): Promise<void> => {
    const record = await proposed({ resources: gib(8, 8, 200) });
    await assert.rejects(farmSigns(ann.parts(), await contract(), record), refused(reason));
  };
  const deny = (keys: string[]): unknown => updateConfig(market.seller.home, ({ farm }) => void (farm !== null && (farm.deny_consumers = keys)));
  const farmSays = async (kind: 'retire@1' | 'admit@1' | 'notice@1', body: JsonObject): Promise<void> => {
    await appendSigned(market.grid, { chain: `farm/${market.farm}`, kind, body }, market.signers);
    await ann.grid.refresh();
  };

  test('for a buyer that it denies by now', async () => {
    deny([ann.bot]);
    await declined('consumer');
    deny([]);
  });

  test('on a node that it has retired', async () => {
    await farmSays('retire@1', { node: market.node.key });
    await declined('no_node');
    await farmSays('admit@1', { node: market.node.key });
  });

  test('after it gave notice, which an amendment would lift', async () => {
    await farmSays('notice@1', { contract: id, reason: 'moving house' });
    await declined('policy');
  });
});
