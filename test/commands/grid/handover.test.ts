import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { bot, botJson, startBot, tempHome, type Running } from '../../script.js';

async function serve(options: { home: string }): Promise<{ running: Running; url: string }> {
  const running = startBot(['serve', '--listen', '127.0.0.1:0', '--json'], options);
  const [line] = await running.until(/^\{.*\}$/m);
  return { running, url: (JSON.parse(line) as { url: string }).url };
}

test('the owner moves a grid to another machine after its home has died; copies and receipts go on', async () => {
  const [alice, second, bob, carol] = [0, 1, 2, 3].map(() => ({ home: tempHome() })) as [{ home: string }, { home: string }, { home: string }, { home: string }];
  const file = (name: string): string => join(dirname(bob.home), name);
  await botJson(['identity', 'create', '--name', 'alice'], alice);
  await botJson(['identity', 'create', '--name', 'bob'], bob);
  const { id } = await botJson<{ id: string }>(['grid', 'create', 'valley', '--dev'], alice);
  const first = await serve(alice);
  await botJson(['grid', 'join', first.url, '--genesis', id], second);
  await botJson(['grid', 'join', first.url, '--genesis', id], bob);
  await botJson(['wallet', 'faucet'], bob);
  assert.equal((await bot(['receipt', 'get', '2', '--out', file('old.tlog-proof')], bob)).code, 0);
  assert.equal((await bot(['grid', 'show', '--genesis-file', file('genesis.json')], bob)).code, 0);

  // A copy without the owner's identity makes a draft, and is told who is missing.
  await bot(['identity', 'create', '--name', 'helper'], second);
  const drafted = await botJson<{ state: string; draft: string }>(['grid', 'handover', '--draft', file('draft.json')], second);
  assert.deepEqual([drafted.state, drafted.draft], ['draft', file('draft.json')]);
  const { log_key } = JSON.parse(Buffer.from((JSON.parse(readFileSync(file('draft.json'), 'utf8')) as { payload: string }).payload, 'base64').toString()).body as { log_key: string };
  // The owner's copy knows what is to be signed; a stranger has no say.
  assert.equal((await bot(['sign', file('draft.json'), '--yes'], bob)).code, 3);
  const refused = await bot(['grid', 'handover', file('draft.json'), '--yes', '--json'], second);
  assert.equal(refused.code, 0, refused.stderr);
  assert.equal(refused.json<{ state: string }>().state, 'draft', 'still nobody has signed');
  await first.running.stop('SIGKILL');
  const signed = await botJson<{ state: string; signed: string[] }>(['sign', file('draft.json'), '--yes'], alice);
  assert.deepEqual([signed.state, signed.signed.length], ['signed', 1]);
  const taken = await botJson<{ state: string; line: number; log_key: string }>(['grid', 'handover', file('draft.json'), '--yes'], second);
  assert.deepEqual([taken.state, taken.line, taken.log_key], ['recorded', 3, log_key]);

  const home = await serve(second);
  await using _running = home.running;
  await botJson(['grid', 'join', home.url, '--genesis', id], bob);
  await botJson(['wallet', 'send', 'alice', '1', '--yes'], bob);
  await botJson(['grid', 'join', home.url, '--genesis', id], alice);
  const { balance } = await botJson<{ balance: string }>(['wallet', 'show'], alice);
  assert.equal(balance, '1.0000000', 'the old home is a copy now');
  assert.equal((await bot(['bcdb', 'verify'], bob)).code, 0);

  // Offline, in a home folder that knows nothing: the old receipt by genesis alone, a new one by what governance has said since.
  assert.equal((await bot(['receipt', 'get', '4', '--out', file('new.tlog-proof')], bob)).code, 0);
  assert.equal((await bot(['grid', 'show', '--genesis-file', file('since.json')], bob)).code, 0);
  const verify = async (receipt: string, genesis: string): Promise<number | null> => (await bot(['receipt', 'verify', file(receipt), '--genesis', file(genesis), id], carol)).code;
  assert.deepEqual([await verify('old.tlog-proof', 'genesis.json'), await verify('old.tlog-proof', 'since.json'), await verify('new.tlog-proof', 'since.json')], [0, 0, 0]);
  assert.equal(await verify('new.tlog-proof', 'genesis.json'), 7, 'genesis does not name the new home');
});

test('who has no copy, or a copy of another book, hands nothing over and signs nothing', async () => {
  const alice = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'alice'], alice);
  assert.equal((await bot(['grid', 'handover', 'nothing.json'], alice)).code, 5);
  const path = join(dirname(alice.home), 'draft.json');
  writeFileSync(path, '{}');
  assert.equal((await bot(['sign', path], alice)).code, 2);
  assert.equal((await bot(['bcdb', 'evidence', 'verify', path], alice)).code, 2);
  assert.equal((await bot(['bcdb', 'evidence', 'verify', 'nothing.json'], alice)).code, 5);
  assert.deepEqual(await botJson(['bcdb', 'evidence', 'list'], alice), []);
});

test('a sole governor changes nothing by looking at the witnesses, and is asked before they change', async () => {
  const alice = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'alice'], alice);
  await botJson(['grid', 'create', 'valley', '--dev'], alice);
  assert.deepEqual((await botJson<{ witnesses: null }>(['grid', 'witnesses'], alice)).witnesses, null);
  assert.equal((await bot(['grid', 'witnesses', '--none', '--yes'], alice)).code, 3, 'there are none already');
  const policy = join(dirname(alice.home), 'policy.txt');
  writeFileSync(policy, 'log x\n');
  assert.equal((await bot(['grid', 'witnesses', '--set', policy, '--yes'], alice)).code, 2);
  assert.equal((await bot(['grid', 'witnesses', '--set', policy, '--none'], alice)).code, 2);
});
