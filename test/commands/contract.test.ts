// What a buyer and a third bot do to a contract that runs, with the real binary against a farm that answers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HOUR, Market } from '../deal.js';
import { bot, botJson, tempHome } from '../script.js';

const home = tempHome();
let market: Market;
let id = '';

before(async () => {
  market = await Market.open();
  await botJson(['identity', 'create', '--name', 'ann'], { home });
  await botJson(['grid', 'join', market.url], { home });
  await botJson(['wallet', 'faucet'], { home });
  ({ contract: id } = await botJson<{ contract: string }>(['reserve', '--cpu', '4', '--sru', '100', '--for', '24h', '--wait', 'committed'], { home }));
  await market.run(id, {});
});
after(async () => market[Symbol.asyncDispose]());

test('more time is paid for, within a limit, and an amendment is signed by the farm; the bill adds up', async () => {
  const over = await bot(['contract', 'fund', id, '--for', '6h', '--max', '0.0000001'], { home });
  assert.equal(over.code, 3, over.stderr);
  assert.match(over.stderr, /give --max 0\.135/);
  const funded = await botJson<{ paid: string; started_at: string; funded_until: string }>(['contract', 'fund', id, '--for', '6h'], { home });
  assert.equal(funded.paid, '0.1350000');
  assert.equal(Date.parse(funded.funded_until) - Date.parse(funded.started_at), 30 * HOUR);
  const amended = await botJson<{ amended: boolean; price_per_hour: string; funded_until: string }>(['contract', 'amend', id, '--cpu', '8', '--memory', '8'], { home });
  assert.deepEqual([amended.amended, amended.price_per_hour], [true, '0.0425000']);
  const bill = await botJson<{ billed: string; intervals: { amount: string; record: string | null }[]; payments: { kind: string }[] }>(['contract', 'bill', id], { home });
  const stroops = (tft: string): bigint => BigInt(tft.replace('.', ''));
  assert.equal(bill.intervals.reduce((sum, { amount }) => sum + stroops(amount), 0n), stroops(bill.billed));
  assert.ok(stroops(bill.billed) > 0n, 'the minimum charge at least');
  assert.equal((await bot(['contract', 'claim', id], { home })).code, 3, 'who pays is no payee');
});

test('a bot confirms a node once a heartbeat', async () => {
  const words = ['meter', 'confirm', market.node.key.slice(0, 12)];
  const first = await botJson<{ confirmed: boolean; record: string; next: string }>(words, { home });
  assert.ok(first.confirmed);
  assert.deepEqual(await botJson(words, { home }), { ...first, confirmed: false, record: null, line: null });
});

test('flags that belong together are asked for together', async () => {
  for (const [words, said] of [[['contract', 'fund', id, '--for', '1h', '--auto'], /--cap/], [['contract', 'amend', id], /nothing to change/], [['meter', 'watch', 'abcd', '--connect', 'nowhere'], /HOST:PORT/]] as const) {
    const run = await bot(words, { home });
    assert.equal(run.code, 2, run.stderr);
    assert.match(run.stderr, said);
  }
});
