// Steps under way: one at a time for each workload and each volume, all of them side by side, so that one that hangs
// delays no other. What failed waits before it is tried again.
import type { Clock } from '../base/clock.js';
import { effect } from '../base/effect.js';
import { isProblem, messageOf } from '../base/errors.js';
import { MAX_CONTRACT_STEPS, MAX_NODE_STEPS, MAX_REASON_CHARS, NODE_AWAY_RETRY_MS, NODE_RETRY_MS, NODE_STEP_TIMEOUT_MS } from '../base/limits.js';
import { oneLine } from './children.js';
import type { Driver, StartSpec } from './driver.js';
import type { Workload } from '../schema/types.js';
import type { Secrets } from './secrets/secrets.js';
import { Progress } from './report/progress.js';
import { attemptOf, keyOf, type Action, type Failure } from './plan/steps.js';
import type { Teller } from './report/tell.js';
import type { Volumes } from './volume.js';

/** What steps are carried out with. */
export interface QueueParts {
  readonly driver: Driver;
  readonly volumes: Volumes;
  /** Left out: this node takes none. */
  readonly secrets?: Secrets;
  /** Address of this machine on which workloads' ports are published. */
  readonly address: string;
  readonly clock: Clock;
  /** Ends every step; what it has begun is found again by the next watcher. */
  readonly signal: AbortSignal;
}

interface Step {
  readonly action: Action;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/** Carries out steps for one node; `onChange` is called whenever one has ended or shows something new. */
export class Queue {
  readonly #parts: QueueParts;
  readonly #teller: Teller;
  readonly #onChange: () => void;
  readonly #steps = new Map<string, Step>();
  readonly #progress: Progress;
  readonly #failures = new Map<string, Failure & { readonly tries: number }>();
  readonly #fetched = new Map<string, string>();

  constructor(parts: QueueParts, teller: Teller, onChange: () => void) {
    this.#parts = parts;
    this.#teller = teller;
    this.#onChange = onChange;
    this.#progress = new Progress(parts.clock);
  }

  /** What is under way now, by key. */
  get busy(): ReadonlyMap<string, Action['do']> {
    return new Map([...this.#steps].map(([key, { action }]) => [key, action.do]));
  }

  /** What downloads an image, by key, and how far it is. */
  get pulling(): ReadonlyMap<string, string> {
    return this.#progress.words;
  }

  get failures(): ReadonlyMap<string, Failure> {
    return this.#failures;
  }

  /** What was fetched last, by key: the attempt. */
  get fetched(): ReadonlyMap<string, string> {
    return this.#fetched;
  }

  /** Begins a step; where too many are under way it is left for a later round. Its key must not be busy. */
  begin(action: Action): void {
    const { signal: stop } = this.#parts;
    const key = keyOf(action);
    if (stop.aborted || this.#isFull(action)) return;
    const abort = new AbortController();
    const signal = AbortSignal.any([stop, abort.signal, AbortSignal.timeout(NODE_STEP_TIMEOUT_MS)]);
    const ended = this.#carryOut(action, signal)
      .then(
        () => {
          this.#failures.delete(key);
          if (action.do === 'fetch') this.#fetched.set(key, attemptOf(action));
          this.#teller.step(action);
        },
        (thrown: unknown) => {
          if (!stop.aborted && !abort.signal.aborted) this.#failed(action, thrown);
        },
      )
      .finally(() => {
        this.#steps.delete(key);
        this.#progress.forget(key);
        this.#onChange();
      });
    this.#steps.set(key, { action, abort, ended });
  }

  /** What ends never waits for what begins, nor one contract for the downloads of another. */
  #isFull(action: Action): boolean {
    const same = [...this.#steps.values()].filter((step) => isBeginning(step.action) === isBeginning(action));
    return same.length >= MAX_NODE_STEPS || (isBeginning(action) && same.filter((step) => step.action.contract === action.contract).length >= MAX_CONTRACT_STEPS);
  }

  /** Gives up what is under way at a key. */
  abandon(key: string): void {
    this.#steps.get(key)?.abort.abort();
  }

  /** Nothing of this contract is left. */
  forget(contract: string): void {
    for (const kept of [this.#failures, this.#fetched]) for (const key of kept.keys()) if (key === contract || key.startsWith(`${contract}/`)) kept.delete(key);
  }

  /** Returns when all that was begun has ended; the signal must have aborted. */
  async ended(): Promise<void> {
    await Promise.all([...this.#steps.values()].map((step) => step.ended));
  }

  async #carryOut(action: Action, signal: AbortSignal): Promise<void> {
    const { driver, volumes } = this.#parts;
    const { contract } = action;
    switch (action.do) {
      case 'volume':
        await volumes.ensure(contract, action.size_mib, signal);
        return;
      case 'fetch':
        return driver.fetch(await this.#specOf(action), signal);
      case 'start': {
        const spec = await this.#specOf(action);
        await effect('container_started', () => driver.start(spec, signal));
        return;
      }
      case 'stop':
        return driver.stop({ contract, workload: action.workload }, null, signal);
      case 'remove':
        return driver.remove({ contract, workload: action.workload }, signal);
      case 'wipe':
        return volumes.wipe(contract, signal);
    }
  }

  async #specOf(action: Extract<Action, { workload: Workload }>): Promise<StartSpec> {
    const { secrets, address } = this.#parts;
    const { contract, workload, limits, data } = action;
    const onPull = (done: number, total: number): void => {
      const { isNews, isDue } = this.#progress.note(keyOf(action), done, total);
      if (isNews) this.#teller.pulling(contract, workload.name, done, total);
      if (isDue) this.#onChange();
    };
    const placed = await secrets?.place(contract, workload);
    return { contract, workload, limits, data, address, onPull, ...(placed === undefined ? {} : { secrets: placed }) };
  }

  /**
   * A refusal is final; what broke is tried a few times, with growing pauses: also a full disk, since the data of a
   * contract that is over may be on its way out. A start whose registry is away is no fault of the workload, and is
   * not given up; nor are stopping and wiping.
   */
  #failed(action: Action, thrown: unknown): void {
    const key = keyOf(action);
    const attempt = attemptOf(action);
    const before = this.#failures.get(key);
    const tries = before?.attempt === attempt ? before.tries + 1 : 1;
    const refused = isProblem(thrown, 'refused') && thrown.reason !== 'other_spec' && thrown.reason !== 'disk';
    const pause = NODE_RETRY_MS[tries - 1];
    const away = action.do === 'start' && pause === undefined && (isProblem(thrown, 'unreachable') || isProblem(thrown, 'busy'));
    const again_ms = away ? NODE_AWAY_RETRY_MS : isBeginning(action) && (refused || pause === undefined) ? null : (pause ?? NODE_RETRY_MS.at(-1) ?? 0);
    const reason = oneLine(messageOf(thrown), MAX_REASON_CHARS);
    const at = this.#parts.clock();
    this.#failures.set(key, { attempt, tries, reason, at, refused, away, retry_at: again_ms === null ? null : at + again_ms });
    this.#teller.stepFailed(action, reason, again_ms);
  }
}

function isBeginning(action: Action): boolean {
  return action.do === 'start' || action.do === 'fetch' || action.do === 'volume';
}
