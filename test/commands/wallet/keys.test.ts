// A session of two people with one account: its keys, a payment that needs both, and one whose own key has no say.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { bot, botJson, startBot, tempHome, type Run } from '../../script.js';

interface Wallet { address: string; balance: string }
interface Draft { state: string; draft: string | null; missing: string[] }
// Their agents are open for all of it, which saves a passphrase a command.
const [alice, bob] = [{ home: tempHome(), passphrase: null }, { home: tempHome(), passphrase: null }];
const withPassphrase = (of: { home: string }) => ({ home: of.home });
const STRANGER = 'GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ';
const file = (name: string): string => join(dirname(alice.home), name);

test('an account of two keys pays when both have signed; a draft that one signed moves nothing', async () => {
  await botJson(['identity', 'create', '--name', 'alice'], withPassphrase(alice));
  await botJson(['unlock', '--for', '10m'], withPassphrase(alice));
  await botJson(['wallet', 'faucet'], withPassphrase(alice));
  const running = startBot(['serve', '--listen', '127.0.0.1:0', '--json'], withPassphrase(alice));
  await using _running = running;
  const { url } = JSON.parse((await running.until(/^\{.*\}$/m))[0]) as { url: string };
  await botJson(['identity', 'create', '--name', 'bob'], withPassphrase(bob));
  await botJson(['unlock', '--for', '10m'], withPassphrase(bob));
  await botJson(['grid', 'join', url], bob);
  const { address } = await botJson<Wallet>(['wallet', 'show'], bob);

  const unreachable = await bot(['wallet', 'keys', '--add', address, '--threshold', '3'], alice);
  assert.deepEqual([unreachable.code, unreachable.stdout], [2, '']);
  const keys = await botJson<Draft>(['wallet', 'keys', '--add', address, '--threshold', '2', '--draft', file('keys'), '--yes'], alice);
  assert.deepEqual([keys.state, keys.missing.length], ['signed', 1], 'bob shows that he has the key');
  await botJson(['wallet', 'send', STRANGER, '1'], alice);
  const stale = await bot(['sign', file('keys'), '--yes', '--json'], bob);
  assert.equal(stale.code, 3, 'another record has taken its place');
  await botJson(['wallet', 'keys', '--add', address, '--threshold', '2', '--draft', file('again'), '--yes'], alice);
  assert.equal((await botJson<Draft>(['sign', file('again'), '--yes'], bob)).state, 'committed');
  assert.deepEqual((await bot(['wallet', 'keys'], alice)).stdout.trim().split('\n').length, 2);

  const pay = (of: typeof alice, ...more: string[]): Promise<Run> => bot(['wallet', 'send', STRANGER, '5', '--idempotency-key', 'rent', '--json', ...more], of);
  const draft = (await pay(alice, '--draft', file('rent'))).json<Draft>();
  assert.deepEqual([draft.state, existsSync(file('rent')), (await botJson<Wallet>(['wallet', 'show'], alice)).balance], ['signed', true, '999.0000000']);
  assert.equal((await bot(['sign', file('rent'), '--max-total', '4'], bob)).code, 3, 'what leaves a shared account counts for each who spends it');
  assert.equal((await botJson<Draft>(['sign', file('rent'), '--max-total', '5'], bob)).state, 'committed');
  const again = (await pay(alice)).json<{ resumed: boolean; balance: string }>();
  assert.deepEqual([again.resumed, again.balance], [true, '994.0000000'], 'the key of the draft stands for the payment that became of it');

  // Bob begins, from an account that is not of his words; then its own key has no say any more.
  const own = (await botJson<Wallet>(['wallet', 'show'], alice)).address;
  await botJson(['wallet', 'send', STRANGER, '2', '--account', own, '--draft', file('two')], bob);
  assert.equal((await botJson<Draft>(['sign', file('two'), '--yes'], alice)).state, 'committed');
  await botJson(['wallet', 'keys', '--account', own, '--own', '0', '--threshold', '1', '--draft', file('own'), '--yes'], bob);
  assert.equal((await botJson<Draft>(['sign', file('own'), '--yes'], alice)).state, 'committed');
  assert.equal((await botJson<Draft>(['wallet', 'send', STRANGER, '1', '--draft', file('nothing')], alice)).state, 'signed', 'the own key has weight 0');
  await botJson(['wallet', 'send', STRANGER, '1', '--account', own], bob);
  assert.equal((await botJson<Wallet>(['wallet', 'show'], alice)).balance, '991.0000000');
  await Promise.all([alice, bob].map((of) => botJson(['lock'], of)));
});
