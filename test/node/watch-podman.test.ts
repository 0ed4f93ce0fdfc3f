// The same watcher with real containers: a web server with a volume, reached over the port that the book names.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, test } from 'node:test';
import { read } from '../../src/rules/objects.js';
import { makeLocalImage, removeLocalImage } from '../../src/node/localimage.js';
import { Lives } from '../../src/node/life/lives.js';
import type { Workload } from '../../src/schema/types.js';
import { LocalGrid, until } from './local.js';
import { missing } from './network/lab.js';

const hasPodman = (() => {
  try {
    execFileSync('podman', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
const skip = !hasPodman && process.env['CI'] === undefined ? 'podman is not installed: apt-get install -y podman runc busybox-static' : false;
const within = (): AbortSignal => AbortSignal.timeout(120_000);

describe('a node with containers', { skip, timeout: 240_000 }, () => {
  const imageName = `3bot-test-${randomBytes(6).toString('hex')}`;
  let image: string;
  const web = (): Workload => ({
    name: 'web', image, command: ['/bin/sh', '-c', 'echo hello > /data/index.html; exec httpd -f -p 8080 -h /data'], env: [], ports: [{ container: 8080, protocol: 'tcp' }], secrets: [],
  });
  const terms = { resources: { cru: 1, mru_mib: 128, sru_mib: 64, hru_mib: 0, ipv4: 0 } };

  before(async () => {
    image = await makeLocalImage(imageName, within());
  });
  after(async () => removeLocalImage(imageName, within()));

  test('runs a web server on its volume, adopts it after a restart, and leaves nothing when it ends', async () => {
    await using local = await LocalGrid.start(within(), 'podman', ['localhost']);
    const contract = await local.deal([web()], terms);
    let host: number;
    {
      await using node = await local.watch();
      await node.watcher.once();
      const status = local.run(contract)?.workloads[0];
      assert.equal(status?.state, 'running', status?.reason ?? '');
      host = status.ports[0]?.host ?? 0;
      assert.equal(await (await fetch(`http://127.0.0.1:${host}/index.html`)).text(), 'hello\n');
      assert.deepEqual((await node.volumes.list()).map(({ size_mib, path }) => [size_mib, path !== null]), [[64, true]]);
    }
    await using again = await local.watch({ interval_ms: 200 });
    const lines = local.book.reader.size;
    again.watcher.wake();
    assert.equal(await (await fetch(`http://127.0.0.1:${host}/index.html`)).text(), 'hello\n');
    await local.say(contract, 'end@1', { reason: 'done' });
    await until('released', () => local.run(contract)?.state === 'released');
    assert.equal(local.book.reader.size, lines + 3, 'end, exited, released');
    await assert.rejects(fetch(`http://127.0.0.1:${host}/index.html`));
    assert.deepEqual([await again.driver.list(within()), await again.volumes.list()], [[], []]);
  });

  test('workloads of one owner meet in its private network, by name, from their first moment on, and nothing of it is left at the end', { skip: missing('wg', 'wireguard-go', 'ip', 'nsenter') }, async () => {
    await using local = await LocalGrid.start(within(), 'podman', ['localhost']);
    const id = await local.network('10.77.0.0/16');
    const place = (address: string) => ({ network: { id, address } });
    const serving = await local.deal([{ ...web(), name: 'pages', ...place('10.77.0.2') }], terms);
    await using node = await local.watch();
    await node.watcher.once();
    assert.equal(local.said(serving, 'pages'), 'running', local.run(serving)?.workloads[0]?.reason ?? '');
    const asking = await local.deal([{ ...web(), ports: [], command: ['/bin/sh', '-c', "until printf 'GET /index.html HTTP/1.0\\r\\n\\r\\n' | nc -w 5 pages 8080 | tail -n 1 | grep -q hello; do /bin/busybox usleep 100000; done"], ...place('10.77.0.3') }], terms);
    await node.watcher.once();
    await until('it has ended', async () => {
      await node.watcher.once();
      return ['exited', 'failed'].includes(local.said(asking) ?? '');
    });
    assert.equal(local.said(asking), 'exited');
    const links = () => read(local.book.reader, 'links', id)?.links.map(({ contract, endpoint, addresses }) => [contract, endpoint, ...addresses]);
    assert.deepEqual(links(), [[serving, null, '10.77.0.2'], [asking, null, '10.77.0.3']]);
    for (const contract of [serving, asking]) await local.say(contract, 'end@1', { reason: 'done' });
    await node.watcher.once();
    assert.deepEqual(links(), []);
    assert.deepEqual(readdirSync('/run/netns').filter((name) => name.startsWith(`3bot-${local.config.key.slice(0, 8)}`)), []);
  });

  test('starts again what was killed, checks health within it and at its address, and asks it to end as it wants to be asked', async () => {
    await using local = await LocalGrid.start(within(), 'podman', ['localhost']);
    const often = { start_ms: 60_000, interval_ms: 1_000, timeout_ms: 5_000, retries: 3 };
    const restart = { policy: 'always', attempts: 5, interval_ms: 60_000, delay_ms: 100 } as const;
    const served: Workload = { ...web(), restart, health: { type: 'http', port: 8080, path: '/index.html', ...often }, stop: { signal: 'SIGINT', grace_ms: 20_000 } };
    const shell = "trap 'echo asked > /data/end; exit 0' INT; while :; do sleep 1; done";
    const asked: Workload = { name: 'asked', image, command: ['/bin/sh', '-c', shell], env: [], ports: [], secrets: [], restart, health: { type: 'command', command: ['/bin/sh', '-c', '[ -d /data ]'], ...often }, stop: { signal: 'SIGINT', grace_ms: 20_000 } };
    const contract = await local.deal([served, asked], { ...terms, retention_ms: 3_600_000 });
    await using node = await local.watch({ interval_ms: 200 });
    const health = (): unknown[] => local.run(contract)?.workloads.map((one) => one.health) ?? [];
    await until('both are healthy', () => health().join() === 'healthy,healthy');
    const { stdout } = await promisify(execFile)('podman', ['ps', '--quiet', '--filter', `label=io.3bot.contract=${contract}`, '--filter', 'label=io.3bot.workload=web']);
    await promisify(execFile)('podman', ['kill', stdout.trim()]);
    await until('it runs again, and is healthy', () => {
      using now = new Lives(local.nodeHome, local.config.grid, local.config.key);
      const life = now.all.get(`${contract}/web`);
      return life?.restarts === 1 && life.health === 'healthy';
    });
    const volume = (await node.volumes.list())[0]?.path ?? '';
    await local.say(contract, 'end@1', { reason: 'done' });
    await until('both have ended', () => local.said(contract, 'web') === 'exited' && local.said(contract, 'asked') === 'exited');
    assert.ok(existsSync(join(volume, 'files', 'end')), 'by its own signal');
  });

  test('says why an image does not run', async () => {
    await using local = await LocalGrid.start(within(), 'podman', ['localhost']);
    await using node = await local.watch();
    const missing = image.replace(/[0-9a-f]{64}$/, 'ab'.repeat(32));
    const contract = await local.deal([{ ...web(), image: missing }], terms);
    await node.watcher.once();
    assert.deepEqual(local.run(contract)?.workloads.map(({ state }) => state), ['failed']);
    assert.match(local.run(contract)?.workloads[0]?.reason ?? '', /is not on this node/);
  });
});
