// Keeps a watcher running, and tries new releases on it.
//
//        ┌──────── ended: started again, after a growing pause ────────┐
//        ▼                                                             │
//   start ──▶ watcher runs ───────────────────────────────────────────┘
//        ▲         │ a release is asked for: stop, note trial, switch, start
//        │         ▼
//        │     on trial ──▶ says that it is healthy in time: it stays
//        └──────── ended, or silent for too long: switched back, and said why
//
// Ending the watcher ends no workload, so those run through all of it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../base/clock.js';
import { MAX_RESTART_MS, MIN_RESTART_MS, SUPERVISE_POLL_MS, WATCHER_STOP_MS } from '../../base/limits.js';
import type { Releases } from './releases.js';

/** What a watcher tells its supervisor, once: it has done a whole round. */
export const HEALTHY = { event: 'healthy' } as const;

/** What happens to a watcher. */
export type SuperviseEvent =
  | { readonly event: 'started'; readonly version: string; readonly trial: boolean }
  | { readonly event: 'ended'; readonly how: string; readonly again_ms: number }
  | { readonly event: 'healthy'; readonly version: string }
  | { readonly event: 'rolled_back'; readonly version: string; readonly reason: string; readonly to: string };

/** What a supervisor is made of. */
export interface SuperviseParts {
  readonly releases: Releases;
  /** Program that was installed. */
  readonly base: string;
  /** Arguments of the watcher. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** How long a release on trial may take until it is healthy. */
  readonly trial_ms: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tell: (event: SuperviseEvent) => void;
}

/** Runs until the signal ends, which ends the watcher, too. */
export async function supervise(parts: SuperviseParts): Promise<void> {
  const { releases, signal, tell, clock } = parts;
  rolledBack(parts, 'the supervisor ended during its trial');
  for (let wait_ms = MIN_RESTART_MS; !signal.aborted; ) {
    const began = clock();
    const child = new Watched(parts);
    tell({ event: 'started', version: releases.version, trial: releases.state.trial !== null });
    if (releases.state.trial !== null) {
      const verdict = await Promise.race([child.healthy, child.ended, silence(parts, child), aborted(signal)]);
      if (signal.aborted || verdict === null) {
        await child.stop();
        if (signal.aborted) return;
        continue;
      }
      if (verdict !== HEALTHY.event) {
        await child.stop();
        rolledBack(parts, `it ${verdict}`);
        continue;
      }
      releases.settle(clock());
      tell({ event: 'healthy', version: releases.version });
    }
    await Promise.race([child.ended, asked(releases, signal, child)]);
    const how = child.isOver ? await child.ended : 'was stopped';
    await child.stop();
    if (signal.aborted) return;
    const version = releases.asked();
    if (version !== null) {
      releases.begin(version);
      continue;
    }
    // What ran well for long is no crash loop.
    wait_ms = clock() - began > MAX_RESTART_MS ? MIN_RESTART_MS : Math.min(MAX_RESTART_MS, wait_ms * 2);
    tell({ event: 'ended', how, again_ms: wait_ms });
    await pause(wait_ms, undefined, { signal }).catch(() => undefined);
  }
}

function rolledBack({ releases, clock, tell }: SuperviseParts, reason: string): void {
  const outcome = releases.rollBack(reason, clock());
  if (outcome !== null) tell({ event: 'rolled_back', version: outcome.version, reason, to: releases.version });
}

/** A watcher's process. */
class Watched {
  readonly #process: ChildProcess;
  /** Once it has done a whole round. */
  readonly healthy: Promise<'healthy'>;
  /** How it ended, in words. */
  readonly ended: Promise<string>;
  isOver = false;

  constructor({ releases, base, args, env }: SuperviseParts) {
    this.#process = spawn(process.execPath, [releases.program ?? base, ...args], { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.healthy = new Promise((resolve) => this.#process.once('message', () => resolve(HEALTHY.event)));
    this.ended = new Promise((resolve) => {
      this.#process.once('error', (error) => resolve(`could not be started: ${error.message}`));
      this.#process.once('exit', (code, signal) => resolve(signal === null ? `ended with exit code ${code ?? 0}` : `was ended by ${signal}`));
    });
    void this.ended.then(() => (this.isOver = true));
  }

  /** Ends it: asked first, killed after a while. */
  async stop(): Promise<void> {
    if (this.isOver) return;
    this.#process.kill('SIGTERM');
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), WATCHER_STOP_MS);
    await this.ended;
    clearTimeout(kill);
  }
}

/** Null when the watcher has ended meanwhile, or nobody waits any more. */
async function silence({ trial_ms, signal }: SuperviseParts, child: Watched): Promise<string | null> {
  const over = new AbortController();
  void child.ended.then(() => over.abort());
  try {
    await pause(trial_ms, undefined, { signal: AbortSignal.any([signal, over.signal]) });
    return `was not healthy within ${trial_ms / 1_000} s`;
  } catch {
    return child.ended;
  }
}

/** Resolves when a release is asked for, or the signal ends. */
async function asked(releases: Releases, signal: AbortSignal, child: Watched): Promise<null> {
  while (!signal.aborted && !child.isOver && releases.asked() === null) await pause(SUPERVISE_POLL_MS, undefined, { signal }).catch(() => undefined);
  return null;
}

async function aborted(signal: AbortSignal): Promise<null> {
  if (!signal.aborted) await once(signal, 'abort');
  return null;
}
