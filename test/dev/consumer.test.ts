import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runAs, type ConsumerOf } from '../../src/dev/consumer.js';

const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function grid(broken: () => Promise<never> = () => new Promise(() => undefined)): ConsumerOf {
  const folder = mkdtempSync(join(tmpdir(), '3bot-run-'));
  folders.push(folder);
  return { folder, variables: { THREEBOT_HOME: `${folder}/consumer` }, broken };
}
const never = new AbortController().signal;
const env = { PATH: process.env['PATH'], MINE: 'kept', THREEBOT_HOME: '/mine' };

for (const [script, code] of [['exit 0', 0], ['exit 7', 7], ['kill -TERM $$', 143], ['kill -KILL $$', 137]] as const) {
  test(`a command that does ${script} gives ${code}`, async () => {
    assert.equal(await runAs(grid(), 'sh', ['-c', script], env, never), code);
  });
}

test("a command has the person's environment, the consumer's home and this 3bot", async () => {
  const one = grid();
  const file = join(one.folder, 'seen');
  assert.equal(await runAs(one, 'sh', ['-c', `{ echo "$MINE $THREEBOT_HOME"; 3bot --version; } > ${file}`], env, never), 0);
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };
  assert.equal(readFileSync(file, 'utf8'), `kept ${one.folder}/consumer\n${version}\n`);
});

test('a command that is not there is not found', async () => {
  await assert.rejects(runAs(grid(), 'no-such-command', [], env, never), { code: 'not_found', reason: 'command' });
});

test('an interruption is passed on, and waited for', async () => {
  const stop = new AbortController();
  setImmediate(() => stop.abort());
  assert.equal(await runAs(grid(), process.execPath, ['-e', 'setInterval(() => {}, 1000)'], env, stop.signal), 143);
});

test('when the grid breaks, the command ends with that', async () => {
  await assert.rejects(runAs(grid(() => Promise.reject(new Error('home is gone'))), 'sleep', ['600'], env, never), /home is gone/);
});
