// What a disk may do to a home that serves: full, read-only, a page damaged. A clear error, nothing acknowledged that is
// not kept, and once the disk is well again everything goes on.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { openHome } from '../../src/home.js';
import { bot, botJson, startBot, tempHome, type Running } from '../script.js';

const OTHER = 'GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7';
const mount = (...args: string[]): boolean => spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
const home = { home: tempHome() };
mkdirSync(home.home, { mode: 0o700 });
const canMount = process.getuid?.() === 0 && mount('-t', 'tmpfs', '-o', 'size=6m,mode=0700', '3bot-test', home.home);
const skip = canMount || process.env['CI'] !== undefined ? false : 'needs root and the right to mount a small disk';
const filler = join(home.home, 'filler');
let book = '';
let lines = 0;

interface Failure { error: { code: string; reason: string | null; message: string; hint: string | null } }

before(async () => {
  if (skip !== false) return;
  await botJson(['identity', 'create', '--name', 'alice'], home);
  const { id } = await botJson<{ id: string }>(['grid', 'create', 'valley', '--dev'], home);
  await botJson(['wallet', 'faucet'], home);
  book = openHome(home.home).gridDatabase(id);
  lines = 3;
});
after(() => {
  // Not lazily: what keeps it busy would be a process that a test has left.
  if (canMount) assert.equal(spawnSync('umount', [home.home]).status, 0);
});

async function serving(): Promise<Running & { url: string }> {
  const running = startBot(['serve', '--listen', '127.0.0.1:0', '--json'], home);
  const [line] = await running.until(/^\{.*"url".*\}$/m);
  return { ...running, url: (JSON.parse(line) as { url: string }).url };
}

/** A transfer that must not be possible; says why. */
async function refused(): Promise<Failure['error']> {
  const run = await bot(['wallet', 'send', OTHER, '1', '--json'], home);
  assert.notEqual(run.code, 0);
  assert.equal(run.stdout, '');
  return (JSON.parse(run.stderr) as Failure).error;
}

/** Everything goes on, and what was acknowledged is all that is there, or a transfer that the same words settle. */
async function isWell(): Promise<void> {
  const sent = await botJson<{ index: number }>(['wallet', 'send', OTHER, '1'], home);
  assert.equal(sent.index, lines, 'nothing was recorded meanwhile');
  lines += 1;
  assert.equal((await botJson<{ size: number }>(['bcdb', 'verify'], home)).size, lines);
}

function fill(): void {
  for (let kib = 1024; kib >= 1; kib /= 2) {
    try {
      for (let i = 0; i < 6_144; i += 1) writeFileSync(filler, Buffer.alloc(kib * 1024, 1), { flag: 'a' });
    } catch {
      // Full for this size; what is left takes smaller ones.
    }
  }
}

test('a full disk under a server: nothing is recorded, reads go on, and so does everything once there is space', { skip }, async () => {
  await using running = await serving();
  fill();
  const error = await refused();
  assert.deepEqual([error.code, error.reason], ['failed', 'disk_full']);
  assert.match(error.hint ?? '', /free some space/);
  assert.equal((await fetch(`${running.url}/v1/grids`)).status, 200);
  assert.equal((await bot(['wallet', 'show'], home)).code, 0);
  rmSync(filler);
  await isWell();
  await running.stop();
});

test('a full disk without a server: commands say so, and leave no half written file', { skip }, async () => {
  fill();
  const before_ = readdirSync(home.home, { recursive: true, encoding: 'utf8' }).filter((path) => !/sqlite-|journal/.test(path)).sort();
  assert.deepEqual((await refused()).reason, 'disk_full');
  const made = await bot(['identity', 'create', '--name', 'bob', '--json'], home);
  assert.equal((JSON.parse(made.stderr) as Failure).error.reason, 'disk_full');
  assert.deepEqual(readdirSync(home.home, { recursive: true, encoding: 'utf8' }).filter((path) => !/sqlite-|journal/.test(path)).sort(), before_);
  rmSync(filler);
  await isWell();
});

test('a read-only disk: neither server nor command writes, and both say why', { skip }, async () => {
  assert.ok(mount('-o', 'remount,ro', home.home));
  try {
    const error = await refused();
    assert.deepEqual([error.code, error.reason], ['failed', 'read_only']);
    const server = await bot(['serve', '--listen', '127.0.0.1:0', '--json'], home);
    assert.equal(server.code, 1);
    assert.equal((JSON.parse(server.stderr.trim().split('\n').at(-1) ?? '') as Failure).error.reason, 'read_only');
  } finally {
    assert.ok(mount('-o', 'remount,rw', home.home));
  }
  await isWell();
});

test('damaged pages: exit 7 with the way out, nothing is added to them, and a backup brings everything back', { skip }, async () => {
  const backup = join(dirname(home.home), 'backup.3bot');
  await botJson(['bcdb', 'export', backup], home);
  for (const path of [`${book}-wal`, `${book}-shm`]) if (existsSync(path)) rmSync(path);
  await botJson(['bcdb', 'import', backup], home);
  writeFileSync(book, Buffer.alloc(statSync(book).size - 4096, 0x5a), { flag: 'r+', flush: true });
  const error = await refused();
  assert.equal(error.code, 'integrity');
  const server = await bot(['serve', '--listen', '127.0.0.1:0', '--json'], home);
  assert.equal(server.code, 7);
  assert.equal((await bot(['bcdb', 'verify'], home)).code, 7);
  await botJson(['bcdb', 'import', backup], home);
  rmSync(`${book}.damaged`);
  await isWell();
});
