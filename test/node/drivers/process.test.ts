// Real processes: found again by another driver, ended as a group, never mistaken for a stranger.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { MAX_WORKLOAD_LOG_BYTES } from '../../../src/base/limits.js';
import { ProcessDriver } from '../../../src/node/drivers/process.js';
import { bornAt, isAlive, runFile, type ProcessRun } from '../../../src/node/drivers/process-files.js';
import type { RunLimits, RunResult, StartSpec } from '../../../src/node/driver.js';
import { Logs } from '../../../src/node/logs.js';
import { ended, fetched, newScope, refOf, seen, specOf, until, within, workload } from './support.js';

const node = (script: string, said: Partial<StartSpec> = {}): StartSpec => specOf({ workload: workload({ command: [process.execPath, '-e', script] }), ...said });
const STAY = 'setInterval(() => {}, 1000)';

describe('processes', { timeout: 120_000 }, () => {
  const scope = newScope();
  let folder: string;
  let driver: ProcessDriver;
  const runOf = async (spec: StartSpec): Promise<ProcessRun> => JSON.parse(await readFile(await runFile(join(folder, `${spec.contract}.web`)), 'utf8')) as ProcessRun;

  before(async () => {
    folder = join(await mkdtemp(join(tmpdir(), '3bot-process-')), 'run');
    driver = new ProcessDriver({ ...scope, folder, logs: new Logs(`${folder}-logs`) });
  });

  after(async () => {
    for (const one of await driver.list(within(20))) await driver.remove(one, within(30));
    assert.deepEqual(await driver.list(within(20)), []);
    await rm(join(folder, '..'), { recursive: true, force: true });
  });

  test('it says that it isolates nothing', async () => {
    const isolation = (await driver.check()).find((one) => one.name === 'isolation');
    assert.equal(isolation?.ok, false);
    assert.match(isolation.evidence, /nothing is isolated/);
  });

  test('a web server answers on its own port, and another driver finds it and starts no second', async () => {
    const port = await freePort();
    const spec = specOf({
      workload: workload({
        command: [process.execPath, '-e', "require('node:http').createServer((q, a) => a.end(process.env.GREETING)).listen(process.env.PORT, process.env.HOST)"],
        env: [{ name: 'GREETING', value: 'hello; $(id)' }],
        ports: [{ container: port, protocol: 'tcp' }],
      }),
    });
    const other = new ProcessDriver({ ...scope, folder, logs: new Logs(`${folder}-logs`) });
    const [first, second] = await Promise.all([driver.start(spec, within(30)), other.start(spec, within(30))]);
    assert.equal(first.state, 'running');
    assert.deepEqual(first.ports, [{ container: port, host: port }]);
    assert.deepEqual(second, first);
    assert.equal(await fetched(port), 'hello; $(id)');
    assert.deepEqual(await other.start(spec, within(30)), first);
    await assert.rejects(other.start({ ...spec, limits: { ...spec.limits, cru: 2 } }, within(20)), (error) => isProblem(error, 'refused', 'other_spec'));
    await other.stop(refOf(spec), 5_000, within(30));
    const stopped = await seen(driver, refOf(spec));
    assert.equal(stopped?.state, 'failed');
    assert.equal(stopped?.exit_code, 143);
    assert.match(stopped?.reason ?? '', /SIGTERM/);
  });

  test('its environment has what it was given and nothing of ours', async () => {
    process.env['THREEBOT_TEST_SECRET'] = 'do not tell';
    const data = await mkdtemp(join(tmpdir(), '3bot-data-'));
    const spec = node("require('node:fs').writeFileSync('env.json', JSON.stringify(process.env)); console.log(process.cwd())", { data });
    await driver.start(spec, within(30));
    const one = await ended(driver, refOf(spec));
    delete process.env['THREEBOT_TEST_SECRET'];
    assert.equal(one.state, 'exited');
    const env = JSON.parse(await readFile(join(data, 'env.json'), 'utf8')) as Record<string, string>;
    assert.deepEqual(Object.keys(env).sort(), ['HOME', 'HOST', 'PATH']);
    assert.equal(env['HOME'], data);
    assert.equal(await driver.logsTail(refOf(spec), 1_000), `${data}\n`);
    await driver.remove(refOf(spec), within(30));
    assert.ok(await readFile(join(data, 'env.json')));
    await rm(data, { recursive: true });
  });

  for (const [script, state, code, reason] of [
    ['process.exit(0)', 'exited', 0, null],
    ['process.exit(3)', 'failed', 3, /exit code 3/],
    ["process.kill(process.pid, 'SIGKILL')", 'failed', 137, /SIGKILL/],
  ] as const) {
    test(`${script} is ${state} with code ${code}`, async () => {
      const spec = node(script);
      await driver.start(spec, within(30));
      const one = await ended(driver, refOf(spec));
      assert.equal(one.state, state);
      assert.equal(one.exit_code, code);
      if (reason === null) assert.equal(one.reason, null);
      else assert.match(one.reason ?? '', reason);
      assert.deepEqual(await driver.start(spec, within(30)), one, 'what ended is not started again');
    });
  }

  test('a command runs beside a workload with its environment, its exit code and its output, and is killed when its time is over', async () => {
    const spec = specOf({ workload: workload({ command: ['sleep', '600'], env: [{ name: 'GREETING', value: 'hello' }] }) });
    const ref = refOf(spec);
    const run = (script: string, limits: Partial<RunLimits> = {}): Promise<RunResult> => driver.run(ref, ['/bin/sh', '-c', script], { timeout_ms: 20_000, max_bytes: 1_000, ...limits }, within(30));
    await assert.rejects(run('true'), (error) => isProblem(error, 'not_found'));
    await driver.start(spec, within(20));
    assert.deepEqual(await run('(echo $GREETING; echo said >&2; exit 3) 2>&1'), { exit_code: 3, output: 'hello\nsaid\n' });
    assert.equal((await run('seq 10000', { max_bytes: 20 })).output, '1\n2\n3\n4\n5\n6\n7\n8\n9\n10');
    assert.equal((await driver.run(ref, ['/nothing'], { timeout_ms: 20_000, max_bytes: 1_000 }, within(30))).exit_code, 127);
    const mark = join(folder, 'late');
    await assert.rejects(run(`sleep 2; touch ${mark}`, { timeout_ms: 300 }), (error) => isProblem(error, 'unreachable', 'timeout'));
    assert.equal((await run(`ps -eo args | grep -c "[t]ouch ${mark}"`)).output, '0\n');
    assert.equal(await driver.address(ref), '127.0.0.1');
    await driver.remove(ref, within(30));
    assert.equal(await driver.address(ref), null);
  });

  test('a program that is not there fails with the reason', async () => {
    const spec = specOf({ workload: workload({ command: ['/nowhere/nothing'] }) });
    const one = await driver.start(spec, within(30));
    assert.equal(one.state, 'failed');
    assert.match(one.reason ?? '', /ENOENT/);
  });

  test('stop takes the whole group, also what ignores the request', async () => {
    const spec = node(`process.on('SIGTERM', () => {}); const c = require('node:child_process').spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); ${STAY}"]); console.log(c.pid); ${STAY}`);
    await driver.start(spec, within(30));
    const text = await until('pid of the grandchild', async () => /^[0-9]+\n/.test(await driver.logsTail(refOf(spec), 100)) && driver.logsTail(refOf(spec), 100));
    await driver.stop(refOf(spec), 200, within(30));
    assert.equal((await seen(driver, refOf(spec)))?.exit_code, 137);
    await until('end of the grandchild', async () => (await bornAt(Number(text))) === null);
  });

  test('what it left behind in its group ends with it', async () => {
    const spec = node(`const c = require('node:child_process').spawn(process.execPath, ['-e', '${STAY}'], { stdio: 'inherit' }); console.log(c.pid); c.unref()`);
    await driver.start(spec, within(30));
    await ended(driver, refOf(spec));
    const pid = Number(await driver.logsTail(refOf(spec), 100));
    assert.ok(pid > 0);
    await until('end of what was left', async () => (await bornAt(pid)) === null);
  });

  test('when its supervisor is killed it is still found, stopped, and never said to have ended well', async () => {
    const spec = node(STAY);
    await driver.start(spec, within(30));
    const run = await runOf(spec);
    process.kill(run.supervisor.pid, 'SIGKILL');
    await until('end of the supervisor', async () => !(await isAlive(run.supervisor)));
    assert.equal((await seen(driver, refOf(spec)))?.state, 'running');
    await driver.stop(refOf(spec), 5_000, within(30));
    const one = await seen(driver, refOf(spec));
    assert.equal(one?.state, 'failed');
    assert.equal(one?.exit_code, null);
    assert.match(one?.reason ?? '', /unseen/);
  });

  test('a process number that another process has now is never taken for ours', async () => {
    const spec = node(STAY);
    await driver.start(spec, within(30));
    const run = await runOf(spec);
    const path = await runFile(join(folder, `${spec.contract}.web`));
    // As after a wrap of the numbers: both are this test's own, born at another time.
    const stranger = { pid: process.pid, born: '1' };
    await writeFile(path, JSON.stringify({ ...run, supervisor: stranger, child: stranger }));
    assert.equal((await seen(driver, refOf(spec)))?.state, 'failed');
    await driver.stop(refOf(spec), 100, within(30));
    await writeFile(path, JSON.stringify(run));
    await driver.stop(refOf(spec), 5_000, within(30));
    assert.equal(await isAlive({ pid: process.pid, born: (await bornAt(process.pid)) ?? '' }), true);
  });

  test('after a restart of the machine it is created, and start runs it again', async () => {
    const spec = node(STAY);
    const first = await driver.start(spec, within(30));
    await driver.stop(refOf(spec), 5_000, within(30));
    const home = join(folder, `${spec.contract}.web`);
    // What a restart leaves: no word about the end, and a run file of another start of the machine.
    await rm(join(home, 'exit.json'));
    await writeFile(join(home, 'run.00000000.json'), readFileSync(await runFile(home)));
    await rm(await runFile(home));
    assert.equal((await seen(driver, refOf(spec)))?.state, 'created');
    const again = await driver.start(spec, within(30));
    assert.equal(again.state, 'running');
    assert.ok((again.started ?? 0) >= (first.started ?? 0));
  });

  test('output is bounded, and its end is kept', async () => {
    const spec = node(`for (let i = 0; i < 300; i++) require('node:fs').writeSync(1, 'x'.repeat(20000) + '\\n'); console.log('last words')`);
    await driver.start(spec, within(30));
    await ended(driver, refOf(spec));
    assert.match(await driver.logsTail(refOf(spec), 50), /x\nlast words\n$/);
    const all = await driver.logsTail(refOf(spec), 100_000_000);
    assert.ok(all.length <= 2 * MAX_WORKLOAD_LOG_BYTES && all.length > 100_000, String(all.length));
  });

  test('another node of the same folder sees none of it, and cannot take its place', async () => {
    const spec = node(STAY);
    await driver.start(spec, within(30));
    const stranger = new ProcessDriver({ ...newScope(), folder, logs: new Logs(`${folder}-logs`) });
    assert.deepEqual(await stranger.list(within(20)), []);
    await stranger.remove(refOf(spec), within(20));
    await assert.rejects(stranger.start(spec, within(20)), (error) => isProblem(error, 'failed', 'name_taken'));
    assert.equal((await seen(driver, refOf(spec)))?.state, 'running');
  });

  test('what runs is killed when it is removed, and its files go', async () => {
    const spec = node(STAY);
    await driver.start(spec, within(30));
    const run = await runOf(spec);
    await driver.remove(refOf(spec), within(30));
    assert.equal(await seen(driver, refOf(spec)), undefined);
    assert.equal(run.child !== null && (await isAlive(run.child)), false);
    await driver.remove(refOf(spec), within(30));
  });

  for (const [what, said, reason] of [
    ['an image', { image: `localhost/x@sha256:${'0'.repeat(64)}` }, 'runtime'],
    ['no command', {}, 'command'],
  ] as const) {
    test(`${what} is refused`, async () => {
      await assert.rejects(driver.start(specOf({ workload: workload(said) }), within(20)), (error) => isProblem(error, 'refused', reason));
    });
  }

  test('a path for a contract is refused', async () => {
    await mkdir(join(folder, '..', 'other'), { recursive: true });
    await assert.rejects(driver.remove({ contract: '../other', workload: 'web' }, within(20)), /not a contract/);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
