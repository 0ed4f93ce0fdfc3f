// State as it was, the history of a chain, and lines as they come, as a person and as a script see them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bot, botJson, startBot, tempHome, type Running } from '../../script.js';

const STRANGER = 'GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ';
const alice = { home: tempHome() };

interface Wallet { account: string; balance: string }

test('balance and state as of a line, a record and a time; history in plain words and as JSON', async () => {
  await botJson(['identity', 'create', '--name', 'alice'], alice);
  await botJson(['wallet', 'faucet'], alice);
  const sent = (await bot(['wallet', 'send', STRANGER, '5'], alice)).stdout.trim();
  const { account } = await botJson<Wallet>(['wallet', 'show'], alice);
  const balances = [];
  for (const at of ['2', sent.slice(0, 8), new Date(Date.now() + 1_000).toISOString()]) balances.push((await botJson<Wallet>(['wallet', 'show', '--at', at], alice)).balance);
  assert.deepEqual(balances, ['1000.0000000', '995.0000000', '995.0000000']);

  const then = await botJson<{ value: { balance_stroops: string }; size: number }>(['bcdb', 'state', `account/${account}`, '--at', '2'], alice);
  assert.deepEqual([then.value.balance_stroops, then.size], ['10000000000', 3]);
  assert.deepEqual(await botJson(['bcdb', 'state', '--prefix', 'account/', '--at', '1'], alice), []);
  const now = (await bot(['bcdb', 'state', '--json'], alice)).stdout;
  assert.equal((await bot(['bcdb', 'state', '--at', '3', '--json'], alice)).stdout, now, 'now is the fold of all lines, to the letter');
  assert.equal((await bot(['bcdb', 'state', `account/${account}`, '--at', '0'], alice)).code, 5, 'no account yet');
  assert.equal((await bot(['bcdb', 'state', 'grid', '--at', '99'], alice)).code, 5, 'no such line');
  assert.equal((await bot(['bcdb', 'state', 'grid', '--at', '2001-01-01'], alice)).code, 5, 'before the book began');
  assert.equal((await bot(['bcdb', 'state', 'grid', '--at', 'soon'], alice)).code, 2);

  const history = await botJson<{ index: number; kind: string; signers: string[]; changed: { object: string; new: boolean; changes: { path: string; before: unknown; after: unknown }[] }[] }[]>(['bcdb', 'history', `account/${account}`], alice);
  assert.deepEqual(history.map(({ index, kind, signers }) => [index, kind, signers]), [[2, 'faucet@1', [account]], [3, 'transfer@1', [account]]]);
  assert.deepEqual(history[1]?.changed[0], { object: `account/${account}`, new: false, changes: [{ path: 'balance_stroops', before: '10000000000', after: '9950000000' }] });
  assert.match((await bot(['bcdb', 'history', `account/${account}`], alice)).stdout, /balance_stroops: 10000000000 → 9950000000/);
  assert.equal((await bot(['bcdb', 'history', 'contract/none'], alice)).code, 5);
});

async function serve(options: { home: string }, port = '0'): Promise<{ running: Running; url: string }> {
  const running = startBot(['serve', '--listen', `127.0.0.1:${port}`, '--json'], options);
  const [line] = await running.until(/^\{.*\}$/m);
  return { running, url: (JSON.parse(line) as { url: string }).url };
}

test('new lines are streamed one object a line, through a restart of the server, until SIGINT ends it with 130', async () => {
  const bob = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'bob'], bob);
  const first = await serve(alice);
  await botJson(['grid', 'join', first.url], bob);
  await using following = startBot(['bcdb', 'follow', '--from', '2', '--json'], bob);
  await following.until(/"index":3/);
  await botJson(['wallet', 'send', STRANGER, '1'], alice);
  await following.until(/"index":4/);
  await first.running.stop();
  await following.until(/waiting: /);
  await botJson(['wallet', 'send', STRANGER, '2'], alice);
  const second = await serve(alice, new URL(first.url).port);
  await using _second = second.running;
  await following.until(/"index":5/);
  // Not in the way of other commands of the same home folder meanwhile.
  await botJson(['wallet', 'faucet'], bob);
  await following.until(/"index":6/);
  assert.equal(await following.stop('SIGINT'), 130);
  const indexes = following.stdout().trimEnd().split('\n').map((row) => (JSON.parse(row) as { index: number }).index);
  assert.deepEqual(indexes, [2, 3, 4, 5, 6], 'each line once, in order');
});
