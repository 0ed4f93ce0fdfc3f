// Other programs: what they get to see, and that they end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { cleanEnvironment, oneLine, run, textTail } from '../../src/node/children.js';
import { within } from './drivers/support.js';

test('a child sees where programs, home and runtime folder are, and nothing else of ours', async () => {
  process.env['THREEBOT_TEST_SECRET'] = 'do not tell';
  const names = (await run('env', [], within(10))).split('\n').filter((line) => line !== '').map((line) => line.slice(0, line.indexOf('=')));
  delete process.env['THREEBOT_TEST_SECRET'];
  for (const name of names) assert.ok(['PATH', 'HOME', 'XDG_RUNTIME_DIR', 'LANG'].includes(name), name);
  assert.ok(names.includes('PATH'));
});

test('the path has only absolute folders', () => {
  const before = process.env['PATH'];
  process.env['PATH'] = `.:node_modules/.bin::/opt/x`;
  const path = cleanEnvironment()['PATH'];
  process.env['PATH'] = before;
  assert.match(path ?? '', /^\/opt\/x:/);
  assert.ok((path ?? '').split(':').every((folder) => folder.startsWith('/')));
});

test('arguments are never read by a shell', async () => {
  assert.equal(await run('echo', ['$(id); `id` > /tmp/x'], within(10)), '$(id); `id` > /tmp/x\n');
});

test('how a child fails decides the problem', async () => {
  await assert.rejects(run('ls', ['/nowhere'], within(10)), (error) => isProblem(error, 'failed') && /nowhere/.test(error.message) && !/\n/.test(error.message));
  await assert.rejects(run('no-such-program', [], within(10)), (error) => isProblem(error, 'unreachable', 'missing'));
  await assert.rejects(run('sleep', ['60'], within(60), 50), (error) => isProblem(error, 'unreachable', 'timeout'));
  await assert.rejects(run('sleep', ['60'], AbortSignal.timeout(50)), (error) => isProblem(error, 'interrupted'));
});

test('hostile words become one bounded line without control characters', () => {
  assert.equal(oneLine(' a\r\n\u001b[31mb\u202e\u0000c\u2028d '), 'a [31mb c d');
  assert.equal(oneLine('x'.repeat(1_000), 10), 'x'.repeat(10));
  assert.ok(oneLine('😀'.repeat(10), 3).isWellFormed());
});

for (const [text, length, expected] of [['abc', 2, 'bc'], ['abc', 9, 'abc'], ['aé', 1, ''], ['aéb', 2, 'b'], ['aéb', 3, 'éb'], ['', 3, '']] as const) {
  test(`the last ${length} bytes of ${JSON.stringify(text)} are ${JSON.stringify(expected)}`, () => {
    assert.equal(textTail(Buffer.from(text), length), expected);
  });
}
