// Sessions of payments that must happen once: idempotency keys across a kill, and payment requests between two people.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { qrOf } from '../../qr.js';
import { bot, botJson, startBot, tempHome } from '../../script.js';

interface Sent { record: string; index: number; resumed: boolean; balance: string; memo: string }
const alice = { home: tempHome() };
const STRANGER = 'GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ';

test('the same key pays once, also when the command was killed, and is refused for another payment', async () => {
  await botJson(['identity', 'create', '--name', 'alice'], alice);
  await botJson(['wallet', 'faucet'], alice);
  const pay = (amount: string, key: string, env = {}) => bot(['wallet', 'send', STRANGER, amount, '--idempotency-key', key, '--json'], { ...alice, env });
  const first = (await pay('5', 'rent')).json<Sent & { idempotency_key: string }>();
  assert.deepEqual([first.resumed, first.idempotency_key, first.balance], [false, 'rent', '995.0000000']);
  const again = (await pay('5', 'rent')).json<Sent>();
  assert.deepEqual([again.resumed, again.record, again.balance], [true, first.record, '995.0000000']);
  const said = await bot(['wallet', 'send', STRANGER, '5', '--idempotency-key', 'rent'], alice);
  assert.match(said.stderr, /paid before, under the key rent; nothing was sent now/);
  const other = await pay('6', 'rent');
  assert.equal(other.code, 3);
  assert.match(other.stderr, /the key rent stands for another payment: transfer of 5\.0000000 TFT/);

  for (const [key, point, balance] of [['kept', 'payment_kept:after', '994.0000000'], ['committed', 'committed:after', '993.0000000']] as const) {
    assert.equal((await pay('1', key, { THREEBOT_TEST_KILL: point })).code, null, point);
    const resumed = (await pay('1', key)).json<Sent>();
    assert.deepEqual([resumed.resumed, resumed.balance], [true, balance], point);
  }
  assert.equal((await pay('1', 'two words')).code, 2);
});

test('a request is shown, paid once on the grid that it names, and refused late or altered', async () => {
  const running = startBot(['serve', '--listen', '127.0.0.1:0', '--json'], alice);
  await using _running = running;
  const { url } = JSON.parse((await running.until(/^\{.*\}$/m))[0]) as { url: string };
  const bob = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'bob'], bob);
  await botJson(['grid', 'join', url], bob);
  const asked = await bot(['wallet', 'request', '7.25', '--memo', 'invoice 7', '--qr'], bob);
  const request = asked.stdout.trim();
  assert.ok(asked.stderr.includes(await qrOf(request)), 'the code holds what stdout says');
  const shown = await bot(['wallet', 'pay', request, '--dry-run', '--json'], { ...alice, passphrase: null });
  assert.deepEqual([shown.json<{ amount: string }>().amount, shown.json<{ memo: string }>().memo], ['7.2500000', 'invoice 7']);
  const paid = await bot(['wallet', 'pay', request], alice);
  assert.match(paid.stderr, /asks for {2}7\.2500000 TFT of grid local .*\nto +G.*\n +TFT here is this grid's own balance/);
  assert.deepEqual([(await botJson<Sent>(['wallet', 'pay', request], alice)).resumed, (await botJson<{ balance: string }>(['wallet', 'show'], bob)).balance], [true, '7.2500000']);

  const altered = await bot(['wallet', 'pay', request.replace('7.25', '9.25')], alice);
  assert.match(altered.stderr, /this request was paid before, and not as it is to be paid now: transfer of 7\.2500000 TFT from G.* to G.*, in record [0-9a-f]{12}\n3bot: hint: 3bot bcdb get [0-9a-f]{12}/);
  const { request: late } = await botJson<{ request: string }>(['wallet', 'request', '1', '--expires', '1ms'], bob);
  assert.match((await bot(['wallet', 'pay', late], alice)).stderr, /could be paid until .*\n3bot: hint: ask for a new one/);
  const elsewhere = await bot(['wallet', 'pay', request.replace(/grid=[0-9a-f]{8}/, 'grid=00000000')], alice);
  assert.deepEqual([elsewhere.code, elsewhere.stdout], [5, '']);
});
