// Looks at this machine as `node probe` and `node join` do.
import { resolve, join } from 'node:path';
import { isProblem, Problem } from '../../src/base/errors.js';
import type { Check } from '../../src/node/driver.js';
import { declared, probe, type Probe } from '../../src/node/probe/probe.js';
import { openTools } from '../../src/node/tools.js';
import type { Announcement, Benchmark, NodeConfig, Resources } from '../../src/schema/types.js';
import type { Context } from '../command.js';
import type { MachineOptions, Runtime } from './shared.js';

/** What a machine was found to be. */
export interface Found extends Probe {
  readonly runtime: Runtime;
  /** Absolute path. */
  readonly data: string;
}

/** What is known of the node before; of none yet nothing. */
export interface Before {
  readonly grid: string;
  readonly key: string;
  readonly runtime: Runtime | null;
  readonly data: string | null;
  readonly announcement: Announcement | undefined;
  /** The process runtime is allowed. */
  readonly dev: boolean;
}

/** A machine that is no node yet. */
export const NO_NODE: Before = { grid: '0'.repeat(64), key: '0'.repeat(64), runtime: null, data: null, announcement: undefined, dev: true };

/** Probes once more as for what is announced; nobody is asked. */
export function lookAgain(context: Context, { grid, key, runtime, data }: NodeConfig, dev: boolean, announcement: Announcement): Promise<Found> {
  return lookAtMachine({ ...context, prompt: { ...context.prompt, possible: false } }, {}, { grid, key, runtime, data, announcement, dev });
}

/**
 * Probes with what the flags say, else what was announced before, else what is found. A person is asked what kind of
 * disk this is where nobody can tell.
 * @throws Problem `unreachable` where no runtime works here
 */
export async function lookAtMachine(context: Context, options: MachineOptions, before: Before): Promise<Found> {
  const data = resolve(options.data ?? before.data ?? join(context.home.path, 'node'));
  const runtime = options.runtime ?? before.runtime ?? (await pickRuntime(context, before, data));
  const declare = declaredBy(options.declare, before.announcement);
  const saidBefore = before.announcement?.devices.find(({ class: kind, source }) => source === 'person' && (kind === 'ssd' || kind === 'hdd'))?.class as 'ssd' | 'hdd' | undefined;
  const look = async (disk: 'ssd' | 'hdd' | null): Promise<Probe> => {
    const { driver, volumes, folder } = toolsOf(context, before, runtime, data, declare !== null);
    await using _driver = driver;
    // Awaited here: the driver goes when this function returns.
    return await probe({ driver, volumes, folder, disk, declare }, context.signal);
  };
  const first = await look(options.disk ?? saidBefore ?? null);
  if (first.checks.some(({ name, ok }) => name === 'disk' && !ok) && declare === null && context.prompt.possible) {
    const disk = await context.prompt.choose('What kind of disk holds the volumes?', [{ value: 'ssd', name: 'SSD' }, { value: 'hdd', name: 'HDD' }], '--disk ssd or --disk hdd');
    return { ...(await look(disk)), runtime, data };
  }
  return { ...first, runtime, data };
}

/** The benchmark of this machine; undefined, with a note, where it cannot be measured: it is still a node. */
export async function speedOf(context: Context, data: string): Promise<Benchmark | undefined> {
  const { benchmark } = await import('../../src/node/probe/benchmark.js');
  const { clock, signal, out } = context;
  using progress = await context.progress('measuring how fast this machine is');
  try {
    return await benchmark({ folder: join(data, 'volumes'), clock, signal, onStep: (step) => progress.say(`measuring how fast this machine is: ${step}`) });
  } catch (thrown) {
    if (!isProblem(thrown) || thrown.code === 'interrupted') throw thrown;
    progress.stop();
    out.note(`note: its speed is not announced: ${thrown.message}`);
    return undefined;
  }
}

function toolsOf({ home }: Context, { grid, key }: Before, runtime: Runtime, data: string, overcommit: boolean): ReturnType<typeof openTools> {
  return openTools(home, { grid, key, runtime, data, allow_registries: [], address: null }, overcommit);
}

function declaredBy(flag: string | undefined, before: Announcement | undefined): Resources | null {
  if (flag === 'no') return null;
  if (flag !== undefined) return declared(flag);
  return before?.declared === true ? before.capacity : null;
}

/** Containers where they work; else processes, where the grid allows them. */
async function pickRuntime(context: Context, before: Before, data: string): Promise<Runtime> {
  const { driver, volumes } = toolsOf(context, before, 'podman', data, false);
  await using _driver = driver;
  const checks: readonly Check[] = [...(await driver.check(context.signal)), ...(await volumes.check(context.signal))];
  // Containers work without private networks.
  const failed = checks.find(({ name, ok }) => !ok && name !== 'wireguard');
  if (failed === undefined) return 'podman';
  if (before.dev) return 'process';
  throw new Problem('unreachable', `containers do not work here: ${failed.evidence}`, { reason: failed.name, hint: failed.remedy ?? '3bot node probe' });
}
