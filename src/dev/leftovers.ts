// Looks whether anything of a development grid is left on this machine.
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { run } from '../node/children.js';
import { LABELS } from '../node/drivers/podman-spec.js';
import { mountedAt } from '../node/volume.js';
import type { Runtime } from './runtime.js';

/** What a grid made. */
export interface Traces {
  readonly folder: string;
  /** Genesis record. */
  readonly grid: string;
  readonly runtime: Runtime;
  /** Local images, by name. */
  readonly images: readonly string[];
  /** Addresses at which something listened. */
  readonly urls: readonly string[];
}

/** What is left of it, in words; empty when nothing is. */
export async function leftovers({ folder, grid, runtime, images, urls }: Traces, signal: AbortSignal): Promise<string[]> {
  const left: string[] = [];
  if (existsSync(folder)) left.push(`the folder ${folder}`);
  if (runtime === 'podman') {
    for (const id of lines(await run('podman', ['ps', '--all', '--quiet', '--filter', `label=${LABELS.grid}=${grid}`], signal))) left.push(`container ${id}`);
    for (const name of images) for (const id of lines(await run('podman', ['images', '--quiet', '--filter', `reference=localhost/${name}`], signal))) left.push(`image ${name} (${id})`);
    for (const file of lines(await run('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'], signal))) if (file.startsWith(folder)) left.push(`a loop device of ${file}`);
  }
  for (const point of mountedAt(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''))) if (point.startsWith(folder)) left.push(`a mount at ${point}`);
  for (const pid of await processesOf(folder)) left.push(`process ${pid}`);
  for (const url of urls) if (await listens(new URL(url))) left.push(`somebody who listens at ${url}`);
  return left;
}

function lines(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
}

/** Processes that work in a folder or were told of it. */
export async function processesOf(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid);
  const found: number[] = [];
  for (const pid of pids) {
    // Gone meanwhile, or another user's.
    const [cwd, words, environment] = await Promise.all([readlink(`/proc/${pid}/cwd`).catch(() => ''), readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''), readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')]);
    if ([cwd, words, environment].some((text) => text.includes(folder))) found.push(Number(pid));
  }
  return found;
}

async function listens({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: hostname, port: Number(port) });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
