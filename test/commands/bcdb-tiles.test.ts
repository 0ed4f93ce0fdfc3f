// A mirror from the command line: written, shown by a plain web server, joined, and refused to be written to.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bot, botJson, tempHome } from '../script.js';
import { StaticServer } from '../net/static.js';

test('a person mirrors a grid, another joins the mirror and is told that it is read only', async () => {
  const alice = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'alice'], alice);
  const id = (await bot(['grid', 'create', 'valley', '--dev'], alice)).stdout.trim();
  const folder = join(alice.home, '..', 'mirror');
  assert.deepEqual(await botJson(['bcdb', 'export', '--tiles', folder], alice), { grid: id, folder, size: 2, before: 0, files: 3 });
  assert.ok(existsSync(join(folder, 'tile/entries/000.p/2')));
  assert.deepEqual(await botJson(['bcdb', 'export', '--tiles', folder], alice), { grid: id, folder, size: 2, before: 2, files: 0 });

  await using server = await StaticServer.start(folder);
  const bob = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'bob'], bob);
  assert.deepEqual(await botJson(['grid', 'join', server.url, '--genesis', id], bob), { id, name: 'valley', url: server.url, read_only: true, size: 2, checked: 2 });
  assert.equal((await botJson<{ ok: boolean }>(['bcdb', 'verify'], bob)).ok, true);
  const sent = await bot(['wallet', 'faucet'], bob);
  assert.equal(sent.code, 3);
  assert.match(sent.stderr, /read only/);
  assert.match(sent.stderr, /grid join/);
  assert.match((await bot(['grid', 'show'], bob)).stdout, /^read_only\ttrue$/m);

  assert.equal((await bot(['bcdb', 'export'], alice)).code, 2);
  assert.equal((await bot(['bcdb', 'export', '--tiles', join(alice.home, 'config.json')], alice)).code, 1, 'a file is no folder');
});
