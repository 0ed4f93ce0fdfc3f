// One process of a home folder writes. The others work through its socket, or wait a moment for it to be done.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isProblem, Problem } from '../base/errors.js';
import { LOCK_WAIT_MS } from '../base/limits.js';
import { lockHome, runtimeFolder, runtimePath, type Home } from '../home.js';
import { Client } from './client.js';

const RETRY_MS = 25;

// The lock is the process's: a second grid of the same home shares it.
const held = new Map<string, { readonly lock: Disposable; users: number }>();

/** Where a daemon of this home folder listens. */
export function socketPath(home: Home): string {
  return join(runtimeFolder(home), 'bot.sock');
}

/**
 * Takes the one-writer lock, or finds the daemon that has it. A short command that has it is waited for.
 * @returns the lock, shared within this process; or the path of the daemon's socket
 * @throws Problem `busy` where neither happens within LOCK_WAIT_MS
 */
export async function takeHome(home: Home, signal: AbortSignal): Promise<Disposable | string> {
  const end = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    const lock = tryLock(home);
    if (!isProblem(lock)) return lock;
    // Only a daemon makes the folder; whoever looks checks whose it is.
    const socket = existsSync(runtimePath(home)) ? socketPath(home) : undefined;
    if (socket !== undefined && (await answers(socket, signal))) return socket;
    if (Date.now() > end) throw lock;
    await pause(RETRY_MS, undefined, { signal }).catch(() => {
      throw signal.reason;
    });
  }
}

/**
 * Takes the lock for what a running daemon must not miss: its grids, its keys.
 * @throws Problem `busy` where a daemon of this home runs
 */
export async function takeHomeAlone(home: Home, signal: AbortSignal): Promise<Disposable> {
  const taken = await takeHome(home, signal);
  if (typeof taken === 'string') throw new Problem('busy', `3bot runs already in ${home.path} (serve, node watch or dev)`, { reason: 'daemon', hint: 'stop it first, or use another home folder with --home' });
  return taken;
}

function tryLock(home: Home): Disposable | Problem {
  let entry = held.get(home.path);
  if (entry === undefined) {
    try {
      entry = { lock: lockHome(home), users: 0 };
    } catch (thrown) {
      if (isProblem(thrown, 'busy')) return thrown;
      throw thrown;
    }
    held.set(home.path, entry);
  }
  const taken = entry;
  taken.users += 1;
  let isGiven = false;
  return {
    [Symbol.dispose]() {
      if (isGiven) return;
      isGiven = true;
      taken.users -= 1;
      if (taken.users > 0) return;
      held.delete(home.path);
      taken.lock[Symbol.dispose]();
    },
  };
}

/** Whether a daemon of this home folder runs: `serve`, or `node watch`. */
export async function daemonAnswers(home: Home): Promise<boolean> {
  return existsSync(runtimePath(home)) && answers(socketPath(home), AbortSignal.timeout(2_000));
}

/** Whether a daemon answers on a socket. */
export async function answers(socket: string, signal: AbortSignal): Promise<boolean> {
  if (!existsSync(socket)) return false;
  await using client = new Client({ socket });
  try {
    await client.health(signal);
    return true;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return false;
  }
}
