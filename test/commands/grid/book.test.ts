import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatVkey } from '../../../src/tlog/note.js';
import { bot, botJson, PASSPHRASE, startBot, tempHome, type Running } from '../../script.js';
import { terminal } from '../../terminal.js';

const ADDRESS = 'GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7';
const HASH = /^[0-9a-f]{64}$/;

/** A home with an identity. */
async function person(name: string): Promise<{ home: string }> {
  const options = { home: tempHome() };
  await botJson(['identity', 'create', '--name', name], options);
  return options;
}

/** Serves a home folder on a free port; gives where. */
async function serve(options: { home: string }, port = '0'): Promise<{ running: Running; url: string }> {
  const running = startBot(['serve', '--listen', `127.0.0.1:${port}`, '--json'], options);
  const [line] = await running.until(/^\{.*\}$/m);
  return { running, url: (JSON.parse(line) as { url: string }).url };
}

test('a person begins a grid, another joins it, both check it and a receipt of it', async () => {
  const alice = await person('alice');
  const bob = await person('bob');
  const created = await bot(['grid', 'create', 'valley', '--dev'], alice);
  assert.equal(created.code, 0, created.stderr);
  const id = created.stdout.trim();
  assert.match(id, HASH);

  const { running, url } = await serve(alice);
  await using _running = running;
  const joined = await botJson(['grid', 'join', url, '--genesis', id], bob);
  assert.deepEqual(joined, { id, name: 'valley', url, size: 2, checked: 2 });
  assert.deepEqual((await botJson<{ name: string; size: number; in_use: boolean }[]>(['grid', 'list'], bob)).map(({ name, size, in_use }) => ({ name, size, in_use })), [{ name: 'valley', size: 2, in_use: true }]);

  assert.deepEqual(await botJson(['grid', 'use', 'valley'], bob), { id, name: 'valley' });
  for (const one of [alice, bob]) {
    const verified = await botJson<{ ok: boolean; size: number; records: number; signatures: number; root: string }>(['bcdb', 'verify'], one);
    assert.deepEqual({ ok: verified.ok, size: verified.size, records: verified.records, signatures: verified.signatures }, { ok: true, size: 2, records: 2, signatures: 2 });
  }
  const found = await botJson<{ index: number; kind: string; id: string }[]>(['bcdb', 'query', '--kind', 'identity'], bob);
  assert.deepEqual(found.map(({ index, kind }) => [index, kind]), [[1, 'identity@1']]);
  assert.equal((await botJson<{ value: { name: string } }>(['bcdb', 'get', 'grid'], bob)).value.name, 'valley');

  const receipt = join(bob.home, 'identity.tlog-proof');
  const genesis = join(bob.home, 'genesis.json');
  assert.equal((await bot(['receipt', 'get', found[0]?.id ?? '', '--out', receipt], bob)).code, 0);
  assert.equal((await bot(['grid', 'show', '--genesis-file', genesis], bob)).code, 0);
  await running.stop();

  const carol = { home: tempHome() };
  const unknown = await bot(['receipt', 'verify', receipt], carol);
  assert.equal(unknown.code, 7, 'a receipt of a grid that is not known proves nothing');
  const proven = await botJson<{ ok: boolean; grid: string; index: number }>(['receipt', 'verify', receipt, '--genesis', genesis, id], carol);
  assert.deepEqual({ ok: proven.ok, grid: proven.grid, index: proven.index }, { ok: true, grid: id, index: 1 });
  assert.equal((await bot(['receipt', 'verify', receipt, '--genesis', genesis, 'ab'.repeat(32)], carol)).code, 7);
  const { log_key: logKey, origin } = (JSON.parse((JSON.parse(readFileSync(genesis, 'utf8')) as { payload: string }).payload) as { body: { log_key: string; origin: string } }).body;
  const policy = join(carol.home, '..', 'trust.policy');
  const vkey = formatVkey({ name: origin, type: 'ed25519', key: logKey });
  writeFileSync(policy, `log ${vkey}\nquorum none\n`);
  const byPolicy = await botJson<{ ok: boolean; grid: null; time: null; not_proven: string[] }>(['receipt', 'verify', receipt, '--policy', policy], carol);
  assert.deepEqual([byPolicy.ok, byPolicy.grid, byPolicy.time, byPolicy.not_proven.length], [true, null, null, 4], 'a policy alone knows the log, not the grid');
  const both = await botJson<{ grid: string; not_proven: string[] }>(['receipt', 'verify', receipt, '--policy', policy, '--genesis', genesis], carol);
  assert.deepEqual([both.grid, both.not_proven.length], [id, 3]);
  writeFileSync(policy, `witness w ${formatVkey({ name: 'w.example', type: 'cosignature', key: logKey })}\nquorum w\n`);
  assert.equal((await bot(['receipt', 'verify', receipt, '--policy', policy, '--genesis', genesis], carol)).code, 7, 'the witness has not seen it');
  assert.equal((await bot(['receipt', 'verify', receipt, '--policy', policy], carol)).code, 7, 'neither policy nor home folder knows the log');
  writeFileSync(receipt, readFileSync(receipt, 'utf8').replace(/index 1/, 'index 0'));
  assert.equal((await bot(['receipt', 'verify', receipt, '--genesis', genesis], carol)).code, 7);
  assert.equal(existsSync(join(carol.home, 'grids')), false);
});

test('exit codes: nobody answers 6, another grid than the pinned one 7, no such grid 5, a wrong word 2', async () => {
  const bob = await person('bob');
  assert.equal((await bot(['grid', 'join', 'http://127.0.0.1:9'], bob)).code, 6);
  assert.equal((await bot(['grid', 'join', 'ftp://nowhere'], bob)).code, 2);
  assert.equal((await bot(['grid', 'use', 'nothing'], bob)).code, 5);
  assert.equal((await bot(['bcdb', 'verify'], bob)).code, 5);
  assert.equal((await bot(['bcdb', 'query', '--limit', 'many'], bob)).code, 2);
  assert.equal((await bot(['grid', 'create', 'valley', '--allocate', 'G=1'], bob)).code, 2);
  const alice = await person('alice');
  await botJson(['grid', 'create', 'valley', '--dev'], alice);
  const { running, url } = await serve(alice);
  await using _running = running;
  const other = await bot(['grid', 'join', url, '--genesis', 'ab'.repeat(32)], bob);
  assert.equal(other.code, 7);
  assert.match(other.stderr, /hint: compare the genesis hash/);
  assert.equal(await running.stop(), 130);
});

test('serve goes on where it was killed, and commands beside it work through it', async () => {
  const alice = await person('alice');
  const { id } = await botJson<{ id: string }>(['grid', 'create', 'valley', '--dev'], alice);
  const first = await serve(alice);
  await first.running.stop('SIGKILL');
  const second = await serve(alice);
  await using _running = second.running;
  const served = (await (await fetch(`${second.url}/v1/grids`)).json()) as { grids: { id: string; home: boolean; size: number }[] };
  assert.deepEqual(served.grids.map((grid) => [grid.id, grid.home, grid.size]), [[id, true, 2]]);
  const busy = await bot(['grid', 'create', 'other', '--dev'], alice);
  assert.equal(busy.code, 6);
  assert.match(busy.stderr, /runs already/);
  assert.equal((await bot(['serve', '--listen', '127.0.0.1:0'], alice)).code, 6);
});

test('short commands of one home folder wait for each other', async () => {
  const alice = await person('alice');
  // Each takes the lock: two grids begun at once.
  const runs = await Promise.all(['one', 'two', 'three'].map((name) => bot(['grid', 'create', name, '--dev'], alice)));
  assert.deepEqual(runs.map((run) => run.code), [0, 0, 0], runs.map((run) => run.stderr).join());
  assert.equal((await botJson<unknown[]>(['grid', 'list'], alice)).length, 3);
});

test('commands that write at the same time, from the same wallet, are all recorded', async () => {
  const alice = await person('alice');
  await botJson(['wallet', 'faucet'], alice);
  const runs = await Promise.all(['1', '2', '3'].map((amount) => bot(['wallet', 'send', ADDRESS, amount, '--yes'], alice)));
  assert.deepEqual(runs.map((run) => run.code), [0, 0, 0], runs.map((run) => run.stderr).join());
  assert.equal((await botJson<{ balance: string }>(['wallet', 'show'], alice)).balance, '994.0000000');
});

test('with its home away a copy is read, not written, and goes on when the home is back', async () => {
  const alice = await person('alice');
  const bob = await person('bob');
  await botJson(['grid', 'create', 'valley', '--dev'], alice);
  const first = await serve(alice);
  await botJson(['grid', 'join', first.url], bob);
  await first.running.stop();

  const away = await bot(['wallet', 'faucet'], bob);
  assert.equal(away.code, 6, away.stderr);
  assert.match(away.stderr, /ECONNREFUSED/);
  assert.equal((await botJson<unknown[]>(['bcdb', 'query'], bob)).length, 2);

  const second = await serve(alice, new URL(first.url).port);
  await using _running = second.running;
  await botJson(['wallet', 'faucet'], bob);
  assert.equal((await botJson<{ balance: string }>(['wallet', 'show'], bob)).balance, '1000.0000000');
  assert.deepEqual((await botJson<{ kind: string }[]>(['bcdb', 'query', '--limit', '2'], bob)).map(({ kind }) => kind), ['faucet@1', 'identity@1']);
});

test('at a terminal one passphrase opens all keys that a command needs', async () => {
  const alice = await person('alice');
  const { code, screen } = await terminal(['grid', 'show'], { ...alice, passphrase: null }, [[/Passphrase of the identity alice/, `${PASSPHRASE}\r`]]);
  assert.equal(code, 0, screen);
  assert.match(screen, /grid +local \(development\)/);
  assert.doesNotMatch(screen, /Passphrase \(/);
});

test('a farm is reached where serve listens: the address is recorded before serve says that it is ready', async () => {
  const alice = await person('alice');
  await botJson(['grid', 'create', 'valley', '--dev'], alice);
  await botJson(['farm', 'create', 'sunny'], alice);
  const { running, url } = await serve(alice);
  await using _running = running;
  assert.equal((await botJson<{ endpoint: string }>(['farm', 'show', 'sunny'], alice)).endpoint, url);
});
