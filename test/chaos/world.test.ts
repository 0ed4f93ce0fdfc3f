// What a node stands in breaks: its registry, its clock, the way to its home, podman's service. With real containers.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isProblem } from '../../src/base/errors.js';
import { query } from '../../src/bcdb/query.js';
import { updateConfig } from '../../src/home.js';
import { staticBusybox } from '../../src/node/localimage.js';
import { PLATFORM } from '../../src/node/probe/platform.js';
import { Journal, type Past } from '../../src/node/report/journal.js';
import { openPrivate } from '../../src/private.js';
import type { Agreement, Run, Workload } from '../../src/schema/types.js';
import { LossyProxy } from '../crash/proxy.js';
import { NO_PODMAN } from '../e2e/here.js';
import { LocalRegistry, NO_REGISTRY } from '../net/registry/local.js';
import { LocalGrid, until } from '../node/local.js';
import { pidOfContainer, pidOfService, WORK } from './chaos.js';
import { Line } from './line.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const within = (): AbortSignal => AbortSignal.timeout(120_000);

/** Busybox as a layer. */
function layer(): { gzip: Buffer; diff: string } {
  const root = mkdtempSync(join(tmpdir(), '3bot-layer-'));
  try {
    for (const folder of ['bin', 'data', 'tmp', 'etc']) mkdirSync(join(root, folder));
    execFileSync('cp', [staticBusybox() ?? '', join(root, 'bin', 'busybox')]);
    for (const applet of ['sh', 'sleep', 'tail', 'echo']) execFileSync('ln', ['-s', 'busybox', join(root, 'bin', applet)]);
    const tar = execFileSync('tar', ['-C', root, '-cf', '-', '.'], { maxBuffer: 64 * 1_048_576 });
    return { gzip: gzipSync(tar, { level: 1 }), diff: `sha256:${createHash('sha256').update(tar).digest('hex')}` };
  } finally {
    rmSync(root, { recursive: true });
  }
}

function containers(contract: string): string[] {
  return execFileSync('podman', ['ps', '--all', '--quiet', '--filter', `label=io.3bot.contract=${contract}`], { encoding: 'utf8' }).split('\n').filter((id) => id !== '');
}

describe('a node whose surroundings break', { skip: NO_PODMAN !== false ? NO_PODMAN : NO_REGISTRY, timeout: 300_000 }, () => {
  let registry: LocalRegistry;
  let line: Line;
  let proxy: LossyProxy;
  let local: LocalGrid;
  /** One that every test has to fetch for itself. */
  const images: string[] = [];
  /** By how much the node's clock is ahead of everybody else's, ms. */
  let ahead = 0;
  const clock = (): number => Date.now() + ahead;

  before(async () => {
    registry = await LocalRegistry.start();
    line = await Line.start(registry.port);
    const busybox = layer();
    for (const Cmd of ['first', 'second']) images.push(`localhost:${line.port}/${Cmd}@${(await registry.image(Cmd, 'here', PLATFORM, [busybox], { Cmd: [Cmd] })).digest}`);
    local = await LocalGrid.start(within(), 'podman', [`localhost:${line.port}`]);
    proxy = await LossyProxy.start(() => local.url);
    updateConfig(local.nodeHome, (config) => void (config.grids = config.grids.map((grid) => ({ ...grid, url: proxy.url }))));
  });
  beforeEach(async () => {
    await line.mend();
    proxy.loss = undefined;
    ahead = 0;
  });
  after(async () => {
    await local[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await line[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
    const names = images.map((image) => image.replace('@sha256:', ':sha256-'));
    execFileSync('podman', ['image', 'rm', '--ignore', '--force', ...names], { stdio: 'ignore' });
  });

  const deal = (image: string, change: Partial<Agreement> = {}): Promise<string> => {
    const web: Workload = { name: 'web', image, command: ['/bin/sh', '-c', WORK], env: [], ports: [], secrets: [], restart: { policy: 'always', attempts: 10, interval_ms: 1_000, delay_ms: 100 }, stop: { signal: 'SIGTERM', grace_ms: 0 } };
    return local.deal([web], { resources: { cru: 1, mru_mib: 64, sru_mib: 16, hru_mib: 0, ipv4: 0 }, ...change });
  };
  const lines = async (contract: string): Promise<string[]> => {
    await using node = await local.watch();
    const path = (await node.volumes.list()).find((volume) => volume.contract === contract)?.path ?? '';
    return readFileSync(join(path, 'files', 'lines'), 'utf8').split('\n').slice(0, -1);
  };
  const assertOnce = async (contract: string): Promise<void> => {
    assert.equal(containers(contract).length, 1, 'one container');
    const written = await lines(contract);
    assert.deepEqual(written, written.map((_, i) => `${i + 1}`), 'every line once, in order');
  };

  test('a registry that is away is said to be, asked again once a minute for as long as it takes, and then the workload runs', async () => {
    await line.cut();
    await using node = await local.watch({ clock, interval_ms: 50 });
    const contract = await deal(images[0] ?? '');
    await until('the node to say why', () => {
      ahead += 100;
      return local.said(contract) === 'pulling';
    });
    assert.match(local.run(contract)?.workloads[0]?.reason ?? '', /^the registry of localhost:\d+\/first does not answer/);
    const tries = (): number => node.events.filter((event) => event.event === 'step_failed').length;
    const before = tries();
    ahead += MINUTE;
    await until('another try', () => tries() > before);
    await line.mend();
    ahead += MINUTE;
    await until('it to run', () => local.said(contract) === 'running');
    await assertOnce(contract);
    await local.say(contract, 'end@1', { reason: 'done' });
  });

  test('podman\'s service is killed while an image is on its way and while the container is made: it runs, once', async () => {
    await using _node = await local.watch({ interval_ms: 100 });
    line.hold();
    const contract = await deal(images[1] ?? '');
    await until('the registry to be asked', () => line.waiting > 0);
    process.kill(pidOfService(local.nodeHome.path), 'SIGKILL');
    await line.mend();
    await until('the container to be there', () => containers(contract).length > 0);
    const pid = pidOfService(local.nodeHome.path);
    if (pid > 0) process.kill(pid, 'SIGKILL');
    await until('it to run', () => local.said(contract) === 'running');
    await assertOnce(contract);
  });

  test('a clock that jumps, back or forward, by minutes or a day, stops nothing and wipes nothing', async () => {
    await using node = await local.watch({ clock });
    const [runs, ends] = [await deal(images[1] ?? ''), await deal(images[1] ?? '', { retention_ms: 5 * MINUTE })];
    await node.watcher.once();
    await until('both run', () => local.said(runs) === 'running' && local.said(ends) === 'running');
    const pid = pidOfContainer(runs);
    const kept = async (): Promise<string[]> => (await node.volumes.list()).map(({ contract }) => contract).filter((one) => one === runs || one === ends).sort();
    const jumps = [-HOUR, -9 * MINUTE, 9 * MINUTE, 24 * HOUR];
    const jump = async (): Promise<void> => {
      // Further from the home's clock than may be, nothing is taken from it, and that is said.
      const look = (): Promise<void> => node.watcher.once().catch((thrown: unknown) => assert.ok(isProblem(thrown, 'unreachable'), String(thrown)));
      for (ahead of jumps) for (let looks = 0; looks < 2; looks += 1) await look();
      ahead = 0;
    };
    await jump();
    assert.ok(pidOfContainer(ends) > 0);
    await local.say(ends, 'end@1', { reason: 'done' });
    await jump();
    await node.watcher.once();
    assert.equal(pidOfContainer(ends), 0, 'over by both clocks');
    await jump();
    assert.deepEqual(await kept(), [runs, ends].sort());
    assert.equal(pidOfContainer(runs), pid, 'it was never stopped');
  });

  test('cut off from its home for a while, and started anew meanwhile, a node goes on and tells afterwards; nothing runs twice', async () => {
    const contract = await deal(images[1] ?? '');
    {
      await using _node = await local.watch({ interval_ms: 100 });
      await until('it runs', () => local.said(contract) === 'running');
      proxy.loss = { of: /./, what: 'request', times: Infinity };
      const first = pidOfContainer(contract);
      process.kill(first, 'SIGKILL');
      await until('it runs again', () => pidOfContainer(contract) > 0 && pidOfContainer(contract) !== first);
    }
    await using _node = await local.watch({ interval_ms: 100 });
    using data = openPrivate(local.nodeHome);
    const journal = (): readonly Past[] => new Journal(data, { grid: local.config.grid, node: local.config.key }).all;
    await until('it to be noted', () => journal().length > 0);
    const [noted] = journal();
    assert.match(noted?.report.reason ?? '', /it is started again$/);
    const told = (): boolean => query(local.book.reader, { chain: `run/${contract}`, limit: 20 }).records.some(({ payload }) => (JSON.parse(payload) as { body: Run }).body.observed_ms === noted?.observed_ms);
    assert.ok(!told(), 'the book knows nothing of it');
    proxy.loss = undefined;
    await until('the node to tell', told);
    await assertOnce(contract);
  });
});
