// What others do meanwhile: a rival for the last capacity, a second home folder with the same keys, a grid's home that
// is away. Real processes.
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ContractObject } from '../../src/rules/objects.js';
import { bot, botJson, startBot, tempHome, poll, type Run } from '../script.js';
import { CrashGrid, type Reserved } from './grid.js';
import { LossyProxy } from './proxy.js';

let grid: CrashGrid;
/** A second folder that holds the consumer's identity, with a way to the home of its own. */
let twin: { home: string };
let twinProxy: LossyProxy;
const rival = { home: tempHome() };

before(async () => {
  grid = await CrashGrid.start();
  twin = { home: tempHome() };
  twinProxy = await LossyProxy.start(() => grid.url('home'));
  const words = join(dirname(twin.home), 'words.txt');
  await botJson(['identity', 'export', '--words-file', words], grid.homes.consumer);
  await botJson(['identity', 'import', '--words-file', words, '--name', 'twin'], twin);
  await botJson(['grid', 'join', twinProxy.url], twin);
  await botJson(['identity', 'create', '--name', 'rival'], rival);
  await botJson(['grid', 'join', grid.url('home')], rival);
  await botJson(['wallet', 'faucet'], rival);
});
after(async () => {
  await twinProxy[Symbol.asyncDispose]();
  await grid[Symbol.asyncDispose]();
});

interface Failure {
  readonly error: { readonly code: string; readonly reason: string | null; readonly message: string; readonly hint: string | null };
}

/** The one JSON line of a failure. */
function failure({ stderr }: Pick<Run, 'stderr'>): Failure['error'] {
  const line = stderr.split('\n').find((text) => text.startsWith('{"error"')) ?? '{}';
  return (JSON.parse(line) as Failure).error;
}

async function balance(of: { home: string }): Promise<number> {
  return Number((await botJson<{ balance: string }>(['wallet', 'show'], of)).balance);
}

async function committed(): Promise<ContractObject[]> {
  await grid.book.refresh();
  return grid.book.reader.objects('contract/', 1_000).map(({ value }) => value as unknown as ContractObject);
}

// Both want more than half of what the node has. The slower one stands still at the moment named, until the other is through.
for (const [moment, point] of [['before it has asked', 'order_written:after'], ['with an offer in its hands', 'order_accepting:before']] as const) {
  test(`of two who race for the last capacity one gets it; the other, ${moment}, a refusal by the farm with its reason`, async () => {
    const words = ['reserve', '--cpu', '40', '--memory', '16MiB', '--sru', '1', '--for', '1h', '--wait', 'committed', '--json'];
    const contracts = (await committed()).length;
    await using slow = startBot(words, { ...rival, env: { THREEBOT_TEST_KILL: `${point}:SIGSTOP` } });
    const pid = await grid.stopped(slow.child.pid);
    const fast = await bot(words, grid.homes.consumer);
    assert.equal(fast.code, 0, fast.stderr);
    process.kill(pid, 'SIGCONT');
    assert.equal(await poll('the slower one', () => slow.child.exitCode ?? undefined), 3, slow.stderr());
    assert.equal(slow.stdout(), '');
    const { code, reason, message } = failure({ stderr: slow.stderr() });
    assert.deepEqual([code, reason], ['refused', 'capacity'], message);
    assert.match(message, /declined/);
    assert.equal((await committed()).length, contracts + 1);
    assert.equal(await balance(rival), 1_000, 'nothing is paid');
    await botJson(['contract', 'cancel', fast.json<Reserved>().contract], grid.homes.consumer);
  });
}

test('two transfers at once from one home folder never spend more than there is', async () => {
  const { consumer, farmer } = grid.homes;
  const { address } = await botJson<{ address: string }>(['wallet', 'show'], farmer);
  const had = await balance(consumer);
  const amount = String(Math.floor(had * 0.6));
  const send = (): Promise<Run> => bot(['wallet', 'send', address, amount, '--max', amount, '--json'], consumer);
  const runs = await Promise.all([send(), send()]);
  assert.deepEqual(runs.map(({ code }) => code).sort(), [0, 3]);
  const refused = failure(runs.find(({ code }) => code === 3) as Run);
  assert.ok(refused.reason === 'funds' || refused.reason === 'chain_conflict', refused.message);
  assert.ok(Math.abs(had - Number(amount) - (await balance(consumer))) < 1e-6);
});

test('a transfer from a second folder with the same keys is refused as an alarm, not tried again in silence', async () => {
  const { consumer, farmer } = grid.homes;
  const { address } = await botJson<{ address: string }>(['wallet', 'show'], farmer);
  const had = await balance(consumer);
  const held = twinProxy.hold(/^POST .*\/records$/);
  const sending = bot(['wallet', 'send', address, '1', '--max', '1', '--json'], twin);
  const release = await held;
  assert.equal((await bot(['wallet', 'send', address, '2', '--max', '2'], consumer)).code, 0);
  release();
  const late = await sending;
  assert.equal(late.code, 3, late.stderr);
  const { reason, message, hint } = failure(late);
  assert.equal(reason, 'chain_conflict');
  assert.match(message, /something else has written to this chain/);
  assert.match(hint ?? '', /this key is in other hands/);
  assert.ok(Math.abs(had - 2 - (await balance(twin))) < 1e-6);
});

test('while the home is away copies answer, commands exit 6 and say what to do, and workloads go on', async () => {
  const { consumer, farmer } = grid.homes;
  const first = grid.deal(100);
  const { contract, receipt } = await grid.settle(first);
  await grid.kill('home');

  const { id } = grid.book;
  const answer = await fetch(`${grid.url('farmer')}/v1/grids/${id}/objects/contract/${contract}`);
  assert.equal(answer.status, 200);
  assert.equal(((await answer.json()) as { value: { id: string } }).value.id, contract);
  assert.equal((await bot(['bcdb', 'get', `contract/${contract}`], consumer)).code, 0, 'the own copy needs nobody');
  assert.equal((await botJson<{ ok: boolean }>(['bcdb', 'verify'], consumer)).ok, true);
  assert.equal((await botJson<{ ok: boolean }>(['receipt', 'verify', receipt], consumer)).ok, true);
  const { address } = await botJson<{ address: string }>(['identity', 'show'], farmer);
  for (const words of [['wallet', 'show'], ['wallet', 'send', address, '1', '--max', '1'], grid.deal(101).slice(0, -1), ['contract', 'cancel', contract]]) {
    const run = await bot([...words, '--json'], consumer);
    assert.equal(run.code, 6, `${words.join(' ')}: ${run.stderr}`);
    const { code, hint } = failure(run);
    assert.equal(code, 'unreachable');
    assert.notEqual(hint, null);
    assert.equal(run.stdout, '');
  }
  await grid.running.get('node')?.until(/"code":"unreachable"/);

  await grid.up('home');
  await grid.check(contract, 100, receipt);
  const second = await grid.settle(grid.deal(101));
  await grid.check(second.contract, 101, second.receipt);
  await grid.check(contract, 100, receipt);
});
