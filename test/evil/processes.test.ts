// A lying home against the real binary: joining, following, serving, and what scripts get to see of it.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import { nextPayload } from '../../src/net/compose.js';
import { readGrid } from '../../src/rules/objects.js';
import type { Line } from '../../src/schema/types.js';
import { send, TestHome } from '../net/homes.js';
import { bot, botJson, startBot, tempHome } from '../script.js';
import { EvilHome } from './evilhome.js';

const HOUR = 3_600_000;
const STRANGER = 'ab'.repeat(32);
const bob = { home: tempHome() };
let alice: TestHome;
let evil: EvilHome;
/** The honest book, and a line that spends what is not there. */
let lines: Line[];
let unfunded: Line;

before(async () => {
  alice = await TestHome.create('alice');
  await alice.create();
  const grid = await alice.grid();
  for (const memo of ['one', 'two']) await send(grid, alice.identity, STRANGER, memo);
  lines = [...grid.reader.lines(0, grid.reader.size)];
  const wallet = alice.identity.signer('wallet');
  const payload = nextPayload(grid, `account/${wallet.key}`, 'transfer@1', { payers: [{ account: wallet.key, amount_stroops: '99999999999999' }], to: STRANGER, memo: '' }, Date.now());
  unfunded = { ...(await signRecord(makeRecord(payload), [wallet])), at: Date.now() };
  evil = await EvilHome.start(lines, await alice.options.openKeyring('log', readGrid(grid.reader).nonce));
  await botJson(['identity', 'create', '--name', 'bob'], bob);
  await botJson(['grid', 'join', evil.url], bob);
});
after(async () => {
  await evil[Symbol.asyncDispose]();
  await alice[Symbol.asyncDispose]();
});

function serve(what: readonly Line[], time_ms = Date.now()): void {
  evil.lines = [...what];
  evil.time_ms = time_ms;
}

const WHY = /line 4 does not hold: account .* has .* TFT/;

test('a command that has to read the newest state exits 7 and names the line; what was checked before stays readable', async () => {
  serve([...lines, unfunded]);
  const run = await bot(['wallet', 'show', '--json'], bob);
  assert.equal(run.code, 7);
  assert.match(run.stderr, WHY);
  assert.equal(run.stdout, '');
  assert.equal((await botJson<{ size: number }>(['bcdb', 'verify'], bob)).size, 4);
  const [kept] = await botJson<{ file: string }[]>(['bcdb', 'evidence', 'list'], bob);
  const judged = await botJson<{ ok: boolean; verdict: string }>(['bcdb', 'evidence', 'verify', kept?.file ?? ''], bob);
  assert.deepEqual([judged.ok, judged.verdict], [true, 'proven']);
});

test('a newcomer is not given such a book: exit 7, and nothing of it is kept but evidence', async () => {
  serve([...lines, unfunded]);
  const carol = { home: tempHome() };
  const run = await bot(['grid', 'join', evil.url], carol);
  assert.equal(run.code, 7);
  assert.match(run.stderr, WHY);
  const grids = join(carol.home, 'grids');
  assert.deepEqual(readdirSync(grids).flatMap((grid) => readdirSync(join(grids, grid))), ['evidence']);
  assert.deepEqual(await botJson(['grid', 'list'], carol), []);
});

for (const [what, book, time_ms, why] of [
  ['a broken rule', () => [...lines, unfunded], 0, WHY],
  ['a rewind', () => lines.slice(0, 3), 5_000, /gone back from 4 to 3 lines/],
  ['a fork', () => [...lines.slice(0, 3), unfunded], 0, /the log has forked/],
] as const) {
  test(`a serving copy stops at ${what}, says why in its log, and serves on what it has checked`, async () => {
    serve(lines);
    await using copy = startBot(['serve', '--listen', '127.0.0.1:0', '--json'], bob);
    const { url } = JSON.parse((await copy.until(/^\{.*"url".*\}$/m))[0]) as { url: string };
    serve(book(), Date.now() + time_ms);
    await copy.until(/this grid is no longer followed/);
    assert.match(copy.stderr(), why);
    const { grids } = (await (await fetch(`${url}/v1/grids`)).json()) as { grids: { size: number }[] };
    assert.deepEqual(grids.map(({ size }) => size), [4]);
    // Commands beside it, through its socket, are told the same.
    const beside = await bot(['wallet', 'show', '--json'], bob);
    assert.equal(beside.code, 7, beside.stderr);
    assert.match(beside.stderr, why);
    assert.equal(await copy.stop(), 130);
  });
}

test('a book under a checkpoint that is too old counts as unreachable, and says how old it is', async () => {
  await using old = await TestHome.create('old');
  old.clock = () => Date.now() - HOUR;
  await old.create();
  const grid = await old.grid();
  await using home = await EvilHome.start([...grid.reader.lines(0, grid.reader.size)], await old.options.openKeyring('log', readGrid(grid.reader).nonce));
  home.time_ms = Date.now() - HOUR;
  const carol = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'carol'], carol);
  await botJson(['grid', 'join', home.url], carol);
  assert.deepEqual((await botJson<{ fresh: boolean }[]>(['grid', 'list'], carol)).map(({ fresh }) => fresh), [false]);
  for (const words of [['wallet', 'show'], ['wallet', 'faucet']]) {
    const run = await bot([...words, '--json'], carol);
    assert.equal(run.code, 6);
    const { error } = JSON.parse(run.stderr) as { error: { code: string; reason: string; message: string } };
    assert.deepEqual([error.code, error.reason], ['unreachable', 'stale']);
    assert.match(error.message, /newest time stamp that it has of grid test-grid is 1h([0-9]+m?s)? old/);
  }
  home.time_ms = Date.now() + HOUR;
  const ahead = await bot(['wallet', 'show'], carol);
  assert.equal(ahead.code, 6);
  assert.match(ahead.stderr, /nothing is taken from it\n.*hint: check the clock/);
});
