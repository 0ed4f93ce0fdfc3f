// Sessions with a wallet: balance, faucet, sending by name and address, limits, history; a grid without a faucet.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bot, botJson, startBot, tempHome } from '../../script.js';
import { terminal } from '../../terminal.js';

interface Wallet { address: string; balance: string; escrowed: string; account: string }
interface Movement { index: number; kind: string; amount: string; counterparty: string | null; memo: string }
const alice = { home: tempHome() };
const words = `${alice.home}-words`;
const STRANGER = 'GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ';

test('without an identity a wallet command says what to do', async () => {
  const run = await bot(['wallet', 'show'], alice);
  assert.equal(run.code, 5);
  assert.match(run.stderr, /hint: 3bot identity create/);
});

test('a new wallet is empty; the faucet of the embedded grid fills it, once', async () => {
  await botJson(['identity', 'create', '--name', 'alice', '--words-file', words], alice);
  const empty = await botJson<Wallet>(['wallet', 'show'], alice);
  assert.deepEqual([empty.balance, empty.escrowed, empty.address[0]], ['0.0000000', '0.0000000', 'G']);
  assert.equal((await botJson<{ balance: string }>(['wallet', 'faucet'], alice)).balance, '1000.0000000');
  const again = await bot(['wallet', 'faucet'], alice);
  assert.equal(again.code, 3);
  assert.match(again.stderr, /has had TFT from the faucet before/);
  assert.equal((await botJson<Wallet>(['wallet', 'show'], alice)).balance, '1000.0000000');
});

test('the balance is shown without a passphrase, and that it is not the one on Stellar', async () => {
  const run = await bot(['wallet', 'show', '--json'], { ...alice, passphrase: null });
  assert.equal(run.code, 0, run.stderr);
  const { screen } = await terminal(['wallet', 'show'], alice);
  assert.match(screen, /balance {3}1000\.0000000 TFT/);
  assert.match(screen, /TFT here is this grid's own balance/);
});

test('send moves the amount and prints the record alone in a pipe', async () => {
  const run = await bot(['wallet', 'send', STRANGER, '2.5', '--memo', 'thank you'], alice);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /^[0-9a-f]{64}\n$/);
  assert.equal(run.stderr, '');
  assert.equal((await botJson<Wallet>(['wallet', 'show'], alice)).balance, '997.5000000');
});

for (const [what, args, code, says] of [
  ['an address with a typing mistake', [STRANGER.replace('7U', '7V'), '1'], 2, /typing mistake/],
  ['a name nobody has', ['nobody', '1'], 5, /no bot named nobody/],
  ['the own name', ['alice', '1'], 2, /your own wallet/],
  ['an amount with eight places', [STRANGER, '0.00000001'], 2, /not an amount/],
  ['a negative amount', [STRANGER, '--', '-1'], 2, /not an amount/],
  ['nothing', [STRANGER, '0'], 2, /amount is 0/],
  ['more than there is', [STRANGER, '1000', '--max', '1000'], 3, /2\.5000000 are missing/],
  ['more than a command may spend', [STRANGER, '20.0000001'], 3, /hint: give --max 20\.0000001/],
  ['more than a command may spend, with --yes', [STRANGER, '21', '--yes'], 3, /hint: give --max 21\.0000000/],
  ['more than --max', [STRANGER, '5', '--max', '4.9'], 3, /above --max/],
  ['a memo that drives terminals', [STRANGER, '1', '--memo', '\u001b[2J'], 2, /control/],
] as const) {
  test(`${what} is refused with exit ${code}`, async () => {
    const run = await bot(['wallet', 'send', ...args], alice);
    assert.equal(run.code, code, run.stderr);
    assert.match(run.stderr, says);
    assert.equal(run.stdout, '');
  });
}

test('at a terminal it asks, naming amount and receiver, and "no" sends nothing', async () => {
  const { code, screen } = await terminal(['wallet', 'send', STRANGER, '30'], alice, [[/\(y\/N\)/, 'n\r']]);
  assert.equal(code, 2, screen);
  assert.match(screen, /Send 30\.0000000 TFT of grid local to GA7Q/);
  assert.equal((await botJson<Wallet>(['wallet', 'show'], alice)).balance, '997.5000000');
});

test('nothing of what was refused has moved anything: history tells what happened, newest first, as JSON and as lines', async () => {
  const movements = await botJson<Movement[]>(['wallet', 'history'], alice);
  assert.deepEqual(movements.map(({ kind, amount, memo }) => [kind, amount, memo]), [['transfer@1', '-2.5000000', 'thank you'], ['faucet@1', '1000.0000000', '']]);
  const lines = (await bot(['wallet', 'history', '--limit', '1'], alice)).stdout;
  assert.equal(lines.trimEnd().split('\n').length, 1);
  assert.match(lines, new RegExp(`\ttransfer\t-2\\.5000000\t${STRANGER}\tthank you\n$`));
  assert.equal((await bot(['wallet', 'history', '--limit', '0'], alice)).code, 2);
});

test('a statement is a table, CSV or one JSON value, from opening to closing balance', async () => {
  const csv = await bot(['wallet', 'statement', '--csv'], { ...alice, passphrase: null });
  assert.match(csv.stdout, new RegExp(`^line,time,kind,counterparty,memo,amount,balance,record\n,[^,]+,opening,,,,0\\.0000000,\n2,[^,]+,faucet,,,1000\\.0000000,1000\\.0000000,[0-9a-f]{64}\n3,[^,]+,transfer,${STRANGER},thank you,-2\\.5000000,997\\.5000000,[0-9a-f]{64}\n,[^,]+,closing,,,,997\\.5000000,\n$`));
  const json = await botJson<{ opening: string; closing: string; movements: object[] }>(['wallet', 'statement', '--from', '2020-01', '--to', '2020-12'], alice);
  assert.deepEqual([json.opening, json.closing, json.movements], ['0.0000000', '0.0000000', []]);
  const { screen } = await terminal(['wallet', 'statement'], alice);
  assert.match(screen, /closing .*997\.5000000[^]*not Stellar's: G/);
  assert.equal((await bot(['wallet', 'statement', '--csv', '--json'], alice)).code, 2);
});

test('between two people: sending to a name reaches the wallet, and one wallet in two places spends its TFT once', async () => {
  const running = startBot(['serve', '--listen', '127.0.0.1:0', '--json'], alice);
  await using _running = running;
  const { url } = JSON.parse((await running.until(/^\{.*\}$/m))[0]) as { url: string };
  const bob = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'bob'], bob);
  await botJson(['grid', 'join', url], bob);
  // Bob's name is on the grid once he has written there.
  await botJson(['farm', 'create', 'bobs-farm'], bob);
  assert.equal((await botJson<{ name: string }>(['wallet', 'send', 'bob', '7.5'], alice)).name, 'bob');
  assert.equal((await botJson<Wallet>(['wallet', 'show'], bob)).balance, '7.5000000');
  assert.deepEqual((await botJson<Movement[]>(['wallet', 'history'], bob)).map(({ amount, counterparty }) => [amount, counterparty]), [['7.5000000', `account/${(await botJson<Wallet>(['wallet', 'show'], alice)).account}`]]);

  const second = { home: tempHome() };
  await botJson(['identity', 'import', '--words-file', words, '--name', 'alice'], second);
  await botJson(['grid', 'join', url], second);
  const runs = await Promise.all([alice, second].map((home) => bot(['wallet', 'send', 'bob', '600', '--max', '600', '--json'], home)));
  assert.deepEqual(runs.map(({ code }) => code).sort(), [0, 3], runs.map(({ stderr }) => stderr).join('\n'));
  assert.equal((await botJson<Wallet>(['wallet', 'show'], bob)).balance, '607.5000000');
  assert.equal((await botJson<Wallet>(['wallet', 'show'], second)).balance, '390.0000000');
  await running.stop();
  const gone = await bot(['wallet', 'send', 'bob', '1'], second);
  assert.equal(gone.code, 6);
});

test('a grid that is no development grid has no faucet: its rule says so', async () => {
  const carol = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'carol'], carol);
  assert.equal((await bot(['grid', 'create', 'valley'], carol)).code, 0);
  const run = await bot(['wallet', 'faucet', '--json'], carol);
  assert.equal(run.code, 3);
  assert.equal((JSON.parse(run.stderr) as { error: { reason: string } }).error.reason, 'dev');
  assert.equal(readFileSync(words, 'utf8').includes('carol'), false);
});
