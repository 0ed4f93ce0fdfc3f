// A node with many workloads: what a look at all of them takes, and what watching costs while nothing happens. Real
// containers; needs podman and root. Takes some minutes, most of them to make the containers.
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { podmanSocket } from '../../src/node/drivers/podman-service.js';
import { makeLocalImage, removeLocalImage } from '../../src/node/localimage.js';
import type { Workload } from '../../src/schema/types.js';
import { LocalGrid } from '../node/local.js';
import { figure, median, seconds, type Figure } from './measure.js';

const CONTRACTS = 4;
const ROUNDS = 15;
const IDLE_MS = 30_000;
/** As `node watch` has it. */
const INTERVAL_MS = 10_000;
/** Of /proc/PID/stat (proc(5)): 100 a second on every Linux that Node.js runs on. */
const TICK_MS = 10;

/** @param workloads how many, in four contracts */
export async function benchNode(workloads: number, progress: (text: string) => void): Promise<Figure[]> {
  const within = (): AbortSignal => AbortSignal.timeout(3_600_000);
  const name = `3bot-bench-${randomBytes(6).toString('hex')}`;
  const image = await makeLocalImage(name, within());
  try {
    await using local = await LocalGrid.start(within(), 'podman', ['localhost']);
    const each = Math.ceil(workloads / CONTRACTS);
    const web = (i: number): Workload => ({ name: `sleep-${i}`, image, command: ['/bin/sleep', '100000'], env: [], ports: [], secrets: [] });
    for (let i = 0; i < CONTRACTS; i += 1) await local.deal(Array.from({ length: each }, (_, n) => web(n)), { resources: { cru: 1, mru_mib: 16 * each, sru_mib: 16, hru_mib: 0, ipv4: 0 } });
    const taken: number[] = [];
    const listing: number[] = [];
    {
      await using node = await local.watch();
      const making = await seconds(() => node.watcher.once());
      const running = (await node.driver.list(within())).filter(({ state }) => state === 'running').length;
      progress(`${running} of ${each * CONTRACTS} run after ${making.toFixed(0)} s`);
      for (let i = 0; i < ROUNDS; i += 1) {
        listing.push(1_000 * (await seconds(() => node.driver.list(within()))));
        taken.push(1_000 * (await seconds(() => node.watcher.once())));
      }
    }
    const { agent, service } = await idle(local);
    await clear(local, within());
    const goal = `${each * CONTRACTS} workloads: a round below a second, next to no cpu while nothing happens`;
    return [
      figure(`node: a round with ${each * CONTRACTS} workloads`, 'ms', median(taken), 'the list of containers alone', median(listing), goal),
      figure('node: cpu of agent, home and test, a minute idle', 'ms', agent, "podman's service", service, goal),
    ];
  } finally {
    await removeLocalImage(name, within());
  }
}

/** Hundreds are more than the grid's own end has time for. */
async function clear(local: LocalGrid, signal: AbortSignal): Promise<void> {
  await using node = await local.watch();
  const all = await node.driver.list(signal);
  while (all.length > 0) await Promise.all(all.splice(-8).map((ref) => node.driver.remove(ref, signal)));
}

/** Cpu in a minute, ms, of this process (the agent, and the home of the grid that it follows) and of podman's service. */
async function idle(local: LocalGrid): Promise<{ agent: number; service: number }> {
  await using _node = await local.watch({ interval_ms: INTERVAL_MS });
  await delay(INTERVAL_MS);
  const before = process.cpuUsage();
  const served = serviceCpu(local);
  await delay(IDLE_MS);
  const { user, system } = process.cpuUsage(before);
  const minute = 60_000 / IDLE_MS;
  return { agent: ((user + system) / 1_000) * minute, service: (serviceCpu(local) - served) * minute };
}

function serviceCpu(local: LocalGrid): number {
  const socket = `unix://${podmanSocket(local.nodeHome.path)}`;
  const pid = readdirSync('/proc').filter((entry) => /^[0-9]+$/.test(entry)).find((entry) => {
    try {
      return readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0').includes(socket);
    } catch {
      return false; // it has ended meanwhile
    }
  });
  if (pid === undefined) return 0;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
