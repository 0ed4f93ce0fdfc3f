// A grid without a copy, as CI uses it; and a server that lies to it.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Basis } from '../../../src/net/light/reader.js';
import { Liar, type Lie } from '../../evil/liar.js';
import { bot, botJson, startBot, tempHome, type Running } from '../../script.js';

const alice = { home: tempHome() };
const bob = { home: tempHome() };
let serving: Running;
let liar: Liar;
let id = '';

interface Wallet { account: string; balance: string; basis: Basis }

before(async () => {
  for (const [name, options] of [['alice', alice], ['bob', bob]] as const) await botJson(['identity', 'create', '--name', name], options);
  id = (await bot(['grid', 'create', 'valley', '--dev'], alice)).stdout.trim();
  serving = startBot(['serve', '--listen', '127.0.0.1:0', '--json'], alice);
  const [line] = await serving.until(/^\{.*\}$/m);
  liar = await Liar.start((JSON.parse(line) as { url: string }).url);
});

after(async () => {
  await liar[Symbol.asyncDispose]();
  await serving.stop();
});

test('a fresh home joins without a copy, is paid, pays and shows what it has proven by which line', async () => {
  const wrong = await bot(['grid', 'join', '--light', liar.url, '--genesis', 'ab'.repeat(32)], bob);
  assert.equal(wrong.code, 7, wrong.stderr);
  const joined = await botJson<{ id: string; light: boolean; basis: Basis }>(['grid', 'join', '--light', liar.url, '--genesis', id], bob);
  assert.deepEqual([joined.id, joined.light, joined.basis.line], [id, true, 2]);

  assert.equal((await botJson<{ balance: string }>(['wallet', 'faucet'], bob)).balance, '1000.0000000', 'the own record is in what is shown');
  assert.equal((await botJson<{ balance: string }>(['wallet', 'send', 'alice', '5'], bob)).balance, '995.0000000');
  const wallet = await botJson<Wallet>(['wallet', 'show'], bob);
  assert.equal(wallet.balance, '995.0000000');
  assert.ok(wallet.basis.line >= 4);
  const shown = await bot(['wallet', 'show'], bob);
  assert.match(shown.stderr, /^proven as of line \d+, .*\non trust: that this root is what the lines make/);

  const home = readdirSync(join(bob.home, 'grids', id));
  assert.deepEqual(home, ['light.json'], 'no copy');
  const receipts = readdirSync(join(bob.home, 'receipts'));
  assert.equal(receipts.length, 2);
  for (const receipt of receipts) assert.equal((await bot(['receipt', 'verify', join(bob.home, 'receipts', receipt)], bob)).code, 0, 'offline, by the pinned genesis');
  assert.equal((await botJson<{ ok: boolean; state_roots: number }>(['bcdb', 'verify'], alice)).ok, true, 'and the home has told the truth');
});

test('what is not there is proven not to be there; what cannot be proven is refused, not missing', async () => {
  const none = await bot(['bcdb', 'state', `contract/${'0'.repeat(40)}`], bob);
  assert.deepEqual([none.code, /no object/.test(none.stderr)], [5, true]);
  assert.deepEqual(await botJson(['contract', 'list'], bob), []);
  for (const args of [['bcdb', 'verify'], ['bcdb', 'get', '3'], ['wallet', 'show', '--at', '2'], ['bcdb', 'history', 'grid'], ['bcdb', 'query'], ['bcdb', 'query', 'kind = transfer', '--count'], ['bcdb', 'query', '--explain'], ['bcdb', 'query', '--sql', 'SELECT count(*) FROM record']]) {
    const run = await bot(args, bob);
    assert.equal(run.code, 2, `${args.join(' ')}: ${run.stderr}`);
    assert.match(run.stderr, /without a copy of it\n3bot: hint: 3bot grid join URL --genesis HASH, without --light/);
  }
  assert.match((await bot(['grid', 'list'], bob)).stdout, / \(light\)\t/);
});

const inState = (change: (proof: { bucket: [string, string][]; object: string | null }) => object): Lie => (path, answer) =>
  path.includes('/state/account/') ? JSON.stringify({ ...JSON.parse(answer), ...change(JSON.parse(answer)) }) : answer;

const LIES: [string, () => Lie, RegExp][] = [
  ['an altered object', () => inState(({ object }) => ({ object: (object ?? '').replace('995', '999') })), /is not what was given/],
  ['a withheld object', () => inState(() => ({ object: null })), /was not given/],
  ['an object left out of its bucket', () => inState(({ bucket }) => ({ object: null, bucket: bucket.filter(([one]) => !one.startsWith('account/')) })), /bucket .* is not that of the state/],
  ['the answer about something else', () => (path, answer) => (path.includes('/state/account/') ? (JSON.stringify({ ...JSON.parse(answer), bucket: [['grid', 'ab'.repeat(32)]] })) : answer), /bucket .* is not that of the state/],
];

for (const [what, lie, says] of LIES) {
  test(`${what} is refused with exit 7`, async () => {
    liar.lie = lie();
    const run = await bot(['wallet', 'show'], bob);
    liar.lie = (_path, answer) => answer;
    assert.equal(run.code, 7, run.stderr);
    assert.match(run.stderr, says);
    assert.equal(run.stdout, '');
  });
}

test('an old state root is refused once a newer one was seen, also by the next command', async () => {
  await botJson<Wallet>(['wallet', 'show'], bob);
  const old = new Map(liar.seen);
  await botJson(['wallet', 'send', 'alice', '1'], bob);
  liar.lie = (path, answer) => (path.includes('/state/') ? old.get(path.replace(/\?.*/, '')) ?? answer : answer);
  const run = await bot(['wallet', 'show'], bob);
  liar.lie = (_path, answer) => answer;
  assert.equal(run.code, 7, run.stderr);
  assert.match(run.stderr, /gone back|older than that of line/);
});

test('a record that is said to be recorded and is not, is not believed', async () => {
  liar.lie = (path, answer) => (path.endsWith('/records') ? answer.replace(/"index":\d+/, '"index":2') : answer);
  const run = await bot(['wallet', 'send', 'alice', '1'], bob);
  liar.lie = (_path, answer) => answer;
  assert.equal(run.code, 7, run.stderr);
  assert.match(run.stderr, /does not prove it/);
});

test('without --light later on a copy is fetched after all', async () => {
  const joined = await botJson<{ size: number; checked: number }>(['grid', 'join', liar.url, '--genesis', id], bob);
  assert.equal(joined.checked, joined.size);
  assert.ok(existsSync(join(bob.home, 'grids', id, 'bcdb.sqlite')));
  const wallet = await botJson<Wallet>(['wallet', 'show'], bob);
  assert.equal(wallet.basis, undefined, 'nothing is taken on trust any more');
  assert.equal((await bot(['grid', 'join', '--light', liar.url], bob)).code, 2, 'who has a copy needs no proofs');
});
