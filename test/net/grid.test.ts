import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { pinnedBy } from '../../src/bcdb/pinned.js';
import { verifyReceipt } from '../../src/bcdb/receipt.js';
import { readConfig, runtimePath } from '../../src/home.js';
import { Client } from '../../src/net/client.js';
import { openGrid, type Grid } from '../../src/net/grid.js';
import { readGrid } from '../../src/rules/objects.js';
import type { Line } from '../../src/schema/types.js';
import { EvilHome } from '../evil/evilhome.js';
import { beside } from './beside.js';
import { balance, send, TestHome, until } from './homes.js';

const OTHER = 'ab'.repeat(32);

test('a home folder without a grid gets one of its own at first need, governed by its identity', async () => {
  await using alice = await TestHome.create('alice');
  const grid = await alice.grid();
  assert.deepEqual([grid.name, grid.dev, grid.isHome, grid.url], ['local', true, true, null]);
  assert.equal(readConfig(alice.home).grid, grid.id);
  assert.equal(grid.reader.size, 2);
  assert.deepEqual((grid.reader.get(`bot/${alice.identity.public['bot']}`) as { name: string }).name, 'alice');
});

test('a home folder without identity and grid says what to do first', async () => {
  await using alice = await TestHome.create('alice');
  const { updateConfig } = await import('../../src/home.js');
  updateConfig(alice.home, (config) => void (config.identity = null));
  await assert.rejects(alice.grid(), { code: 'not_found', hint: '3bot identity create' });
});

test('what is appended at the home is in its copy and provable', async () => {
  await using alice = await TestHome.create('alice');
  await alice.create();
  const grid = await alice.grid();
  const { id, index } = await send(grid, alice.identity, OTHER);
  assert.equal(index, 2);
  assert.equal(balance(grid, OTHER), '1.0000000');
  const proven = verifyReceipt(grid.receipt(id), pinnedBy(grid.reader.line(0), grid.id));
  assert.equal(proven.index, 2);
});

test('a copy fetches, forwards and follows over real sockets', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  const id = await alice.create();
  const home = await alice.daemon();
  assert.deepEqual(await bob.join(home.url, id), { entry: { id, name: 'test-grid', url: home.url }, size: 2, checked: 2 });

  const grid = await bob.grid();
  await send(await (async () => home.grids.get(id) as never)(), alice.identity, bob.identity.public['wallet'] as string);
  await grid.refresh();
  assert.equal(balance(grid, bob.identity.public['wallet'] as string), '1.0000000');

  const { index } = await send(grid, bob.identity, OTHER);
  assert.equal(balance(grid, OTHER), '1.0000000');
  assert.equal(grid.reader.checkpoint()?.size, index + 1);
  assert.deepEqual(home.grids.get(id)?.reader.tree.root(), grid.reader.tree.root());
});

test('a refusal by the home is the same Problem at the copy', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  await bob.join((await (await alice.create(), alice.daemon())).url);
  await assert.rejects(send(await bob.grid(), bob.identity, OTHER), { code: 'refused', reason: 'funds' });
});

test('a record that was recorded before gives the line it has, from everywhere', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  await alice.create();
  const home = await alice.daemon();
  await bob.join(home.url);
  const grid = await bob.grid();
  const line = grid.reader.line(1);
  assert.deepEqual(await grid.submit([{ payload: line.payload, signatures: line.signatures }]), [{ ok: true, id: grid.reader.head(`bot/${alice.identity.public['bot']}`)?.id, index: 1, known: true }]);
});

test('beside a daemon a second handle works through its socket', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  await alice.create();
  const home = await alice.daemon();
  await bob.join(home.url);
  const copy = await bob.daemon({ listen: undefined });
  assert.equal(copy.url, null);
  // In one process both would share the lock, so the second handle is another process.
  const answered = await beside(bob.home.path);
  assert.deepEqual(answered, { size: 2, index: 1, known: true, isFree: true });
});

test("a daemon takes its sockets' folder away", async () => {
  await using alice = await TestHome.create('alice');
  await alice.create();
  const daemon = await alice.daemon();
  const path = runtimePath(alice.home);
  assert.ok(existsSync(path));
  await daemon[Symbol.asyncDispose]();
  assert.equal(existsSync(path), false);
});

test('a process beside a daemon goes on by itself when that ends, and lets another one start', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  const id = await alice.create();
  const home = await alice.daemon();
  await bob.join(home.url);
  const copy = await bob.daemon({ listen: undefined });
  const answered = await beside(bob.home.path, async () => {
    await copy[Symbol.asyncDispose]();
    await send(home.grids.get(id) as Grid, alice.identity, OTHER);
  });
  assert.deepEqual(answered, { size: 3, index: 1, known: true, isFree: true });
});

test('a daemon follows what is recorded elsewhere by itself', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  const id = await alice.create();
  const home = await alice.daemon();
  await bob.join(home.url);
  const copy = await bob.daemon();
  const there = home.grids.get(id);
  const here = copy.grids.get(id);
  assert.ok(there !== undefined && here !== undefined);
  await send(there, alice.identity, OTHER);
  await until(() => here.reader.size === 3);
  assert.ok(here.state?.lastRead_ms !== null);
});

test('a daemon whose home goes away says so, keeps asking, and goes on when it is back', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  const id = await alice.create();
  const home = await alice.daemon();
  await bob.join(home.url);
  const copy = await bob.daemon();
  const here = copy.grids.get(id);
  assert.ok(here !== undefined);
  await until(() => here.state?.lastRead_ms !== null);
  await home[Symbol.asyncDispose]();
  await until(() => here.state?.problem?.code === 'unreachable');
  await using client = new Client({ url: copy.url });
  const health = await client.health();
  assert.deepEqual(health.grids.map(({ id: one, follows, problem }) => [one, follows, problem?.code]), [[id, true, 'unreachable']]);
  assert.equal(here.reader.size, 2);
  const again = await alice.daemon({ listen: { host: '127.0.0.1', port: Number(new URL(home.url).port) } });
  const there = again.grids.get(id);
  assert.ok(there !== undefined);
  await send(there, alice.identity, OTHER);
  await until(() => here.reader.size === 3 && here.state?.problem === null);
});

test('a copy of a copy forwards all the way and waits until it holds the line itself', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  await using carol = await TestHome.create('carol');
  await alice.create();
  await bob.join((await alice.daemon()).url);
  await carol.join((await bob.daemon()).url);
  const grid = await carol.grid();
  const { ensureIdentity } = await import('../../src/net/compose.js');
  await ensureIdentity(grid, carol.identity);
  assert.equal(grid.reader.head(`bot/${carol.identity.public['bot']}`)?.height, 0);
});

test('a home that is away is unreachable, and what is held here can still be read', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  const id = await alice.create();
  const home = await alice.daemon();
  await bob.join(home.url);
  await home[Symbol.asyncDispose]();
  const grid = await openGrid({ ...bob.options, grid: id.slice(0, 8) });
  assert.equal(grid.reader.size, 2);
  await assert.rejects(grid.refresh(), { code: 'unreachable' });
  await assert.rejects(send(grid, bob.identity, OTHER), { code: 'unreachable' });
  await grid[Symbol.asyncDispose]();
});

test('another grid than the pinned one is refused, and nothing of it stays', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  await alice.create();
  const home = await alice.daemon();
  await assert.rejects(bob.join(home.url, 'cd'.repeat(32)), { code: 'integrity', reason: 'other_grid' });
  assert.deepEqual(readConfig(bob.home).grids, []);
});

test('a second grid of the same name needs another name', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  await using carol = await TestHome.create('carol');
  await alice.create();
  await bob.create();
  await carol.join((await alice.daemon()).url);
  await assert.rejects(carol.join((await bob.daemon()).url), { code: 'usage', reason: 'exists' });
});

test('a join that fails leaves a book that was here before, also where config.json has lost it', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  const id = await alice.create();
  await bob.join((await alice.daemon()).url);
  const { reader } = await bob.grid();
  const lines = [...reader.lines(0, 9)];
  rmSync(bob.home.config);
  const last = lines.at(-1) as Line;
  await using evil = await EvilHome.start([...lines.slice(0, -1), { ...last, at: last.at + 1 }], await alice.options.openKeyring('log', readGrid(reader).nonce));
  await assert.rejects(bob.join(evil.url), { code: 'integrity' });
  assert.ok(existsSync(bob.home.gridDatabase(id)));
});
