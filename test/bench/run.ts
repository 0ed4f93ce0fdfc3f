// How long a node takes from a contract in the book to its workload running, as the book says.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDaemon } from '../../src/net/daemon.js';
import { createLog } from '../../src/net/log.js';
import { PodmanApi } from '../../src/node/drivers/podman-api.js';
import { podmanSocket } from '../../src/node/drivers/podman-service.js';
import { parseHardLimits } from '../../src/node/drivers/podman-limits.js';
import { createBody } from '../../src/node/drivers/podman-spec.js';
import { makeLocalImage, removeLocalImage, staticBusybox } from '../../src/node/localimage.js';
import { openNode } from '../../src/node/open.js';
import type { Workload } from '../../src/schema/types.js';
import { bare, LocalGrid } from '../node/local.js';
import { figure, median, seconds, type Figure } from './measure.js';

const RUNS = 5;
const IDLE_MS = 10_000;
const SLEEP = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];

/** Resolves when it holds, looked at after each line of the home's book. */
async function when(local: LocalGrid, holds: () => boolean): Promise<void> {
  if (holds()) return;
  await new Promise<void>((resolve) => {
    const stop = local.book.onNews(() => {
      if (!holds()) return;
      stop();
      resolve();
    });
  });
}

/** Median times of a watcher that follows the book as `node watch` does, in turn with `direct`; ms. */
async function watched(local: LocalGrid, workload: Workload, direct: () => Promise<number>): Promise<{ value: number; baseline: number }> {
  const { config, keys, nodeHome, signal } = local;
  const stop = new AbortController();
  const ends = AbortSignal.any([signal, stop.signal]);
  await using daemon = await startDaemon({ home: nodeHome, clock: Date.now, signal: ends, openKeyring: (type, name) => keys.get(type, name), log: createLog(process.stderr) });
  const grid = daemon.grids.get(config.grid);
  if (grid === undefined) throw new Error('the node has no book');
  await using node = openNode({ home: nodeHome, grid, config, keyring: await keys.get('node', 'node'), overcommit: true, once: false, clock: Date.now, signal: ends, tell: () => undefined });
  const { watcher } = node;
  grid.onNews(() => watcher.wake());
  const loop = watcher.forever(IDLE_MS);
  const values: number[] = [];
  const baselines: number[] = [];
  for (let i = 0; i <= RUNS; i++) {
    const baseline = await direct();
    const contract = await local.deal([workload]);
    const value = await seconds(() => when(local, () => ['running', 'failed'].includes(local.said(contract) ?? '')));
    if (local.said(contract) !== 'running') throw new Error(`the workload failed: ${local.run(contract)?.workloads[0]?.reason ?? ''}`);
    await local.say(contract, 'end@1', { reason: 'done' });
    await when(local, () => local.run(contract)?.state === 'released');
    if (i === 0) continue; // warm
    values.push(value * 1_000);
    baselines.push(baseline);
  }
  stop.abort();
  await loop;
  return { value: median(values), baseline: median(baselines) };
}

async function processes(): Promise<Figure> {
  await using local = await LocalGrid.start(AbortSignal.timeout(120_000));
  const { value, baseline } = await watched(local, bare(SLEEP), async () => {
    const start = performance.now();
    const child = spawn(SLEEP[0] as string, SLEEP.slice(1), { stdio: 'ignore' });
    await once(child, 'spawn');
    const ms = performance.now() - start;
    child.kill('SIGKILL');
    await once(child, 'exit');
    return ms;
  });
  return figure('committed to running, process', 'ms', value, 'spawn of the same', baseline, 'no goal');
}

async function containers(): Promise<Figure> {
  const signal = AbortSignal.timeout(240_000);
  const name = `3bot-bench-${randomBytes(6).toString('hex')}`;
  const image = await makeLocalImage(name, signal);
  try {
    await using local = await LocalGrid.start(signal, 'podman', ['localhost']);
    const workload: Workload = { name: 'web', image, command: ['/bin/sleep', '1000'], env: [], ports: [], secrets: [] };
    await using api = new PodmanApi(podmanSocket(local.nodeHome.path));
    const scope = { grid: local.config.grid, node: 'ab'.repeat(32) };
    const hard = parseHardLimits(readFileSync('/proc/self/limits', 'utf8'));
    const { value, baseline } = await watched(local, workload, async () => {
      const spec = { contract: randomBytes(20).toString('hex'), workload, limits: { cru: 1, mru_mib: 128, pids: 64 }, data: null, address: '127.0.0.1' };
      const start = performance.now();
      const { Id } = (await api.json({ method: 'POST', path: '/containers/create', body: createBody(scope, spec, { name: image, user: '' }, { hard, network: 'podman', address: '10.88.200.1', hosts: '/etc/hosts', log: join(local.folder, 'now.log') }), signal })) as { Id: string };
      await api.call({ method: 'POST', path: `/containers/${Id}/start`, signal });
      const ms = performance.now() - start;
      await api.call({ method: 'DELETE', path: `/containers/${Id}`, query: { force: 'true', timeout: '0', v: 'true' }, signal });
      return ms;
    });
    return figure('committed to running, podman', 'ms', value, 'create and start of the same', baseline, 'no goal');
  } finally {
    await removeLocalImage(name, AbortSignal.timeout(20_000));
  }
}

/** Measures with processes, and with containers where podman and busybox are there. */
export async function benchRun(): Promise<Figure[]> {
  const hasPodman = staticBusybox() !== undefined && (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, 'podman')));
  return hasPodman ? [await processes(), await containers()] : [await processes()];
}
