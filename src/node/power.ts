// Lets a machine sleep that has nothing to do: a hook of its owner's, after it was idle for long enough.
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { runHook } from '../hook.js';
import type { NodePower } from '../schema/types.js';
import type { WatchEvent } from './report/tell.js';
import type { Round } from './watch.js';

/** Watches rounds of one node. */
export class Sleeper {
  readonly #power: NodePower;
  readonly #node: string;
  readonly #tell: (event: WatchEvent) => void;
  readonly #signal: AbortSignal;
  #idle_since: number | null = null;
  #last = 0;

  constructor(power: NodePower, node: string, tell: (event: WatchEvent) => void, signal: AbortSignal) {
    this.#power = power;
    this.#node = node;
    this.#tell = tell;
    this.#signal = signal;
  }

  /** Runs the hook once nothing was to do for long enough; while it runs nothing else happens here. */
  async round({ time: { fresh, now }, machine, wanted }: Pick<Round, 'time' | 'machine' | 'wanted'>): Promise<void> {
    // A machine that wakes up has not been idle in between.
    const hasSlept = now - this.#last > this.#power.idle_ms;
    this.#last = now;
    const isIdle = fresh && wanted.length === 0 && machine.running.length === 0 && machine.volumes.size === 0;
    if (!isIdle || hasSlept || this.#idle_since === null) this.#idle_since = isIdle ? now : null;
    if (this.#idle_since === null || now - this.#idle_since < this.#power.idle_ms) return;
    this.#idle_since = null;
    try {
      await runHook(this.#power.sleep, { event: 'sleep', node: this.#node, idle_ms: this.#power.idle_ms }, this.#signal);
      this.#tell({ event: 'sleep', problem: null });
    } catch (thrown) {
      this.#tell({ event: 'sleep', problem: isProblem(thrown) ? thrown : new Problem('failed', messageOf(thrown)) });
    }
  }
}
