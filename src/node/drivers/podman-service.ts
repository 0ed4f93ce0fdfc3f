// Starts podman's REST service where no systemd does it, and ends it with us. Containers do not depend on it.
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, lstat, mkdir, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, Problem } from '../../base/errors.js';
import { sha256Hex } from '../../base/hash.js';
import { RUNTIME_TIMEOUT_MS } from '../../base/limits.js';
import { cleanEnvironment, oneLine } from '../children.js';

/** How podman is got, for every message that misses it. */
export const INSTALL_PODMAN = 'apt-get install -y podman runc nftables iproute2';

const STOP_GRACE_MS = 3_000;

/** A service that we started; disposing ends it. */
export type Service = AsyncDisposable;

/**
 * Where the service of a home folder listens: a short path (108 bytes are the limit of a unix socket's), in a folder
 * of the user's own, the same for every process of that home.
 */
export function podmanSocket(home: string): string {
  const runtime = process.env['XDG_RUNTIME_DIR'];
  const uid = process.getuid?.() ?? 0;
  const folder = uid === 0 ? '/run/3bot' : runtime !== undefined && runtime.length < 60 ? join(runtime, '3bot') : `/tmp/3bot-${uid}`;
  return join(folder, `podman-${sha256Hex(home).slice(0, 12)}.sock`);
}

/**
 * Starts `podman system service` on the socket and waits until it answers.
 * @throws Problem `unreachable` when podman is missing or does not come up
 */
export async function startService(socket: string, signal: AbortSignal): Promise<Service> {
  const folder = dirname(socket);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const owner = await lstat(folder);
  // Whoever can write there could put up a podman of his own and be given every workload.
  if (!owner.isDirectory() || owner.uid !== process.getuid?.() || (owner.mode & 0o022) !== 0) {
    throw new Problem('unreachable', `the folder of podman's socket is open to others: ${folder}`, { hint: `chmod 700 ${folder}` });
  }
  await rm(socket, { force: true });
  const env = cleanEnvironment();
  // crun 1.8 refuses machines with hybrid cgroups; runc takes all.
  const runtime = (await isInstalled('runc', env)) ? ['--runtime', 'runc'] : [];
  // Detached: an interrupt at the terminal is for us, and we end it when we are done. Left behind by a kill, it ends when idle.
  // In its folder: with cgroups v1, conmon leaves an empty file "oom" where it was started.
  const child = spawn('podman', [...runtime, 'system', 'service', '--time', '300', `unix://${socket}`], { cwd: folder, env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.on('data', (part: Buffer) => {
    if (words.length < 4_096) words += part.toString('utf8');
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ENOENT' ? 'podman is not installed' : messageOf(error)));
    child.once('exit', (code) => resolve(oneLine(words) || `it ended with ${code}`));
  });
  let why: string | undefined;
  void ended.then((words) => (why = words));
  const service: Service = {
    async [Symbol.asyncDispose]() {
      child.stderr.destroy();
      if (why !== undefined) return;
      child.ref();
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await ended;
      clearTimeout(late);
      for (const file of [socket, join(folder, 'oom')]) await rm(file, { force: true });
    },
  };
  const deadline = Date.now() + RUNTIME_TIMEOUT_MS;
  while (!(await answers(socket))) {
    if (why === undefined && Date.now() < deadline && !signal.aborted) {
      await delay(25);
      continue;
    }
    await service[Symbol.asyncDispose]();
    if (signal.aborted) throw new Problem('interrupted', 'stopped while podman was starting');
    throw new Problem('unreachable', `podman's service does not start: ${why ?? 'it does not answer'}`, { reason: 'podman', hint: INSTALL_PODMAN });
  }
  child.unref();
  (child.stderr as unknown as { unref(): void }).unref();
  return service;
}

async function isInstalled(program: string, env: Record<string, string>): Promise<boolean> {
  for (const folder of (env['PATH'] ?? '').split(':')) {
    try {
      await access(join(folder, program), constants.X_OK);
      return true;
    } catch {
      // Not in this folder.
    }
  }
  return false;
}

async function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    connection.once('connect', () => resolve(true)).once('error', () => resolve(false));
    connection.once('connect', () => connection.destroy());
  });
}
