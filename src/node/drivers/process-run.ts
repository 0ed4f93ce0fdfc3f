// A command beside a workload of the driver `process`: same folder, same environment, bounded in time and output.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, Problem } from '../../base/errors.js';
import type { RunLimits, RunResult } from '../driver.js';
import type { ProcessSpec } from './process-files.js';

/** How long output may still come after the end. */
const LAST_WORDS_MS = 500;

/**
 * Runs words to their end; all of their group is killed when the time is over or the signal aborts.
 * @throws Problem `unreachable` (reason `timeout`), `interrupted`
 */
export async function runBeside({ folder, env }: Pick<ProcessSpec, 'folder' | 'env'>, [program = '', ...args]: readonly string[], { timeout_ms, max_bytes }: RunLimits, signal: AbortSignal): Promise<RunResult> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout_ms)]);
  const child = spawn(program, args, { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const parts: Buffer[] = [];
  let size = 0;
  const keep = (part: Buffer): void => {
    const kept = part.subarray(0, max_bytes - size);
    size += kept.length;
    parts.push(kept);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<{ exit_code: number; words?: string }>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ exit_code: error.code === 'EACCES' ? 126 : 127, words: messageOf(error) }));
    child.once('exit', (code, name) => resolve({ exit_code: code ?? 128 + (name === null ? 0 : constants.signals[name]) }));
  });
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Nobody is left in its group.
    }
  };
  const silent = new Promise((resolve) => child.once('close', resolve));
  limit.addEventListener('abort', kill, { once: true });
  if (limit.aborted) kill();
  const { exit_code, words } = await ended;
  limit.removeEventListener('abort', kill);
  // What it left behind ends with it; what left its group may hold the output open, and is not waited for.
  kill();
  await Promise.race([silent, delay(LAST_WORDS_MS)]);
  child.stdout.destroy();
  child.stderr.destroy();
  if (signal.aborted) throw new Problem('interrupted', 'stopped while running a command in a workload');
  if (limit.aborted) throw new Problem('unreachable', `${program} took longer than ${timeout_ms / 1_000} s`, { reason: 'timeout' });
  return { exit_code, output: words ?? Buffer.concat(parts).toString('utf8') };
}
