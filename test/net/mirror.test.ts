// A grid as files: written by one who has it, read by anybody from any web server, believed after the same checks.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { exportTiles } from '../../src/bcdb/mirror.js';
import { readConfig } from '../../src/home.js';
import { appendSigned } from '../../src/net/compose.js';
import type { Grid } from '../../src/net/grid.js';
import { Mirror } from '../../src/net/mirror.js';
import { balance, send, sendMany, TestHome, until } from './homes.js';
import { StaticServer } from './static.js';

const BOB = 'ab'.repeat(32);
const signal = new AbortController().signal;

let alice: TestHome;
let grid: Grid;
const folders: string[] = [];
const tempFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), '3bot-mirror-'));
  folders.push(folder);
  return folder;
};
/** Every file of a mirror but its checkpoint, with when it was written. */
const filesIn = (folder: string): Map<string, number> =>
  new Map(readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path !== 'checkpoint' && statSync(join(folder, path)).isFile()).sort().map((path) => [path, statSync(join(folder, path)).mtimeMs]));

before(async () => {
  alice = await TestHome.create('alice');
  await alice.create();
  grid = await alice.grid();
  await sendMany(grid, alice.identity, BOB, 297);
  assert.equal(grid.reader.size, 300);
});

after(async () => {
  await alice[Symbol.asyncDispose]();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test('a mirror has the files of tlog-tiles, and only what is new is written later', async () => {
  const folder = tempFolder();
  assert.deepEqual(await exportTiles(grid.reader, folder, { signal }), { size: 300, before: 0, files: 7 });
  const first = filesIn(folder);
  assert.deepEqual([...first.keys()], ['0/000', '0/001.p/44', '1/000.p/1', 'entries/000', 'entries/001.p/44', 'records/000', 'records/001.p/44'].map((path) => `tile/${path}`).sort());
  assert.deepEqual(await exportTiles(grid.reader, folder, { signal }), { size: 300, before: 300, files: 0 });
  assert.deepEqual(filesIn(folder), first);

  await send(grid, alice.identity, BOB);
  assert.deepEqual(await exportTiles(grid.reader, folder, { signal }), { size: 301, before: 300, files: 3 });
  const second = filesIn(folder);
  for (const [path, time] of first) assert.equal(second.get(path), time, `${path} is as it was, for those who have the older checkpoint`);
  assert.ok(second.has('tile/records/001.p/45'));
});

test('partial files go when the full one has come', async () => {
  const folder = tempFolder();
  await exportTiles(grid.reader, folder, { signal });
  const { size } = grid.reader;
  await sendMany(grid, alice.identity, BOB, 512 - size - 1);
  assert.equal(grid.reader.size, 512);
  assert.equal((await exportTiles(grid.reader, folder, { signal })).before, size);
  assert.deepEqual([...filesIn(folder).keys()], ['0/000', '0/001', '1/000.p/1', '1/000.p/2', 'entries/000', 'entries/001', 'records/000', 'records/001'].map((path) => `tile/${path}`).sort());
});

test('an export that broke off goes on, and its checkpoint comes last', async () => {
  const folder = tempFolder();
  const stop = new AbortController();
  stop.abort();
  await assert.rejects(exportTiles(grid.reader, folder, { signal: stop.signal }));
  assert.equal(existsSync(join(folder, 'checkpoint')), false);
  await exportTiles(grid.reader, folder, { signal });
  // As if it had broken off after its first files.
  rmSync(join(folder, 'checkpoint'));
  rmSync(join(folder, 'tile/records/001'));
  const kept = statSync(join(folder, 'tile/records/000')).mtimeMs;
  assert.deepEqual(await exportTiles(grid.reader, folder, { signal }), { size: 512, before: 0, files: 1 });
  assert.equal(statSync(join(folder, 'tile/records/000')).mtimeMs, kept);
});

test('what is no mirror of this book is left alone', async () => {
  await using other = await TestHome.create('eve');
  await other.create();
  const folder = tempFolder();
  await exportTiles((await other.grid()).reader, folder, { signal });
  const before = filesIn(folder);
  await assert.rejects(exportTiles(grid.reader, folder, { signal }), (thrown) => isProblem(thrown, 'usage') && /another log/.test(thrown.message));
  assert.deepEqual(filesIn(folder), before);
  const ours = tempFolder();
  await exportTiles(grid.reader, ours, { signal });
  const checkpoint = readFileSync(join(ours, 'checkpoint'), 'utf8');
  const [origin = '', , root = ''] = checkpoint.split('\n');
  for (const [text, code] of [['nothing of the kind', 'usage'], [checkpoint.replace('\n512\n', '\n513\n'), 'usage'], [checkpoint.replace(root, `${'A'.repeat(43)}=`), 'integrity'], [checkpoint.replace(origin, `3bot/${'0'.repeat(32)}`), 'usage']] as const) {
    writeFileSync(join(ours, 'checkpoint'), text);
    await assert.rejects(exportTiles(grid.reader, ours, { signal }), (thrown) => isProblem(thrown, code), text.slice(0, 100));
    assert.equal(readFileSync(join(ours, 'checkpoint'), 'utf8'), text);
  }
});

test('a grid is joined from a plain web server, followed there, and is read only', async () => {
  const folder = tempFolder();
  await exportTiles(grid.reader, join(folder, 'mirrors', 'valley'), { signal });
  await using server = await StaticServer.start(folder);
  await using bob = await TestHome.create('bob');
  const url = `${server.url}/mirrors/valley`;
  const joined = await bob.join(url, grid.id);
  assert.deepEqual([joined.size, joined.checked, joined.entry], [512, 512, { id: grid.id, name: 'test-grid', url, mirror: true }]);
  assert.equal(server.asked.filter((path) => path.includes('/records/')).length, 3, 'genesis, then each bundle once');
  const copy = await bob.grid();
  assert.equal(balance(copy, BOB), balance(grid, BOB));

  await send(grid, alice.identity, BOB);
  await exportTiles(grid.reader, join(folder, 'mirrors', 'valley'), { signal });
  await copy.refresh();
  assert.equal(balance(copy, BOB), balance(grid, BOB));
  assert.deepEqual(copy.reader.checkpoint(), grid.reader.checkpoint());

  const { length } = server.asked;
  await assert.rejects(send(copy, bob.identity, BOB), (thrown) => isProblem(thrown, 'refused', 'read_only') && /grid join/.test(thrown.hint ?? ''));
  assert.ok(server.asked.slice(length).every((path) => /\/(checkpoint|milestones)$/.test(path)), 'nothing was handed in anywhere');
  await assert.rejects(copy.submit([]), (thrown) => isProblem(thrown, 'refused', 'read_only'));
});

test('an address without a path may be a mirror too, and one that is neither says so', async () => {
  const folder = tempFolder();
  await exportTiles(grid.reader, folder, { signal });
  await using server = await StaticServer.start(folder);
  await using bob = await TestHome.create('bob');
  assert.equal((await bob.join(server.url)).entry.mirror, true);
  await assert.rejects(bob.join(server.url, '0'.repeat(64)), (thrown) => isProblem(thrown, 'integrity', 'other_grid'));
  await using nothing = await StaticServer.start(tempFolder());
  await assert.rejects(bob.join(nothing.url), (thrown) => isProblem(thrown, 'unreachable'));
  await assert.rejects(bob.join(`${nothing.url}/deeper`), (thrown) => isProblem(thrown, 'unreachable') && /gives no checkpoint/.test(thrown.message));
});

test('what a bot serves under /log is a mirror as well, and leaving it for the bot makes the copy writable', async () => {
  await using carol = await TestHome.create('carol');
  await carol.create();
  const daemon = await carol.daemon();
  await using bob = await TestHome.create('bob');
  const [own] = readConfig(carol.home).grids;
  const joined = await bob.join(`${daemon.url}/log/${own?.id}`);
  assert.equal(joined.entry.mirror, true);
  assert.equal((await bob.join(daemon.url)).entry.mirror, undefined);
  const copy = await bob.grid();
  const { bot } = bob.identity.public;
  await appendSigned(copy, { chain: `bot/${bot}`, kind: 'identity@1', body: { name: 'bob', keys: [{ key: bot, kinds: ['*'], until: null }], sealing_key: bob.identity.public['sealing'], endpoint: null, roles: ['consumer'], recovery: null } }, [bob.identity.signer('bot')]);
});

test('a copy that keeps up sees a new checkpoint by itself', async () => {
  const folder = tempFolder();
  await exportTiles(grid.reader, folder, { signal });
  await using server = await StaticServer.start(folder);
  await using bob = await TestHome.create('bob');
  await bob.join(server.url);
  const copy = await bob.grid();
  const stop = new AbortController();
  const following = copy.keepUp(stop.signal);
  await send(grid, alice.identity, BOB);
  await exportTiles(grid.reader, folder, { signal });
  await until(() => copy.reader.size === grid.reader.size);
  stop.abort();
  await following;
});

for (const [what, change, code] of [
  ['a record of another line', (folder: string) => swapRecords(folder), 'integrity'],
  ['a record left out', (folder: string) => edit(folder, 'tile/records/000', (text) => text.replace(/^[^\n]*\n/, '')), 'integrity'],
  ['a tile that is not the tree', (folder: string) => writeFileSync(join(folder, 'tile/1/000.p/2'), Buffer.alloc(64)), 'integrity'],
  ['a tile cut short', (folder: string) => writeFileSync(join(folder, 'tile/1/000.p/2'), Buffer.alloc(32)), 'integrity'],
  ['a checkpoint that is not signed', (folder: string) => edit(folder, 'checkpoint', (text) => text.replace(/\n\n— [^\n]*\n/, '\n\n')), 'integrity'],
  ['a missing bundle', (folder: string) => rmSync(join(folder, 'tile/records/000')), 'unreachable'],
  ['a bundle that is no JSON', (folder: string) => writeFileSync(join(folder, 'tile/records/001'), 'x\n'), 'unreachable'],
  ['an empty bundle', (folder: string) => writeFileSync(join(folder, 'tile/records/001'), ''), 'unreachable'],
  ['a page for a checkpoint', (folder: string) => writeFileSync(join(folder, 'checkpoint'), '<h1>Welcome</h1>'), 'unreachable'],
  ['a checkpoint without end', (folder: string) => writeFileSync(join(folder, 'checkpoint'), 'x'.repeat(70_000)), 'unreachable'],
] as const) {
  test(`${what} in a mirror is found: ${code}`, async () => {
    const folder = tempFolder();
    cpSync(await full(), folder, { recursive: true });
    change(folder);
    await using server = await StaticServer.start(folder);
    await using bob = await TestHome.create('bob');
    await assert.rejects(bob.join(server.url, grid.id), (thrown) => isProblem(thrown, code));
    assert.deepEqual(readConfig(bob.home).grids, []);
  });
}

let made: string | undefined;
/** A mirror of the grid's present lines. */
async function full(): Promise<string> {
  if (made === undefined) {
    made = tempFolder();
    await exportTiles(grid.reader, made, { signal });
  }
  return made;
}

function edit(folder: string, path: string, change: (text: string) => string): void {
  const text = readFileSync(join(folder, path), 'utf8');
  const changed = change(text);
  assert.notEqual(changed, text);
  writeFileSync(join(folder, path), changed);
}

function swapRecords(folder: string): void {
  edit(folder, 'tile/records/000', (text) => {
    const rows = text.split('\n');
    [rows[7], rows[8]] = [rows[8] as string, rows[7] as string];
    return rows.join('\n');
  });
}

test('a mirror gives lines from any number on, bundle by bundle', async () => {
  await using server = await StaticServer.start(await full());
  await using mirror = new Mirror(server.url);
  const { size } = grid.reader;
  for (let from = 0; from < size; ) {
    const { lines, trailer } = await mirror.lines(grid.id, from);
    assert.ok(lines.length > 0 && lines.length <= 256);
    assert.deepEqual(lines, [...grid.reader.lines(from, from + lines.length)]);
    assert.equal(trailer.checkpoint, grid.reader.checkpoint()?.note);
    from += lines.length;
  }
  const middle = await mirror.lines(grid.id, 100);
  assert.deepEqual(middle.lines, [...grid.reader.lines(100, 256)]);
});
