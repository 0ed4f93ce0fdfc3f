import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clean, homesIn, identify } from '../../src/dev/clean.js';
import { openHome, updateConfig } from '../../src/home.js';
import { poll } from '../script.js';

const GUARD = fileURLToPath(new URL('../../src/dev/guard.js', import.meta.url));
const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A grid's folder with one home in it. */
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), '3bot-clean-'));
  folders.push(folder);
  updateConfig(openHome(join(folder, 'home')), () => undefined);
  return folder;
}

/** A process that notes its name in a file when it is asked to end. */
async function start(name: string, log: string): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ['-e', `process.on('SIGTERM', () => { require('fs').appendFileSync(${JSON.stringify(log)}, '${name} '); process.exit() }); setInterval(() => {}, 1000); console.log('up')`], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  return child as ChildProcess & { pid: number };
}

test('processes end in the opposite order of their start, then the folder goes', async () => {
  const folder = newFolder();
  const log = `${folder}.log`;
  folders.push(log);
  const children = [await start('home', log), await start('farmer', log), await start('node', log)];
  const processes = await Promise.all(children.map(({ pid }) => identify(pid)));
  assert.deepEqual(await clean({ folder, keep: false, processes, images: [] }, AbortSignal.timeout(30_000)), []);
  assert.equal(readFileSync(log, 'utf8'), 'node farmer home ');
  assert.equal(existsSync(folder), false);
});

test('a process that took the number of one that has ended is left alone', async () => {
  const folder = newFolder();
  const child = await start('stranger', join(folder, 'log'));
  const { pid } = await identify(child.pid);
  assert.deepEqual(await clean({ folder, keep: false, processes: [{ pid, born: 'another time' }, await identify(2 ** 22 + 1)], images: [] }, AbortSignal.timeout(30_000)), []);
  assert.equal(child.exitCode, null);
  child.kill('SIGKILL');
});

test('what is kept stays, and what does not go is named without keeping the rest', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'passphrase'), 'x');
  assert.deepEqual(await clean({ folder, keep: true, processes: [], images: [] }, AbortSignal.timeout(30_000)), []);
  assert.equal(existsSync(join(folder, 'passphrase')), true);
  // A home that cannot be read: its workloads are unknown, and the folder with the only trace of them is nothing to keep back.
  writeFileSync(join(folder, 'home', 'config.json'), '{');
  const left = await clean({ folder, keep: false, processes: [], images: [] }, AbortSignal.timeout(30_000));
  assert.equal(left.length, 1);
  assert.match(left[0] ?? '', /^workloads in .*is no JSON/);
});

test('only folders with a config are home folders', async () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'passphrase'), 'x');
  assert.deepEqual((await homesIn(folder)).map(({ path }) => path), [join(folder, 'home')]);
  assert.deepEqual(await homesIn(join(folder, 'absent')), []);
});

test('the guard cleans when its stdin ends, however that comes about', async () => {
  const folder = newFolder();
  const log = `${folder}.log`;
  folders.push(log);
  const child = await start('node', log);
  // In between stands one who is killed without a chance to do anything.
  const starter = spawn(process.execPath, ['-e', `
    const guard = require('child_process').spawn(process.execPath, [${JSON.stringify(GUARD)}, ${JSON.stringify(folder)}], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    guard.stdin.write('{"pid":${child.pid}}\\n', () => console.log('told'));
    setInterval(() => {}, 1000)`], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(starter.stdout, 'data');
  starter.kill('SIGKILL');
  await poll('the folder to go', () => !existsSync(folder));
  assert.equal(readFileSync(log, 'utf8'), 'node ');
  assert.notEqual(child.exitCode, null);
});
