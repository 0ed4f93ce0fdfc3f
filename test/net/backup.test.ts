// Backups: made beside a writer, believed only after every line was checked, never put where they would take lines back.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import Database from 'better-sqlite3';
import { isProblem, Problem } from '../../src/base/errors.js';
import { backUp } from '../../src/bcdb/backup.js';
import { Store } from '../../src/bcdb/store.js';
import { exportGrid } from '../../src/net/export.js';
import type { Grid } from '../../src/net/grid.js';
import { importGrid, type Imported } from '../../src/net/import.js';
import { send, TestHome } from './homes.js';

const signal = new AbortController().signal;
const to = 'ab'.repeat(32);
let alice: TestHome;
let id: string;
let folder: string;

before(async () => {
  alice = await TestHome.create('alice');
  id = await alice.create();
  folder = join(alice.home.path, 'backups');
  mkdirSync(folder);
});
after(() => alice[Symbol.asyncDispose]());

const take = (home: TestHome, name: string): Promise<{ size: number; signed: number; file: string }> => exportGrid({ home: home.home, signal, file: join(folder, name) });
const put = (home: TestHome, name: string, more: { lines?: number; url?: string; genesis?: string } = {}): Promise<Imported> => importGrid({ home: home.home, clock: home.clock, signal, file: join(folder, name), ...more });

/** Works on the grid and lets go of the home folder. */
async function working<T>(home: TestHome, work: (grid: Grid) => Promise<T>): Promise<T> {
  const grid = await home.grid();
  try {
    return await work(grid);
  } finally {
    await grid[Symbol.asyncDispose]();
  }
}

const append = (home: TestHome, count = 1): Promise<void> => working(home, async (grid) => {
  for (let i = 0; i < count; i += 1) await send(grid, home.identity, to, `${i}`);
});

function lines(path: string): unknown[] {
  using store = Store.read(path);
  return [...store.lines(0, store.size)];
}

/** Changes a file of a book past what guards it. */
function alter(path: string, sql: string): void {
  const db = new Database(path);
  for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all() as { name: string }[]) db.exec(`DROP TRIGGER ${name}`);
  db.exec(sql);
  db.close();
}

test('a backup made while lines are appended is the book as it was at one moment', async () => {
  await append(alice, 40);
  await working(alice, async (grid) => {
    const file = join(folder, 'beside');
    const sizes: number[] = [];
    let isDone = false;
    const writing = (async () => {
      while (!isDone) {
        await send(grid, alice.identity, to);
        await new Promise((resolve) => setImmediate(resolve)); // appending alone never waits for anything
      }
    })();
    await backUp(alice.home.gridDatabase(id), file, signal, () => void sizes.push(grid.reader.size), 4).finally(() => void (isDone = true));
    await writing;
    const copied = lines(file);
    assert.ok((sizes.at(-1) ?? 0) > copied.length, `it was written meanwhile: ${sizes.join(' ')}`);
    assert.deepEqual(copied, [...grid.reader.lines(0, copied.length)]);
    assert.equal(existsSync(`${file}-wal`), false, 'it is one file');
    rmSync(file);
  });
});

test('an export is whole or not there', async () => {
  const { size, signed, file } = await take(alice, 'first');
  assert.deepEqual([size, signed], [lines(file).length, size]);
  await assert.rejects(take(alice, 'first'), (thrown) => isProblem(thrown, 'usage') && /is there already/.test(thrown.message));
  await assert.rejects(take(alice, 'nowhere/first'), (thrown) => isProblem(thrown, 'usage'));
  await assert.rejects(exportGrid({ home: alice.home, signal: new AbortController().signal, file: join(folder, 'first'), onProgress: () => assert.fail('it was copied first') }), (thrown) => isProblem(thrown, 'usage'));
  const stopped = AbortSignal.abort(new Problem('interrupted', 'stopped'));
  await assert.rejects(exportGrid({ home: alice.home, signal: stopped, file: join(folder, 'second') }), (thrown) => isProblem(thrown, 'interrupted'));
  assert.deepEqual(readdirSync(folder), ['first']);
});

test('a new home folder gets the grid from a backup and follows from there', async () => {
  await using daemon = await alice.daemon();
  await using bob = await TestHome.create('bob');
  const made = await take(alice, 'for-bob');
  await assert.rejects(put(bob, 'for-bob'), (thrown) => isProblem(thrown, 'usage') && /--url/.test(thrown.hint ?? ''));
  await assert.rejects(put(bob, 'for-bob', { url: daemon.url, genesis: to }), (thrown) => isProblem(thrown, 'integrity', 'other_grid'));
  assert.deepEqual(await put(bob, 'for-bob', { url: daemon.url, genesis: id }), { entry: { id, name: 'test-grid', url: daemon.url }, size: made.size, before: 0 });
  await send(await bob.grid(), alice.identity, to, 'through bob');
  assert.deepEqual(lines(bob.home.gridDatabase(id)), lines(alice.home.gridDatabase(id)));
  assert.deepEqual(readdirSync(bob.home.grids), [id], 'nothing else is left');
});

test('never over a book that has more lines, and never a home that has signed more', async () => {
  await take(alice, 'old');
  await append(alice);
  const { size } = await take(alice, 'new');
  const own = alice.home.gridDatabase(id);
  const was = lines(own);
  await assert.rejects(put(alice, 'old'), (thrown) => isProblem(thrown, 'refused', 'longer'));
  for (const lost of ['removed', 'damaged']) {
    if (lost === 'removed') for (const suffix of ['', '-wal', '-shm']) rmSync(own + suffix, { force: true });
    else writeFileSync(own, Buffer.alloc(8192, 7));
    await assert.rejects(put(alice, 'old'), (thrown) => isProblem(thrown, 'refused', 'rewound'), lost);
    assert.deepEqual(await put(alice, 'new'), { entry: { id, name: 'test-grid', url: null }, size, before: lost === 'removed' ? 0 : null });
    assert.deepEqual(lines(own), was);
    assert.equal(existsSync(`${own}.damaged`), lost === 'damaged');
  }
});

test('a home that lost its book goes on from the export of a copy, and the copy follows', async () => {
  await using bob = await TestHome.create('bob');
  {
    await using daemon = await alice.daemon();
    await bob.join(daemon.url);
  }
  await take(bob, 'from-bob');
  rmSync(dirname(alice.home.gridDatabase(id)), { recursive: true });
  await put(alice, 'from-bob');
  await using daemon = await alice.daemon();
  await bob.join(daemon.url);
  await working(bob, (grid) => send(grid, alice.identity, to, 'after the loss'));
  assert.deepEqual(lines(bob.home.gridDatabase(id)), lines(alice.home.gridDatabase(id)));
});

test('without book and head file a home goes on only at the size that a person has looked up', async () => {
  const { size } = await take(alice, 'last');
  rmSync(dirname(alice.home.gridDatabase(id)), { recursive: true });
  rmSync(alice.home.head, { recursive: true });
  await assert.rejects(put(alice, 'last'), (thrown) => isProblem(thrown, 'refused', 'unknown_head') && thrown.hint?.includes(`--lines ${size}`) === true);
  await assert.rejects(put(alice, 'last', { lines: size + 1 }), (thrown) => isProblem(thrown, 'refused', 'lines'));
  assert.equal((await put(alice, 'last', { lines: size })).size, size);
  await append(alice);
});

test('two histories signed by one home are told apart from damage', async () => {
  const { file } = await take(alice, 'fork-base');
  const own = dirname(alice.home.gridDatabase(id));
  await append(alice);
  await take(alice, 'history-a');
  // The same home, put back by hand past every guard, signs another line in its place.
  rmSync(own, { recursive: true });
  rmSync(alice.home.head, { recursive: true });
  await put(alice, 'fork-base', { lines: lines(file).length });
  await append(alice);
  await assert.rejects(put(alice, 'history-a'), (thrown) => isProblem(thrown, 'integrity', 'fork'));
});

test('a backup that was altered is refused and nothing changes here', async () => {
  const { file, size } = await take(alice, 'good');
  const own = alice.home.gridDatabase(id);
  const was = lines(own);
  const ALTERED: readonly (readonly [what: string, alter: (path: string) => void, says: RegExp])[] = [
    ['a payload', (path) => alter(path, `UPDATE record SET payload = replace(payload, '10000000', '90000000') WHERE idx = 5`), /line 5/],
    ['a signature', (path) => alter(path, `UPDATE record SET signatures = (SELECT signatures FROM record WHERE idx = 6) WHERE idx = 5`), /line 5/],
    ['a time of intake', (path) => alter(path, 'UPDATE record SET at = at + 1 WHERE idx = 5'), /are not those that the home signed/],
    ['the checkpoint', (path) => alter(path, "UPDATE checkpoint SET note = replace(note, 'A', 'B')"), /does not hold/],
    ['a missing line', (path) => alter(path, 'DELETE FROM record WHERE idx = 5'), /tile 0|line 5/],
    ['a half', (path) => truncateSync(path, 16_384), /does not hold|holds no book/],
    ['another program\'s file', (path) => { rmSync(path); new Database(path).exec('CREATE TABLE record (idx)').close(); }, /holds no book/],
    ['text', (path) => writeFileSync(path, 'a book'), /holds no book/],
  ];
  for (const [what, change, says] of ALTERED) {
    copyFileSync(file, join(folder, 'altered'));
    change(join(folder, 'altered'));
    await assert.rejects(put(alice, 'altered'), (thrown) => isProblem(thrown, 'integrity') && says.test(thrown.message) || assert.fail(`${what}: ${String(thrown)}`));
    assert.deepEqual(lines(own), was, what);
    assert.deepEqual(readdirSync(alice.home.grids), [id], what);
  }
  assert.equal((await put(alice, 'good')).size, size);
  assert.equal(readFileSync(own).length > 0, true);
});
