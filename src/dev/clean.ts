// Taking a development grid down: its processes in order, then what they made.
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../base/errors.js';
import { DEV_STOP_MS } from '../base/limits.js';
import { openHome, readConfig, runtimePath, type Home } from '../home.js';
import { stopAgent } from '../keys/agent.js';
import { bornAt, isAlive, type Identity } from '../node/drivers/process-files.js';
import { removeLocalImage } from '../node/localimage.js';
import { SecretFiles } from '../node/secrets/files.js';
import { openTools } from '../node/tools.js';
import { mountedAt } from '../node/volume.js';

const LOOK_EVERY_MS = 20;

/** What there is to take down. */
export interface Made {
  /** Folder of the grid: a home folder for each of its bots. */
  readonly folder: string;
  /** Keep the folder with its books, keys and receipts; nothing runs on. */
  keep: boolean;
  /** In the order of their start. */
  readonly processes: Identity[];
  /** Local images, by name. */
  readonly images: string[];
}

/** A process that is meant, not a later one of the same number; one that has ended already is never alive. */
export async function identify(pid: number): Promise<Identity> {
  return { pid, born: (await bornAt(pid)) ?? '' };
}

/**
 * Takes everything down. What cannot be taken away does not keep the rest from it.
 * @returns what is left, and why; empty when nothing is
 */
export async function clean({ folder, keep, processes, images }: Made, signal: AbortSignal): Promise<string[]> {
  const left: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    await work().catch((thrown: unknown) => left.push(`${what}: ${messageOf(thrown)}`));
  };
  // Who was started last leans on those before.
  for (const one of processes.toReversed()) await attempt(`process ${one.pid}`, () => end(one));
  const homes = await homesIn(folder);
  for (const home of homes) await attempt(`workloads in ${home.path}`, () => removeWorkloads(home, signal));
  for (const image of images) await attempt(`image ${image}`, () => removeLocalImage(image, signal));
  for (const home of homes) {
    await attempt(`keys held open for ${home.path}`, () => stopAgent(home, process.env));
    await attempt('sockets', () => rm(runtimePath(home), { recursive: true, force: true }));
  }
  if (!keep) await attempt(folder, () => removeFolder(folder));
  return left;
}

async function end(one: Identity): Promise<void> {
  for (const name of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await isAlive(one))) return;
    process.kill(one.pid, name);
    for (const until = Date.now() + DEV_STOP_MS; Date.now() < until; await pause(LOOK_EVERY_MS)) if (!(await isAlive(one))) return;
  }
  throw new Error('it does not end');
}

/** The home folders below a folder. */
export async function homesIn(folder: string): Promise<Home[]> {
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).sort();
  return names.map((name) => openHome(join(folder, name))).filter(({ config }) => existsSync(config));
}

/** Whatever a node of this home runs or keeps, without asking any contract. */
async function removeWorkloads(home: Home, signal: AbortSignal): Promise<void> {
  const { node } = readConfig(home);
  if (node === null) return;
  const { driver, volumes, networks } = openTools(home, node, true);
  await using _driver = driver;
  for (const running of await driver.list(signal)) await driver.remove(running, signal);
  for (const { contract } of await volumes.list()) await volumes.wipe(contract, signal);
  await new SecretFiles(node.key).clear();
  await networks.end(signal);
}

async function removeFolder(folder: string): Promise<void> {
  const mounted = [...mountedAt(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''))].filter((point) => point.startsWith(`${folder}/`));
  // Deleting through a mount would empty the volume below it.
  if (mounted.length > 0) throw new Error(`${mounted.join(', ')} is still mounted`);
  await rm(folder, { recursive: true, force: true });
}
