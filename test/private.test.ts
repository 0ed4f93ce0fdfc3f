import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isProblem } from '../src/base/errors.js';
import { openHome } from '../src/home.js';
import { openPrivate } from '../src/private.js';

const folder = mkdtempSync(join(tmpdir(), '3bot-private-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const fresh = () => openHome(join(mkdtempSync(join(folder, 'one-')), 'home'));

test('the private database and its side files are for their owner only', () => {
  const home = fresh();
  using data = openPrivate(home);
  data.db.prepare("INSERT INTO invitations (token_sha256, grid, farm, expires_ms) VALUES ('t', 'g', 'f', 1)").run();
  const files = readdirSync(home.path).filter((name) => name.startsWith('bot.sqlite'));
  assert.deepEqual(files.sort(), ['bot.sqlite', 'bot.sqlite-shm', 'bot.sqlite-wal']);
  for (const name of files) assert.equal(statSync(join(home.path, name)).mode & 0o777, 0o600, name);
});

test('opening again keeps what is there, and two processes may hold it', () => {
  const home = fresh();
  using one = openPrivate(home);
  using two = openPrivate(home);
  one.db.prepare("INSERT INTO invitations (token_sha256, grid, farm, expires_ms) VALUES ('t', 'g', 'f', 1)").run();
  assert.equal(two.db.prepare('SELECT count(*) FROM invitations').pluck().get(), 1);
});

test('a damaged file is an integrity problem, and a newer one names the remedy', () => {
  const damaged = fresh();
  openPrivate(damaged)[Symbol.dispose]();
  writeFileSync(damaged.database, 'this is no database, and long enough to be looked at as one'.repeat(20));
  assert.throws(() => openPrivate(damaged), (thrown) => isProblem(thrown, 'integrity'));
  const newer = fresh();
  const data = openPrivate(newer);
  data.db.pragma('user_version = 999');
  data[Symbol.dispose]();
  assert.throws(() => openPrivate(newer), (thrown) => isProblem(thrown, 'failed'));
});
