// Hooks as real programs, and when a machine is sent to sleep.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { runHook } from '../../src/hook.js';
import { Sleeper } from '../../src/node/power.js';
import type { WatchEvent } from '../../src/node/report/tell.js';
import { within } from './drivers/support.js';

const folder = mkdtempSync(join(tmpdir(), '3bot-hook-'));
after(() => rmSync(folder, { recursive: true }));
const NODE = 'b'.repeat(64);

test('a hook gets JSON on stdin, its own arguments untouched, and nothing of our environment but PATH and HOME', async () => {
  process.env['THREEBOT_SECRET_OF_TEST'] = 'x';
  await runHook(['sh', '-c', 'cat > "$0/in"; env > "$0/env"; printf %s "$1" > "$0/arg"', folder, '$HOME; x'], { event: 'wake' }, within(30));
  delete process.env['THREEBOT_SECRET_OF_TEST'];
  assert.equal(readFileSync(join(folder, 'in'), 'utf8'), '{"event":"wake"}\n');
  assert.equal(readFileSync(join(folder, 'arg'), 'utf8'), '$HOME; x');
  const names = readFileSync(join(folder, 'env'), 'utf8').trim().split('\n').map((line) => line.split('=')[0]);
  assert.deepEqual(names.filter((name) => !['PATH', 'HOME', 'PWD', 'OLDPWD', 'SHLVL', '_'].includes(name ?? '')), []);
});

for (const [what, words, why] of [['fails', ['sh', '-c', 'exit 3'], /exit code 3/], ['is not there', ['/nowhere/hook'], /cannot be run/], ['reads nothing and is killed', ['sh', '-c', 'kill -9 $$'], /SIGKILL/]] as const) {
  test(`a hook that ${what} is a problem with its reason`, async () => {
    await assert.rejects(runHook(words, { event: 'wake' }, within(30)), (thrown) => isProblem(thrown, 'failed') && why.test(thrown.message));
  });
}

test('a machine is sent to sleep after it had nothing for long enough, by a fresh book only, and not at once when it wakes', async () => {
  const events: WatchEvent[] = [];
  const sleeper = new Sleeper({ sleep: ['sh', '-c', 'cat >> "$0/slept"', folder], idle_ms: 100 }, NODE, (event) => events.push(event), within(30));
  const idle = { running: [], volumes: new Map(), growsInUse: true };
  const kept = { ...idle, volumes: new Map([['c'.repeat(40), { path: null, size_mib: 1 }]]) };
  const at = (now: number, machine = idle, fresh = true) => sleeper.round({ time: { fresh, now, stamp: now, size: 1 }, machine, wanted: [] });
  for (const now of [1_000, 1_060]) await at(now);
  await at(1_120, kept);
  for (const now of [1_180, 1_240]) await at(now);
  await at(1_260, idle, false);
  for (const now of [1_300, 1_360]) await at(now);
  assert.deepEqual(events, [], 'data that is kept, or a stale book, begins it anew');
  await at(1_400);
  assert.deepEqual(events, [{ event: 'sleep', problem: null }]);
  assert.equal(readFileSync(join(folder, 'slept'), 'utf8'), `{"event":"sleep","node":"${NODE}","idle_ms":100}\n`);
  await at(9_000);
  await at(9_090);
  assert.equal(events.length, 1, 'awake again, it is idle from now on');
  await at(9_110);
  assert.equal(events.length, 2);
});
