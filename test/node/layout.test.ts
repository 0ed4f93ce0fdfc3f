// Volumes of earlier releases: what was the tenant's stays the tenant's, wherever the agent is killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { filesOf, layOut } from '../../src/node/layout.js';
import { LoopVolumes } from '../../src/node/volume.js';
import { within } from './drivers/support.js';

const skip = (process.platform !== 'linux' || process.getuid?.() !== 0) && process.env['CI'] === undefined ? 'a loop mount needs Linux and root' : false;

/** A volume that is mounted; it goes with the test. */
async function volume(t: TestContext): Promise<string> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), '3bot-layout-')));
  const volumes = new LoopVolumes(folder, { overcommit: true });
  const contract = randomBytes(20).toString('hex');
  t.after(async () => {
    await volumes.wipe(contract, within(20));
    rmSync(folder, { recursive: true, force: true });
  });
  return volumes.ensure(contract, 8, within(30));
}

/** As an earlier release left it, with names that are ours now. */
function fillAsBefore(data: string): void {
  for (const folder of ['files', 'roots', 'lost+found', 'db/deep']) mkdirSync(join(data, folder), { recursive: true });
  for (const file of ['index.html', 'files/mine', 'roots/mine', 'db/deep/row']) writeFileSync(join(data, file), `old ${file}`);
  chownSync(data, 70, 71);
  chmodSync(data, 0o700);
}

function assertWhole(data: string): void {
  const files = filesOf(data);
  assert.deepEqual(readdirSync(data).sort(), ['.3bot-layout', 'files']);
  assert.deepEqual(readdirSync(files).sort(), ['db', 'files', 'index.html', 'lost+found', 'roots']);
  for (const file of ['index.html', 'files/mine', 'roots/mine', 'db/deep/row']) assert.equal(readFileSync(join(files, file), 'utf8'), `old ${file}`);
  const { uid, gid, mode } = statSync(files);
  assert.deepEqual([uid, gid, mode & 0o7777], [70, 71, 0o700]);
}

test('all that an earlier release kept at the top is the tenant\'s part afterwards, also what is called as ours is', { skip, timeout: 60_000 }, async (t) => {
  const data = await volume(t);
  fillAsBefore(data);
  await Promise.all([layOut(data), layOut(data)]);
  assertWhole(data);
  mkdirSync(join(data, 'roots'));
  await layOut(data);
  assert.deepEqual(readdirSync(data).sort(), ['.3bot-layout', 'files', 'roots']);
});

test('links in the place of our folders, left by whoever had the whole volume, lead nowhere', { skip, timeout: 60_000 }, async (t) => {
  const [data, outside] = [await volume(t), realpathSync(mkdtempSync(join(tmpdir(), '3bot-outside-')))];
  t.after(() => rmSync(outside, { recursive: true, force: true }));
  chownSync(data, 70, 71);
  for (const [name, mark] of [['.3bot-files', false], ['files', true], ['roots', true]] as const) {
    if (mark) writeFileSync(join(data, '.3bot-layout'), '');
    symlinkSync(outside, join(data, name));
    await assert.rejects(layOut(data), (thrown) => isProblem(thrown, 'refused', 'volume'), name);
    rmSync(join(data, name));
  }
  assert.deepEqual([readdirSync(outside), statSync(outside).uid], [[], 0]);
});

test('killed between any two steps it is gone on with', { skip, timeout: 60_000 }, async (t) => {
  const data = await volume(t);
  fillAsBefore(data);
  const draft = join(data, '.3bot-files');
  const steps: readonly (() => void)[] = [
    () => mkdirSync(draft, { mode: 0o700 }),
    ...readdirSync(data).map((name) => () => renameSync(join(data, name), join(draft, name))),
    () => chownSync(draft, 70, 71),
    () => chmodSync(draft, 0o700),
    () => writeFileSync(join(data, '.3bot-layout'), ''),
  ];
  for (let done = 0; done <= steps.length; done++) {
    for (const step of steps.slice(0, done)) step();
    await layOut(data);
    assertWhole(data);
    for (const name of readdirSync(filesOf(data))) renameSync(join(filesOf(data), name), join(data, `.back-${name}`));
    rmSync(filesOf(data), { recursive: true });
    rmSync(join(data, '.3bot-layout'));
    for (const name of readdirSync(data)) renameSync(join(data, name), join(data, name.slice('.back-'.length)));
  }
});

test('a new one is for any user of the workload, and nothing is in it', { skip, timeout: 60_000 }, async (t) => {
  const data = await volume(t);
  await layOut(data);
  assert.deepEqual(readdirSync(filesOf(data)), []);
  assert.equal(statSync(filesOf(data)).mode & 0o777, 0o777);
});

test('nothing is moved below a container of an earlier release', { skip, timeout: 60_000 }, async (t) => {
  const data = await volume(t);
  fillAsBefore(data);
  const seen = mkdtempSync(join(tmpdir(), '3bot-layout-seen-'));
  t.after(() => rmSync(seen, { recursive: true }));
  const holder = spawn('unshare', ['--mount', 'sh', '-c', 'mount --bind "$1" "$2" && echo seen && exec cat', 'sh', data, seen], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  await assert.rejects(layOut(data), (thrown) => isProblem(thrown, 'failed', 'volume'));
  assert.deepEqual(readdirSync(data).sort(), ['db', 'files', 'index.html', 'lost+found', 'roots']);
  holder.stdin.end();
  await once(holder, 'exit');
  await layOut(data);
  assertWhole(data);
});
