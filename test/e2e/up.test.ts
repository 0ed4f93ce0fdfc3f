// A whole grid of separate processes with a real workload; what its processes know, and what is left when it ends.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { leftovers, processesOf } from '../../src/dev/leftovers.js';
import { makeLocalImage, removeLocalImage } from '../../src/node/localimage.js';
import { botJson, PASSPHRASE, poll, startBot, tempHome, type RunOptions } from '../script.js';
import { environOf, family, GRID_MS, listeningPorts, NO_PODMAN, output, wordsOf } from './here.js';

interface Ready {
  folder: string;
  grid: string;
  runtime: 'podman' | 'process';
  env: Record<string, string>;
  bots: { home: { url: string }; farmer: { url: string }; nodes: { home: string }[]; consumer: { home: string } };
}

interface Reserved {
  contract: string;
  workloads: { url: string }[];
}

const within = (): AbortSignal => AbortSignal.timeout(GRID_MS);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function processWorkload(): Promise<string[]> {
  const script = "require('node:http').createServer((_, answer) => answer.end(process.env.GREETING)).listen(process.env.PORT, process.env.HOST)";
  return ['--runtime', 'process', '--command', JSON.stringify([process.execPath, '-e', script]), '--port', String(await freePort())];
}

function containerWorkload(image: string): string[] {
  return ['--image', image, '--command', JSON.stringify(['sh', '-c', 'echo $GREETING > /data/index.html; exec httpd -f -p 8080 -h /data']), '--port', '8080'];
}

/** Processes of the workload: in a container they have another view of the machine, so their folder does not show. */
function workloadProcesses(grid: string): number[] {
  const ids = output('podman', 'ps', '--quiet', '--filter', `label=io.3bot.grid=${grid}`).split('\n').filter((id) => id !== '');
  assert.equal(ids.length, 1);
  return ids.flatMap((id) => output('podman', 'inspect', '--format', '{{.State.Pid}} {{.State.ConmonPid}}', id).trim().split(' ').map(Number));
}

for (const { runtime, signal, how } of [
  { runtime: 'podman', signal: 'SIGKILL', how: 'kill -9' },
  { runtime: 'process', signal: 'SIGINT', how: 'Ctrl-C' },
] as const) {
  test(`dev up with ${runtime}: a workload answers, nobody is told a secret, the watcher listens nowhere, ${how} leaves nothing`, { skip: runtime === 'podman' && NO_PODMAN }, async (t) => {
    const home = tempHome();
    const options: RunOptions = { home, env: { TMPDIR: dirname(home) }, timeoutMs: GRID_MS };
    const name = `3bot-test-${randomBytes(4).toString('hex')}`;
    t.after(() => (runtime === 'podman' ? removeLocalImage(name, within()) : undefined));
    await using up = startBot(['dev', 'up', '--runtime', runtime, '--json'], options);
    const [image, [line]] = await Promise.all([runtime === 'podman' ? makeLocalImage(name, within()) : '', up.until(/^\{.*\}$/m, GRID_MS)]);
    const ready = JSON.parse(line) as Ready;
    assert.equal(ready.runtime, runtime);

    const consumer: RunOptions = { ...options, home: ready.bots.consumer.home, passphrase: null, env: { ...options.env, ...ready.env } };
    const what = runtime === 'podman' ? containerWorkload(image) : await processWorkload();
    const reserved = await botJson<Reserved>(['reserve', '--cpu', '1', '--memory', '128MiB', '--ssd', '1', '--env', 'GREETING=hello', '--max-total', '20', ...what], consumer);
    const url = reserved.workloads[0]?.url ?? '';
    // That it runs does not yet mean that its server listens.
    const page = await poll(`an answer from ${url}`, () => fetch(url).then((answer) => (answer.ok ? answer.text() : null)).catch(() => null));
    assert.equal(page.trim(), 'hello');

    const passphrase = readFileSync(join(ready.folder, 'passphrase'), 'utf8').trim();
    assert.ok(passphrase.length >= 32);
    const all = new Set([...family(up.child.pid ?? 0), ...(await processesOf(ready.folder)), ...(runtime === 'podman' ? workloadProcesses(ready.grid) : [])]);
    // dev up itself was given one by the person who started it.
    all.delete(up.child.pid ?? 0);
    assert.ok(all.size >= (runtime === 'podman' ? 7 : 6), `only ${all.size} processes`);
    for (const pid of all) {
      const told = `${environOf(pid) ?? ''}\0${wordsOf(pid)}`;
      for (const secret of [passphrase, PASSPHRASE, 'THREEBOT_PASSPHRASE=']) assert.ok(!told.includes(secret), `a secret was told to ${wordsOf(pid)}`);
    }
    const find = (words: RegExp): number => [...all].find((pid) => words.test(wordsOf(pid))) ?? 0;
    assert.deepEqual(listeningPorts(find(/3bot\.js node watch/)), [], 'the watcher has an open port');
    const farmer = [...all].filter((pid) => /3bot\.js serve/.test(wordsOf(pid))).flatMap(listeningPorts);
    assert.ok(farmer.includes(Number(new URL(ready.bots.farmer.url).port)), 'listening sockets can be seen at all');

    const code = await up.stop(signal);
    assert.equal(code, signal === 'SIGKILL' ? null : 130);
    const traces = { folder: ready.folder, grid: ready.grid, runtime, images: [], urls: [ready.bots.home.url, ready.bots.farmer.url, url] };
    let left: string[] = [];
    await poll('nothing to be left', async () => (left = await leftovers(traces, within())).length === 0, 30_000).catch(() => undefined);
    assert.deepEqual(left, []);
  });
}

test('dev up that is stopped while it starts leaves nothing', async () => {
  const home = tempHome();
  const options: RunOptions = { home, env: { TMPDIR: dirname(home) } };
  await using up = startBot(['dev', 'up', '--runtime', 'process', '--json'], options);
  const parts = await poll('the first processes', async () => {
    const pids = await processesOf(join(dirname(home), '3bot-dev-'));
    return pids.length >= 3 ? pids : null;
  });
  assert.equal(await up.stop('SIGTERM'), 130);
  assert.equal(up.stdout(), '');
  assert.deepEqual(await processesOf(join(dirname(home), '3bot-dev-')), [], `of ${parts.length} processes`);
  assert.deepEqual(output('find', dirname(home), '-name', '3bot-dev-*'), '');
});

test('dev up does not mix itself into a folder that holds something', async () => {
  const home = tempHome();
  await using up = startBot(['dev', 'up', '--runtime', 'process', '--dir', dirname(home)], { home });
  await up.until(/3bot: error: .* is not empty\n3bot: hint: /);
});
