// Real scripts that hang, lie, flood, fork and fail: the fallback holds, nothing of them is left running, and nobody waits for them.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isProblem } from '../../../src/base/errors.js';
import { MAX_SCRIPTS, MAX_SCRIPTS_OF_ONE } from '../../../src/base/limits.js';
import { runScript, scriptTrouble, ScriptSlots } from '../../../src/farmer/policy/script.js';
import { boundsOf, verdictOf } from '../../../src/farmer/policy/verdict.js';
import type { Sale } from '../../../src/farmer/decide.js';
import type { Policy } from '../../../src/farmer/policy/policy.js';

const folder = mkdtempSync(join(tmpdir(), '3bot-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const { signal } = new AbortController();

function script(name: string, body: string, mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, mode);
  return path;
}

const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

for (const [what, body, reason] of [
  ['hangs', 'echo $$ > $1; exec sleep 600', 'timeout'],
  ['hangs and ignores that it should end', 'trap "" TERM INT HUP; echo $$ > $1; while :; do sleep 1; done', 'timeout'],
  ['prints megabytes', 'echo $$ > $1; exec yes "{\\"answer\\": \\"accept\\"}"', 'too_long'],
  ['forks a child that keeps its output open, and hangs', 'sleep 600 & echo $! > $1; wait', 'timeout'],
  ['ends with an error', 'echo $$ > $1; exit 3', 'exit'],
  ['kills itself', 'echo $$ > $1; kill -9 $$', 'exit'],
] as const) {
  test(`a script that ${what} is ended with all that it started`, async () => {
    const [path, pid] = [script(`bad-${reason}-${what.length}`, body), join(folder, `pid-${what.length}`)];
    await assert.rejects(runScript([path, pid], { v: 1 }, signal, reason === 'timeout' ? 400 : 10_000), (thrown) => isProblem(thrown, 'failed', reason));
    const started = Number(readFileSync(pid, 'utf8'));
    while (isRunning(started)) await new Promise(setImmediate);
  });
}

test('what a script leaves running in its group goes with it, and its answer counts', async () => {
  const [path, pid] = [script('forks', 'sleep 600 & echo $! > $1; echo "{\\"answer\\": \\"accept\\"}"'), join(folder, 'left')];
  const { stdout } = await runScript([path, pid], {}, signal);
  assert.equal(stdout, '{"answer": "accept"}\n');
  const left = Number(readFileSync(pid, 'utf8'));
  while (isRunning(left)) await new Promise(setImmediate);
});

test('one that is missing, no program, or not executable is told apart, and cannot be started', async () => {
  const plain = script('plain', 'echo', 0o644);
  for (const [path, why] of [[join(folder, 'none'), /not there/], [plain, /chmod/], [folder, /no file/]] as const) {
    assert.match(scriptTrouble([path]) ?? '', why);
    await assert.rejects(runScript([path], {}, signal), (thrown) => isProblem(thrown, 'failed', 'missing'));
  }
  assert.equal(scriptTrouble([script('fine', 'true')]), null);
});

test('a script reads one JSON value and sees nothing of our environment', async () => {
  process.env['THREEBOT_PASSPHRASE_OF_NOBODY'] = 'secret';
  const { stdout } = await runScript([script('env', 'cat; env')], { v: 1, said: 'häl\nlo' }, signal);
  delete process.env['THREEBOT_PASSPHRASE_OF_NOBODY'];
  const [first = '', ...env] = stdout.trimEnd().split('\n');
  assert.deepEqual(JSON.parse(first), { v: 1, said: 'häl\nlo' });
  assert.deepEqual(env.map((line) => line.split('=')[0]).filter((name) => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name ?? '')).sort(), ['LANG', 'PATH']);
});

test('a script that reads nothing of a large request answers all the same', async () => {
  const { stdout } = await runScript([script('deaf', 'exec 0<&-; echo {}')], { text: 'x'.repeat(1_000_000) }, signal);
  assert.equal(stdout, '{}\n');
});

test('so many scripts are asked at once, of these so many for one buyer, and one that ended makes room', async () => {
  const slots = new ScriptSlots();
  const gates: (() => void)[] = [];
  const begin = (who: string): Promise<void> => slots.with(who, () => new Promise<void>((done) => gates.push(done)));
  const running: Promise<void>[] = [];
  for (let i = 0; i < MAX_SCRIPTS_OF_ONE; i += 1) running.push(begin('eve'));
  await assert.rejects(begin('eve'), (thrown) => isProblem(thrown, 'failed', 'busy'));
  for (let i = MAX_SCRIPTS_OF_ONE; i < MAX_SCRIPTS; i += 1) running.push(begin(`buyer ${i}`));
  await assert.rejects(begin('ann'), (thrown) => isProblem(thrown, 'failed', 'busy'));
  gates[0]?.();
  await running[0];
  running.push(begin('eve'));
  for (const open of gates) open();
  await Promise.all(running);
});

const PRICES = { cu_stroops: '100000', su_stroops: '50000', nu_stroops: '15000', ipv4_stroops: '40000' };
const POLICY: Policy = { allow_registries: [], allow_consumers: null, deny_consumers: [], max_term_ms: 1_000, floor_ppm: 900_000, ceiling_ppm: 1_500_000 };
const SALE = { prices: PRICES, discounts: [{ name: 'length', ppm: 5 }, { name: 'counter', ppm: 100 }], notes: [], node: {} } as unknown as Sale;
const reprice = (more: Record<string, unknown>): string => JSON.stringify({ answer: 'reprice', prices: { ...PRICES, ...more } });

for (const [what, text, expected] of [
  ['nothing', '', 'answer'],
  ['no JSON', 'accept', 'answer'],
  ['a list', '[]', 'answer'],
  ['an answer that is none', '{"answer": "perhaps"}', 'answer'],
  ['a price below zero', reprice({ cu_stroops: '-1' }), 'answer'],
  ['a price that is no text', reprice({ cu_stroops: 90_000 }), 'answer'],
  ['a price with a dot', reprice({ cu_stroops: '95000.5' }), 'answer'],
  ['a price above what can exist', reprice({ cu_stroops: '9'.repeat(30) }), 'answer'],
  ['a price below the floor', reprice({ cu_stroops: '89999' }), 'bounds'],
  ['a price above the ceiling', reprice({ su_stroops: '75001' }), 'bounds'],
  ['a price of nothing', reprice({ ipv4_stroops: '0' }), 'bounds'],
  ['no prices', '{"answer": "reprice"}', 'answer'],
  ['other resources', '{"answer": "accept", "resources": {"cru": 1}}', 'answer'],
  ['another farm', '{"answer": "accept", "farm": "other"}', 'answer'],
  ['a code of another kind', '{"answer": "decline", "code": "malformed", "reason": "no"}', 'answer'],
  ['a reason of pages', `{"answer": "decline", "code": "policy", "reason": "${'x'.repeat(5_000)}"}`, 'answer'],
  ['two values', '{"answer": "accept"} {"answer": "accept"}', 'answer'],
] as const) {
  test(`a script that says ${what} is not believed`, () => {
    assert.throws(() => verdictOf(text, SALE, POLICY), (thrown) => isProblem(thrown, 'failed', expected) && !thrown.message.includes('89999') && !thrown.message.includes('perhaps'));
  });
}

test('a script may let the offer stand, decline, or name prices up to the bounds', () => {
  assert.equal(verdictOf('{"answer": "accept"}', SALE, POLICY), SALE);
  const declined = verdictOf('{"answer": "decline", "code": "image", "reason": "no miners"}', SALE, POLICY);
  assert.ok('decline' in declined);
  assert.deepEqual([declined.decline.code, declined.decline.reason, declined.decline.final], ['image', 'no miners', true]);
  const { least, most } = boundsOf(SALE, POLICY);
  assert.deepEqual([least, most], [{ cu_stroops: '90000', su_stroops: '45000', nu_stroops: '13500', ipv4_stroops: '36000' }, { cu_stroops: '150000', su_stroops: '75000', nu_stroops: '22500', ipv4_stroops: '60000' }]);
  for (const prices of [least, most]) {
    const repriced = verdictOf(JSON.stringify({ answer: 'reprice', prices }), SALE, POLICY);
    assert.ok('prices' in repriced);
    assert.deepEqual([repriced.prices, repriced.discounts], [prices, [{ name: 'length', ppm: 5 }]]);
  }
});

test('without bounds a script cannot move a price at all', () => {
  const { floor_ppm: _floor, ceiling_ppm: _ceiling, ...fixed } = POLICY;
  for (const cu_stroops of ['99999', '100001']) assert.throws(() => verdictOf(reprice({ cu_stroops }), SALE, fixed), (thrown) => isProblem(thrown, 'failed', 'bounds'));
});

test('the example script answers: it lets small offers stand, declines many cores for an hour, asks more in the evening', async () => {
  const example = fileURLToPath(new URL('../../../../examples/farm-policy.mjs', import.meta.url));
  assert.equal(scriptTrouble([example]), null);
  const ask = async (cru: number, hour: number): Promise<unknown> => {
    const input = { at: Date.UTC(2026, 0, 1, hour), request: { term_ms: 3_600_000 }, offer: { resources: { cru } }, bounds: { most: PRICES } };
    return JSON.parse((await runScript([process.execPath, example], input, signal)).stdout);
  };
  assert.deepEqual(await ask(2, 9), { answer: 'accept' });
  assert.deepEqual(await ask(2, 18), { answer: 'reprice', prices: PRICES });
  assert.equal(((await ask(17, 9)) as { answer: string }).answer, 'decline');
});
