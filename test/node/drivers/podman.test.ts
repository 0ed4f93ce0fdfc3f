// Real containers on the real podman: limits measured from inside, adoption, stop, ports, reasons.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { layOut } from '../../../src/node/layout.js';
import { PodmanDriver } from '../../../src/node/drivers/podman.js';
import { podmanSocket } from '../../../src/node/drivers/podman-service.js';
import { makeLocalImage, removeLocalImage } from '../../../src/node/localimage.js';
import type { OpenCommand, RunLimits, RunResult, StartSpec } from '../../../src/node/driver.js';
import { containerName } from '../../../src/node/drivers/podman-spec.js';
import { Logs, type LogWish } from '../../../src/node/logs.js';
import { SecretFiles } from '../../../src/node/secrets/files.js';
import { ended, fetched, newContract, newScope, refOf, seen, specOf, until, within, workload } from './support.js';

const hasPodman = (() => {
  try {
    execFileSync('podman', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
const skip = !hasPodman && process.env['CI'] === undefined ? 'podman is not installed: apt-get install -y podman runc busybox-static' : false;

describe('containers on podman', { skip, timeout: 180_000 }, () => {
  const scope = newScope();
  const imageName = `3bot-test-${scope.node.slice(0, 12)}`;
  let home: string;
  let image: string;
  let driver: PodmanDriver;
  const open = (allowRegistries = ['localhost']): PodmanDriver => new PodmanDriver({ ...scope, socket: podmanSocket(home), logs: new Logs(join(home, 'logs')), allowRegistries });
  const shell = (script: string, said: Partial<StartSpec> = {}): StartSpec => specOf({ workload: workload({ image, command: ['/bin/sh', '-c', script] }), ...said });
  const output = async (spec: StartSpec): Promise<string> => {
    await driver.start(spec, within(60));
    await ended(driver, refOf(spec));
    return driver.logsTail(refOf(spec), 65_536, within(20));
  };

  before(async () => {
    home = await mkdtemp(join(tmpdir(), '3bot-podman-'));
    image = await makeLocalImage(imageName, within(60));
    driver = open();
  });

  after(async () => {
    for (const one of await driver.list(within(20))) await driver.remove(one, within(30));
    assert.deepEqual(await driver.list(within(20)), []);
    await driver.networks.end(within(20));
    await driver[Symbol.asyncDispose]();
    await removeLocalImage(imageName, within(30));
    await rm(home, { recursive: true, force: true });
  });

  test('every check holds on a machine that can limit', async () => {
    for (const check of await driver.check(within(30))) assert.ok(check.ok, `${check.name}: ${check.evidence}`);
  });

  test('inside, cpu, memory and processes are limited, privileges cannot grow, and no secret of ours is in the environment', async () => {
    process.env['THREEBOT_TEST_SECRET'] = 'do not tell';
    const text = await output(
      shell(
        `cd /sys/fs/cgroup; cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us memory/memory.limit_in_bytes pids/pids.max 2>/dev/null || cat cpu.max memory.max pids.max; grep -E 'NoNewPrivs|Seccomp:|CapBnd' /proc/self/status; cat /proc/1/environ`,
        { limits: { cru: 2, mru_mib: 96, pids: 40 } },
      ),
    );
    delete process.env['THREEBOT_TEST_SECRET'];
    assert.match(text.replaceAll('\n', ' '), /^200000 100000 100663296 40 /);
    assert.match(text, /NoNewPrivs:\s+1\b/);
    assert.match(text, /Seccomp:\s+2\b/);
    // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, FSETID 4, KILL 5, SETGID 6, SETUID 7, NET_BIND_SERVICE 10.
    assert.match(text, /CapBnd:\s+00000000000004fb\b/);
    assert.ok(!text.includes('do not tell') && !text.includes('THREEBOT'));
  });

  test('a log that is put aside keeps the part before, and its last part is there when the container is not', async () => {
    const spec = shell('i=0; while [ $i -lt 6000 ]; do i=$((i+1)); echo "line $i of very many, each as long as this one is, so that together they are more than a log may be: 0123456789 0123456789 0123456789 0123456789"; [ $i = 3000 ] && sleep 2; done; sleep 600');
    await driver.start(spec, within(60));
    const read = async (wish: LogWish): Promise<string[]> => {
      let all = '';
      for await (const { text, whole } of driver.follow(refOf(spec), wish, within(30))) all += `${text.toString()}${whole ? '\n' : ''}`;
      return all.split('\n').slice(0, -1).map((line) => line.split(' ')[1] ?? '');
    };
    // Looked at as a watcher does, so that no part is put aside unseen.
    await until('all lines', async () => (await seen(driver, refOf(spec))) !== undefined && (await read({ tail: 1 }))[0] === '6000');
    const there = (await read({})).map(Number);
    assert.ok(there.length > 4_000, `${there.length} lines are there`);
    assert.deepEqual(there, Array.from(there, (_, i) => 6_000 - there.length + 1 + i), 'in order and without a gap');
    await driver.remove(refOf(spec), within(30));
    const kept = (await read({ previous: true })).map(Number);
    assert.equal(kept.at(-1), 6_000);
    assert.ok(kept.length > 100 && kept.length < there.length);
    await driver.forget(spec.contract);
    assert.deepEqual(await read({ previous: true }), []);
  });

  describe('beside a container that runs', () => {
    let spec: StartSpec;
    before(async () => {
      spec = shell('sleep 600', { limits: { cru: 1, mru_mib: 64, pids: 40 } });
      await driver.start(spec, within(60));
    });
    const printed = async (command: OpenCommand): Promise<Record<string, string>> => {
      const text: Record<string, string> = {};
      for await (const { stream, bytes } of command.output) text[stream] = (text[stream] ?? '') + bytes.toString();
      return text;
    };

    test('a command has its three streams and its exit code', async () => {
      await using command = await driver.open(refOf(spec), { words: ['/bin/sh', '-c', 'cat; echo bad >&2; exit 7'], terminal: null }, within(30));
      await command.write(Buffer.from('good\n'));
      command.end();
      assert.deepEqual(await printed(command), { stdout: 'good\n', stderr: 'bad\n' });
      assert.equal(await command.exitCode(), 7);
    });

    test('a terminal has the size that it is given', async () => {
      await using command = await driver.open(refOf(spec), { words: ['/bin/sh', '-c', 'trap "stty size; exit 0" USR1; echo ready; while true; do sleep 0.1; done'], terminal: { columns: 100, rows: 30 } }, within(30));
      const output = command.output[Symbol.asyncIterator]();
      assert.match(String((await output.next()).value?.bytes), /ready/);
      await command.resize({ columns: 77, rows: 11 });
      await command.write(Buffer.from('\x03'));
      let text = '';
      for (let part = await output.next(); part.done !== true; part = await output.next()) text += part.value.bytes.toString();
      assert.equal(await command.exitCode(), 130, text);
    });

    test('a command that is left goes', async () => {
      const command = await driver.open(refOf(spec), { words: ['/bin/sleep', '4321'], terminal: null }, within(30));
      const count = async (): Promise<number> => (await driver.stats(refOf(spec), within(20))).pids;
      const before = await until('it runs', async () => (await count()) > 1 && count());
      await command[Symbol.asyncDispose]();
      await until('it is gone', async () => (await count()) < before);
    });

    test('commands that a killed process left go with all that they began, and the workload runs on', async () => {
      const left = await Promise.all([null, { columns: 80, rows: 24 }].map((terminal) => driver.open(refOf(spec), { words: ['/bin/sh', '-c', 'sleep 4321 & sleep 4321'], terminal }, within(30))));
      // What has ended and was not waited for has no words.
      const sleeping = async (): Promise<number> => (await driver.run(refOf(spec), ['/bin/sh', '-c', 'cat /proc/[0-9]*/cmdline'], { timeout_ms: 20_000, max_bytes: 10_000 }, within(30))).output.split('sleep\0' + '4321').length - 1;
      await until('all run', async () => (await sleeping()) === 4);
      await using other = open();
      await other.endCommands(within(30));
      assert.equal(await sleeping(), 0);
      for (const one of left) await one[Symbol.asyncDispose]();
    });

    test('what it uses is told', async () => {
      const used = await driver.stats(refOf(spec), within(20));
      assert.ok(used.memory_bytes > 0 && used.memory_bytes < 64 * 1_048_576 && used.pids >= 1 && used.cpu_ms >= 0 && used.received_bytes !== null, JSON.stringify(used));
    });

    test('there is nothing to see of what does not run', async () => {
      const other = { ...refOf(spec), workload: 'other' };
      for (const ask of [() => driver.stats(other, within(20)), () => driver.open(other, { words: ['true'], terminal: null }, within(20))]) await assert.rejects(ask, (error) => isProblem(error, 'not_found'));
    });
  });

  test('a fork bomb ends at its limit', async () => {
    const spec = shell('for i in $(seq 200); do sleep 60 & done; wait', { limits: { cru: 1, mru_mib: 64, pids: 20 } });
    assert.match(await output(spec), /can't fork/);
    assert.equal((await seen(driver, refOf(spec)))?.state, 'failed');
  });

  test('who takes more memory than allowed is killed, and the reason says so', async () => {
    const spec = specOf({ workload: workload({ image, command: ['/bin/tail', '-c', '150000000', '/dev/zero'] }), limits: { cru: 1, mru_mib: 32, pids: 20 } });
    await driver.start(spec, within(60));
    const one = await ended(driver, refOf(spec));
    assert.equal(one.state, 'failed');
    assert.equal(one.exit_code, 137);
    assert.match(one.reason ?? '', /more memory than it may/);
  });

  test('the volume is at /data, and its files stay when the container goes', async () => {
    const data = await mkdtemp(join(home, 'data-'));
    await layOut(data);
    await writeFile(join(data, 'files', 'in'), 'from outside');
    const spec = shell('cat /data/in; echo from inside > /data/out', { data });
    assert.equal(await output(spec), 'from outside');
    await driver.remove(refOf(spec), within(30));
    assert.equal(await seen(driver, refOf(spec)), undefined);
    assert.equal(await readFile(join(data, 'files', 'out'), 'utf8'), 'from inside\n');
  });

  test('a published port answers on this machine, a second driver finds the container, and starting twice makes one', async () => {
    const spec = specOf({
      workload: workload({
        image,
        command: ['/bin/sh', '-c', 'echo "$GREETING" > /www/index.html; exec httpd -f -p 8080 -h /www'],
        env: [{ name: 'GREETING', value: 'hello; $(id) "x"' }],
        ports: [{ container: 8080, protocol: 'tcp' }],
      }),
    });
    await using other = open();
    const [first, second] = await Promise.all([driver.start(spec, within(60)), other.start(spec, within(60))]);
    assert.equal(first.state, 'running');
    assert.equal(first.ports[0]?.container, 8080);
    assert.deepEqual(second, first);
    assert.deepEqual(await driver.start(spec, within(60)), first);
    assert.equal((await driver.list(within(20))).filter((one) => one.contract === spec.contract).length, 1);
    assert.equal(await fetched(first.ports[0]?.host ?? 0), 'hello; $(id) "x"\n');
    await assert.rejects(driver.start({ ...spec, limits: { ...spec.limits, mru_mib: 65 } }, within(20)), (error) => isProblem(error, 'refused', 'other_spec'));
    // busybox httpd as process 1 ignores SIGTERM: the kill after the grace ends it.
    await driver.stop(refOf(spec), 500, within(30));
    const stopped = await seen(driver, refOf(spec));
    assert.equal(stopped?.state, 'failed');
    assert.equal(stopped?.exit_code, 137);
    assert.match(stopped?.reason ?? '', /signal 9/);
    await driver.stop(refOf(spec), 500, within(30));
    assert.equal((await driver.start(spec, within(30))).state, 'failed');
    // Made anew, as for an update, it is reached where it was.
    await driver.remove(refOf(spec), within(30));
    assert.deepEqual((await driver.start(spec, within(60))).ports, first.ports);
  });

  test('a command runs in a container with its exit code and output, and is killed when its time is over; its ports answer at its address', async () => {
    const spec = shell('echo here > /www/index.html; exec httpd -f -p 8080 -h /www');
    const ref = refOf(spec);
    assert.equal(await driver.address(ref, within(20)), null);
    await driver.start(spec, within(60));
    const run = (script: string, limits: Partial<RunLimits> = {}): Promise<RunResult> => driver.run(ref, ['/bin/sh', '-c', script], { timeout_ms: 20_000, max_bytes: 1_000, ...limits }, within(30));
    assert.deepEqual(await run('cat /www/index.html; echo said >&2; exit 3'), { exit_code: 3, output: 'here\nsaid\n' });
    assert.equal((await run('seq 10000', { max_bytes: 20 })).output, '1\n2\n3\n4\n5\n6\n7\n8\n9\n10');
    assert.equal((await driver.run(ref, ['/nothing'], { timeout_ms: 20_000, max_bytes: 1_000 }, within(30))).exit_code, 127);
    await assert.rejects(run('exec sleep 12345', { timeout_ms: 500 }), (error) => isProblem(error, 'unreachable', 'timeout'));
    assert.equal((await run('ps | grep -c "[s]leep 12345"')).output, '0\n');
    const address = await driver.address(ref, within(20));
    assert.equal(await (await fetch(`http://${address}:8080/`)).text(), 'here\n');
    await driver.stop(ref, 0, within(30));
    await assert.rejects(run('true'), (error) => isProblem(error, 'not_found'));
  });

  test('secrets are files of the user that the container runs as, or variables; the runtime keeps the files nowhere', async () => {
    const ref = { contract: newContract(), workload: 'web' };
    const files = new SecretFiles(scope.node);
    const placed = await files.place(ref, { files: [{ name: 'key', bytes: Buffer.from('opensesame') }], env: [{ name: 'TOKEN', bytes: Buffer.from('tok-1') }], placed: [{ name: 'conf', path: '/etc/app/app.conf', bytes: Buffer.from('deep') }] });
    const secrets = { ...placed, bytes: () => Promise.reject(new Error('not asked for')) };
    const spec = shell('id -u; ls -ln /run/secrets; cat /run/secrets/key; echo; echo $TOKEN; cat /etc/app/app.conf; echo; echo more > /run/secrets/key; echo more > /etc/app/app.conf', { contract: ref.contract, secrets });
    const text = await output({ ...spec, workload: { ...spec.workload, user: 'web' } });
    assert.match(text, /^1000\n(total.*\n)?-r-------- +1 1000 +\S+ +10 .* key\nopensesame\ntok-1\ndeep\n/);
    assert.equal(text.match(/Read-only file system|Permission denied/g)?.length, 2);
    assert.doesNotMatch(execFileSync('podman', ['inspect', containerName(scope, ref.contract, 'web')], { encoding: 'utf8' }), /opensesame/);
    await files.remove(ref);
  });

  test('another node of the same machine sees none of it', async () => {
    const spec = shell('sleep 30');
    await driver.start(spec, within(60));
    await using stranger = new PodmanDriver({ grid: scope.grid, node: newScope().node, socket: podmanSocket(home), logs: new Logs(join(home, 'logs')), allowRegistries: [] });
    assert.deepEqual(await stranger.list(within(20)), []);
    await stranger.remove(refOf(spec), within(20));
    assert.equal((await seen(driver, refOf(spec)))?.state, 'running');
  });

  test('containers go on when podman\'s service ends, and the next call starts it again', async () => {
    const own = join('/run/3bot', `podman-test-${scope.node.slice(0, 12)}.sock`);
    const spec = shell('sleep 60');
    const first = new PodmanDriver({ ...scope, socket: own, logs: new Logs(join(home, 'logs')), allowRegistries: ['localhost'] });
    await using second = new PodmanDriver({ ...scope, socket: own, logs: new Logs(join(home, 'logs')), allowRegistries: [] });
    const running = await first.start(spec, within(60));
    assert.deepEqual(await seen(second, refOf(spec)), running);
    await first[Symbol.asyncDispose]();
    assert.ok(!existsSync(own));
    assert.deepEqual(await seen(second, refOf(spec)), running);
  });

  for (const [script, state, code] of [['exit 0', 'exited', 0], ['echo no such thing; exit 3', 'failed', 3], ['kill -9 $$; sleep 1; exit 4', 'failed', 4]] as const) {
    test(`what ends with "${script}" is ${state} with code ${code}`, async () => {
      const spec = shell(script);
      await driver.start(spec, within(60));
      const one = await ended(driver, refOf(spec));
      assert.equal(one.state, state);
      assert.equal(one.exit_code, code);
    });
  }

  test('a command that is not in the image fails with podman\'s words and stays visible as created', async () => {
    const spec = specOf({ workload: workload({ image, command: ['/bin/nothing'] }) });
    await assert.rejects(driver.start(spec, within(60)), (error) => isProblem(error, 'failed') && /nothing/.test(error.message));
    assert.equal((await seen(driver, refOf(spec)))?.state, 'created');
  });

  const digest = `@sha256:${'0'.repeat(64)}`;
  for (const [what, said, reason] of [
    ['no image', { image: null }, 'runtime'],
    ['a local image that is not there', { image: `localhost/nothing${digest}` }, 'image'],
    ['a private registry', { image: `10.0.0.1/x${digest}` }, 'registry'],
  ] as const) {
    test(`${what} is refused before anything is made`, async () => {
      const spec = specOf({ workload: workload(said) });
      await assert.rejects(driver.start(spec, within(60)), (error) => isProblem(error, 'refused', reason));
      assert.equal(await seen(driver, refOf(spec)), undefined);
    });
  }

  test('without the farmer\'s leave a local image does not run, not even under a public name', async () => {
    await using strict = open(['docker.invalid.example:1']);
    const hash = image.slice(image.indexOf('@'));
    await assert.rejects(strict.start(specOf({ workload: workload({ image }) }), within(60)), (error) => isProblem(error, 'refused', 'registry'));
    // Podman alone would take any image with this digest; here it has to be fetched under the name, from where nobody answers.
    await assert.rejects(strict.start(specOf({ workload: workload({ image: `docker.invalid.example:1/web${hash}` }) }), within(120)), (error) => isProblem(error, 'unreachable', 'registry'));
  });

  test('a limit of nothing would be no limit, and is refused', async () => {
    for (const limits of [{ cru: 0, mru_mib: 64, pids: 20 }, { cru: 1, mru_mib: 0, pids: 20 }, { cru: 1, mru_mib: 64, pids: 0 }]) {
      await assert.rejects(driver.start(shell('exit 0', { limits }), within(60)), (error) => isProblem(error, 'refused', 'limits'));
    }
  });

  test('an aborted call ends as interrupted', async () => {
    await assert.rejects(driver.list(AbortSignal.abort()), (error) => isProblem(error, 'interrupted'));
  });
});
