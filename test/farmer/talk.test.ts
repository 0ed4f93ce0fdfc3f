// The farm's answers to buyers who mean ill, and the buyer's to farms that do: over real sockets and a real book.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { canonical, type JsonObject } from '../../src/base/canonical.js';
import { makeRecord } from '../../src/bcdb/record.js';
import { converse, quote, requestOf } from '../../src/consumer/quote.js';
import { farmerTalk } from '../../src/farmer/talk.js';
import { MAX_COUNTERS, MAX_HOLDS_OF_ONE } from '../../src/base/limits.js';
import { totalStroops } from '../../src/capacity/price.js';
import { placeOrder } from '../../src/consumer/order.js';
import { readConfig, updateConfig } from '../../src/home.js';
import { openSecret } from '../../src/keys/keyring.js';
import { draftAgreement } from '../../src/market/terms.js';
import { Conversation, openTalk, peerOf, sealTalk, speakerOf, type Message, type Post, type Speaker } from '../../src/net/talk.js';
import { read, readGrid } from '../../src/rules/objects.js';
import { parseRecord } from '../../src/bcdb/record.js';
import type { Agreement, FarmConfig, Signature, TalkRequest } from '../../src/schema/types.js';
import { gib, HOUR, Market, wanted, type TestBuyer } from '../deal.js';
import { isProblem } from '../../src/base/errors.js';

const nonce = (digit: string): string => digit.repeat(32);
const ask = (market: Market, buyer: TestBuyer) => converse(buyer.parts(), market.farm, market.proxy.url);
const request = (buyer: TestBuyer, more: Partial<TalkRequest> = {}): TalkRequest => ({ ...requestOf(wanted(), buyer.parts(), nonce('1'), true), ...more });
const codeOf = (message: Message): string => (message.kind === 'decline' ? message.body.code : message.kind);

async function offered(market: Market, buyer: TestBuyer, more: Partial<TalkRequest> = {}): Promise<string> {
  const reply = await ask(market, buyer).ask('request', request(buyer, more));
  assert.ok(reply.kind === 'offer', codeOf(reply));
  return parseRecord(reply.body.payload).id;
}

async function proof(buyer: TestBuyer, record: string): Promise<Signature> {
  const wallet = buyer.test.identity.signer('wallet');
  return { by: wallet.key, sig: await wallet.sign('accept', canonical({ grid: buyer.grid.id, record })) };
}

test('the same request gets the same offer; another one under the same nonce another', async () => {
  await using market = await Market.open();
  const ann = await market.buyer('ann');
  assert.equal(await offered(market, ann), await offered(market, ann));
  assert.notEqual(await offered(market, ann, { term_ms: HOUR }), await offered(market, ann));
});

test('an acceptance needs the payers\' own proofs, and an offer that was made to this buyer', async () => {
  await using market = await Market.open();
  const [ann, eve] = [await market.buyer('ann'), await market.buyer('eve')];
  const record = await offered(market, ann);
  const accept = async (buyer: TestBuyer, proofs: Signature[], id = record): Promise<string> => codeOf(await ask(market, buyer).ask('accept', { record: id, proofs }));
  const hers = await proof(ann, record);
  assert.equal(await accept(ann, []), 'malformed');
  assert.equal(await accept(ann, [await proof(eve, record)]), 'malformed');
  assert.equal(await accept(ann, [hers, await proof(eve, record)]), 'malformed');
  assert.equal(await accept(ann, [{ ...hers, sig: (await proof(ann, 'ab'.repeat(32))).sig }]), 'malformed');
  assert.equal(await accept(eve, [hers]), 'unknown_offer');
  assert.equal(await accept(ann, [hers], 'ab'.repeat(32)), 'unknown_offer');
  assert.equal(await accept(ann, [hers]), 'agreement');
  assert.equal(await accept(ann, [hers]), 'agreement', 'the same again after a lost answer');
});

test('nobody asks in another\'s name, or with signers who cannot sign', async () => {
  await using market = await Market.open();
  const [ann, eve] = [await market.buyer('ann'), await market.buyer('eve')];
  assert.equal(codeOf(await ask(market, eve).ask('request', request(ann))), 'malformed');
  for (const stranger of [`bot/${'ab'.repeat(32)}`, `node/${'ab'.repeat(32)}`, `account/${'ab'.repeat(32)}`, `farm/${'ab'.repeat(20)}`]) {
    assert.equal(codeOf(await ask(market, ann).ask('request', request(ann, { signers: [stranger] }))), 'malformed', stranger);
  }
  assert.equal(codeOf(await ask(market, ann).ask('request', request(ann, { signers: [`node/${market.node.key}`] }))), 'offer');
});

test('one wallet cannot hold more capacity than it can pay', async () => {
  await using market = await Market.open(gib(32, 64, 2000));
  const ann = await market.buyer('ann');
  // 395.28 TFT each, of 1,000.
  const large = { resources: gib(8, 8, 200), term_ms: 366 * 24 * HOUR };
  const results: string[] = [];
  for (const digit of ['1', '2', '3']) {
    const record = await offered(market, ann, { ...large, nonce: nonce(digit) });
    results.push(codeOf(await ask(market, ann).ask('accept', { record, proofs: [await proof(ann, record)] })));
  }
  assert.deepEqual(results, ['agreement', 'agreement', 'funds']);
});

test('a draft that the farm has signed stands: other terms under its nonce must wait', async () => {
  await using market = await Market.open();
  const ann = await market.buyer('ann');
  const record = await offered(market, ann);
  assert.equal(codeOf(await ask(market, ann).ask('accept', { record, proofs: [await proof(ann, record)] })), 'agreement');
  assert.equal(codeOf(await ask(market, ann).ask('request', request(ann, { term_ms: HOUR }))), 'busy');
  assert.equal(await offered(market, ann), record);
});

test('what is held for a draft is sold again as soon as its buyer releases it, which nobody else can', async () => {
  await using market = await Market.open(gib(4, 4, 100));
  const [ann, eve] = [await market.buyer('ann'), await market.buyer('eve')];
  const record = await offered(market, ann);
  assert.equal(codeOf(await ask(market, ann).ask('accept', { record, proofs: [await proof(ann, record)] })), 'agreement');
  const eves = async (): Promise<string> => codeOf(await ask(market, eve).ask('request', request(eve)));
  assert.equal(codeOf(await ask(market, eve).ask('release', { record })), 'released');
  assert.equal(await eves(), 'capacity');
  assert.equal(codeOf(await ask(market, ann).ask('release', { record })), 'released');
  assert.equal(await eves(), 'offer');
  assert.equal(codeOf(await ask(market, ann).ask('release', { record })), 'released', 'the same again after a lost answer');
  assert.equal(codeOf(await ask(market, ann).ask('accept', { record, proofs: [await proof(ann, record)] })), 'unknown_offer');
});

/** Takes a draft and lets go of it at once; what the farm said to the request or the acceptance. */
async function released(market: Market, buyer: TestBuyer, more: Partial<TalkRequest>): Promise<string> {
  const reply = await ask(market, buyer).ask('request', request(buyer, more));
  if (reply.kind !== 'offer') return codeOf(reply);
  const { id: record } = parseRecord(reply.body.payload);
  const answer = codeOf(await ask(market, buyer).ask('accept', { record, proofs: [await proof(buyer, record)] }));
  await ask(market, buyer).ask('release', { record });
  return answer;
}

test('a released draft may still be committed: it counts against its own buyer, and nobody else', async () => {
  await using market = await Market.open();
  const [ann, eve] = [await market.buyer('ann'), await market.buyer('eve')];
  for (let i = 0; i < MAX_HOLDS_OF_ONE; i += 1) assert.equal(await released(market, ann, { nonce: i.toString(16).padStart(32, '0') }), 'agreement');
  assert.equal(await released(market, ann, { nonce: nonce('f') }), 'busy');
  assert.equal(await released(market, ann, { nonce: '0'.repeat(32) }), 'busy', 'nor of a contract that was released');
  assert.equal(await released(market, eve, {}), 'agreement');
});

test('a released draft counts as a share of the farm for its own buyer alone, and not against the same contract', async () => {
  await using market = await Market.open();
  policy(market, { max_share_ppm: 600_000 });
  const [ann, eve] = [await market.buyer('ann'), await market.buyer('eve')];
  assert.equal(await released(market, ann, { nonce: nonce('1') }), 'agreement');
  assert.equal(await released(market, ann, { nonce: nonce('2') }), 'policy');
  assert.equal(await released(market, eve, { nonce: nonce('2') }), 'agreement');
  assert.equal(await released(market, ann, { nonce: nonce('1') }), 'agreement');
});

test('messages for a farm that is not here, replays and nonsense get a problem answer', async () => {
  await using market = await Market.open();
  const ann = await market.buyer('ann');
  const me = { party: `bot/${ann.bot}`, signer: ann.test.identity.signer('bot'), unseal: (box: Uint8Array) => ann.test.identity.unseal(box) };
  const place = { grid: ann.grid.id, thread: nonce('a'), seq: 0, prev: null };
  const { sealed } = await sealTalk(me, peerOf(ann.grid.reader, `farm/${market.farm}`), place, 'request', request(ann), Date.now());
  const post = ann.post(market.proxy.url);
  const { signal } = ann.test.stop;
  await post(sealed, signal);
  await assert.rejects(post(sealed, signal), (thrown) => isProblem(thrown, 'refused', 'replay'));
  await assert.rejects(post({ ...sealed, to: `farm/${'0'.repeat(40)}` }, signal), (thrown) => isProblem(thrown, 'not_found') || isProblem(thrown, 'refused'));
  await assert.rejects(post({ ...sealed, sig: (await proof(ann, nonce('b') + nonce('c'))).sig }, signal), (thrown) => isProblem(thrown, 'integrity'));
});

function openLater(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

/** A conversation with a farm in this process, whose copy learns news only by `refresh`. */
async function directly(market: Market, buyer: TestBuyer, refresh: () => Promise<void>): Promise<(from?: Speaker) => Conversation> {
  const { id, reader } = market.grid;
  const keyring = await market.seller.options.openKeyring('farm', 'sunny');
  const { farm } = readConfig(market.seller.home);
  assert.ok(farm !== null);
  const answer = farmerTalk({ grid: { id, reader, refresh }, farm: farm.id, keyring, private: buyer.private, clock: () => Date.now(), policy: () => farm, admit: () => Promise.reject(new Error('no node')), signal: buyer.test.stop.signal });
  return (me = speakerOf(buyer.test.identity, reader)) => new Conversation({ me, to: peerOf(reader, `farm/${market.farm}`), grid: id, state: reader, post: answer, clock: () => Date.now(), signal: buyer.test.stop.signal });
}

test('a decline that a second look confirms keeps its reason', async () => {
  await using market = await Market.open(gib(4, 4, 100));
  const ann = await market.buyer('ann');
  // Between the farm's first look and its second, something is recorded that does not help.
  const farm = await directly(market, ann, () => market.announce(market.grid, gib(2, 2, 100)));
  const reply = await farm().ask('request', request(ann));
  assert.ok(reply.kind === 'offer', codeOf(reply));
  const { id } = parseRecord(reply.body.payload);
  await market.announce(market.grid, gib(3, 3, 100));
  assert.equal(codeOf(await farm().ask('accept', { record: id, proofs: [await proof(ann, id)] })), 'capacity');
  assert.equal(codeOf(await farm().ask('accept', { record: id, proofs: [await proof(ann, id)] })), 'unknown_offer', 'the offer is spent');
});

test('strangers who write side by side cost two looks at the newest book, not one each', async () => {
  await using market = await Market.open();
  const ann = await market.buyer('ann');
  let looks = 0;
  const gate = openLater();
  const farm = await directly(market, ann, async () => { looks += 1; await gate.promise; });
  const strangers = await Promise.all(Array.from({ length: 20 }, () => openSecret('identity', 'stranger', randomBytes(32))));
  const asked = strangers.map((stranger) => farm(speakerOf(stranger, market.grid.reader)).ask('request', request(ann)));
  gate.resolve();
  for (const result of await Promise.allSettled(asked)) assert.ok(result.status === 'rejected' && isProblem(result.reason, 'refused', 'identity'));
  assert.ok(looks <= 2, `${looks} looks`);
});

const policy = (market: Market, more: Partial<FarmConfig>): void => void updateConfig(market.seller.home, ({ farm }) => void Object.assign(farm ?? {}, more));
/** 0.0225 TFT. */
const HOURLY = 225_000n;

test('a buyer who names a price gets it down to the floor, to the last stroop, and learns the floor below it', async () => {
  await using market = await Market.open();
  policy(market, { floor_ppm: 900_000 });
  const ann = await market.buyer('ann');
  const asks = async (most: string, digit: string): Promise<unknown> => {
    const want = wanted({ max_per_hour_stroops: most });
    const { offers, declined } = await quote(ann.parts(), want, requestOf(want, ann.parts(), nonce(digit), true));
    return offers[0]?.total_stroops ?? declined.map(({ code, reason }) => `${code}: ${reason}`);
  };
  assert.equal(await asks(`${HOURLY}`, '1'), HOURLY * 720n);
  assert.equal(await asks('213750', '2'), 213_750n * 720n);
  assert.equal(await asks('202500', '3'), 202_500n * 720n);
  assert.deepEqual(await asks('202499', '4'), ['price: this farm takes 0.0202500 TFT an hour at least']);
});

test('what a farm has gone down to is what buyer and book take', async () => {
  await using market = await Market.open();
  policy(market, { floor_ppm: 500_000 });
  const ann = await market.buyer('ann');
  const placed = await placeOrder(ann.parts(), wanted({ max_per_hour_stroops: '200001' }), 'cheap');
  const { agreement } = read(ann.grid.reader, 'contract', placed.contract) ?? {};
  assert.deepEqual(agreement?.discounts, [{ name: 'counter', ppm: 111_107 }]);
  assert.equal(agreement?.total_stroops, totalStroops(agreement?.resources ?? gib(0, 0, 0), agreement?.prices ?? readGrid(ann.grid.reader).prices, 720 * HOUR, agreement?.discounts).toString());
});

test('a farm answers so many prices for one contract, and its offer stands', async () => {
  await using market = await Market.open();
  const ann = await market.buyer('ann');
  const record = await offered(market, ann);
  const names = async (price: number): Promise<string> => {
    const reply = await ask(market, ann).ask('counter', { request: request(ann), per_hour_stroops: `${price}` });
    return reply.kind === 'decline' ? reply.body.reason : reply.kind;
  };
  for (let i = 1; i <= MAX_COUNTERS; i += 1) assert.match(await names(i), /takes 0\.0225000 TFT an hour at least/);
  assert.match(await names(9), /its offer stands/);
  assert.equal(codeOf(await ask(market, ann).ask('accept', { record, proofs: [await proof(ann, record)] })), 'agreement');
});

test('a script that is asked about one buyer keeps nobody else waiting, and one that fails leaves the fallback', async () => {
  await using market = await Market.open();
  const [ann, bob] = [await market.buyer('ann'), await market.buyer('bob')];
  const folder = market.seller.home.path;
  const [path, gate, asked] = ['script', 'gate', 'asked'].map((name) => join(folder, name)) as [string, string, string];
  // A named pipe: ann's script waits until somebody opens its other end.
  execFileSync('mkfifo', [gate]);
  writeFileSync(path, `#!/bin/sh\nread -r line\ncase "$line" in *'"consumer":"${ann.bot}"'*) : > ${asked}; read -r answer < ${gate}; echo "$answer";; *) echo '{"answer": "accept"}';; esac\n`);
  chmodSync(path, 0o755);
  policy(market, { script: { run: [path], fallback: 'decline' } });
  const slow = ask(market, ann).ask('request', request(ann), 60_000);
  while (!existsSync(asked)) await new Promise(setImmediate);
  assert.equal(codeOf(await ask(market, bob).ask('request', request(bob))), 'offer');
  writeFileSync(gate, '{"answer": "decline", "code": "consumer", "reason": "not today"}\n');
  assert.equal(codeOf(await slow), 'consumer');
  writeFileSync(path, '#!/bin/sh\nexit 1\n');
  const other = (digit: string): TalkRequest => request(bob, { nonce: nonce(digit) });
  assert.equal(codeOf(await ask(market, bob).ask('request', other('2'))), 'busy');
  policy(market, { script: { run: [path], fallback: 'built_in' } });
  assert.equal(codeOf(await ask(market, bob).ask('request', other('3'))), 'offer');
});

test('a price above the published one is the same for buyer and farm, and the buyer is told', async () => {
  await using market = await Market.open();
  policy(market, { utilisation: { of: 'farm', steps: [{ from_ppm: 0, change_ppm: 200_000 }] } });
  const ann = await market.buyer('ann');
  const { offers } = await quote(ann.parts(), wanted(), request(ann));
  assert.equal(offers[0]?.total_stroops, (162_000_000n * 6n) / 5n);
  assert.match(offers[0]?.notes[0] ?? '', /0 % of the compute of this farm is sold: prices are 20 % higher than published/);
});

const TRICKS: [title: string, change: (body: Agreement, payload: JsonObject) => void][] = [
  ['a total that is not the price', (body) => { body.total_stroops = '162000001'; (body.payers[0] as { amount_stroops: string }).amount_stroops = '162000001'; }],
  ['less than was asked for', (body) => { body.resources = gib(2, 4, 100); }],
  ['a shorter term', (body) => { body.term_ms = HOUR; }],
  ['a minimum charge', (body) => { body.minimum_stroops = '162000000'; }],
  ['an end that needs the farm', (body) => { body.quorums.end = body.quorums.commit; }],
  ['workloads that the farm may change alone', (body) => { body.quorums.workload = { threshold: 1, members: [{ of: `farm/${body.farm}`, weight: 1 }] }; }],
  ['a deadline that never comes', (body) => { body.commit_by += 7 * 24 * HOUR; }],
  ['hours to provide', (body) => { body.provision_by_ms = 24 * HOUR; }],
  ['another account that is paid', (body) => { (body.payees[0] as { account: string }).account = 'ab'.repeat(32); }],
  ['an architect whom nobody named', (body) => { body.payees = [{ ...(body.payees[0] as Agreement['payees'][0]), share_ppm: 900_000 }, { account: 'ab'.repeat(32), role: 'architect', share_ppm: 100_000 }]; }],
  ['a discount that is not in the price', (body) => { body.discounts = [{ name: 'deal', ppm: 500_000 }]; }],
  ['a node that it does not sell', (body) => { body.node = 'ab'.repeat(32); }],
  ['another kind of record', (_body, payload) => { payload['kind'] = 'transfer@1'; }],
  ['another contract', (_body, payload) => { payload['chain'] = `contract/${'0'.repeat(40)}`; }],
  ['another grid', (_body, payload) => { payload['grid'] = 'ab'.repeat(32); }],
  ['a time long ago', (body, payload) => { payload['time'] = Number(payload['time']) - HOUR; body.commit_by -= HOUR; }],
];

test('an offer that is not what was asked for is not taken, whatever it tricks with', async (t) => {
  await using market = await Market.open();
  const ann = await market.buyer('ann');
  const keyring = await market.seller.options.openKeyring('farm', 'sunny');
  const farm = { party: `farm/${market.farm}`, signer: keyring.signer('farm'), unseal: (box: Uint8Array) => keyring.unseal(box) };
  const evil = (change: (body: Agreement, payload: JsonObject) => void): Post => async (sealed) => {
    const { reader } = market.grid;
    const asked = await openTalk(sealed, reader, farm, market.grid.id, Date.now());
    assert.ok(asked.kind === 'request');
    const found = read(reader, 'farm', market.farm);
    assert.ok(found !== undefined);
    const grid = readGrid(reader);
    const draft = structuredClone(draftAgreement(asked.body, { farm: found, grid, node: { key: market.node.key, capacity: gib(8, 16, 500) }, prices: grid.prices, discounts: [], notice_ms: 0, fees: [], time: Date.now() }).payload) as unknown as JsonObject;
    change(draft['body'] as unknown as Agreement, draft);
    const place = { grid: market.grid.id, thread: asked.thread, seq: 1, prev: asked.hash };
    return (await sealTalk(farm, peerOf(reader, asked.from), place, 'offer', { payload: makeRecord(draft as never).text, valid_until: Date.now() + 10_000, notes: [] }, Date.now())).sealed;
  };
  const answer = async (change: (body: Agreement, payload: JsonObject) => void) => quote(ann.parts({ post: () => evil(change) }), wanted(), request(ann));
  assert.equal((await answer(() => undefined)).offers.length, 1, 'the honest offer is taken');
  for (const [title, change] of TRICKS) {
    await t.test(title, async () => {
      const { offers, declined } = await answer(change);
      assert.deepEqual([offers.length, declined[0]?.code], [0, 'offer']);
    });
  }
});
