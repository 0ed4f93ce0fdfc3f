// The watcher: follow → what should run → what runs → difference → act → say. First start, restart and routine are
// this one loop, and nothing is torn down when it ends.
import type { Clock } from '../base/clock.js';
import { effect } from '../base/effect.js';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { MAX_NODE_STEPS, MAX_REASON_CHARS, NODE_RETRY_MS, NODE_STEP_TIMEOUT_MS, STOP_GRACE_MS } from '../base/limits.js';
import { freshness } from '../bcdb/copy.js';
import type { Reader } from '../bcdb/reader.js';
import type { Signer } from '../keys/ed25519.js';
import type { Grid } from '../net/grid.js';
import type { ContractObject } from '../rules/objects.js';
import type { NodeConfig } from '../schema/types.js';
import { oneLine } from './children.js';
import { desired, type BookTime, type Proof } from './desired.js';
import type { Driver } from './driver.js';
import { Heart } from './heart.js';
import { attemptOf, keyOf, plan, type Action, type Failure, type Machine } from './plan.js';
import { proveAgreement } from './proof.js';
import { Reporter } from './reporter.js';
import type { Taken } from './taken.js';
import { Teller, type WatchEvent } from './tell.js';
import type { Volumes } from './volume.js';

/** What a watcher is made of; who makes it disposes of the parts. */
export interface WatchParts {
  readonly grid: Grid;
  readonly config: NodeConfig;
  readonly driver: Driver;
  readonly volumes: Volumes;
  readonly taken: Taken;
  /** The node's own key. */
  readonly signer: Signer;
  /** Address of this machine on which workloads' ports are published. */
  readonly address: string;
  readonly clock: Clock;
  /** Ends the watcher; whatever runs goes on. */
  readonly signal: AbortSignal;
  readonly tell: (event: WatchEvent) => void;
}

interface Step {
  readonly step: Action['do'];
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/** What a node may conclude from its copy; a problem other than silence makes it "cannot read". */
export function bookTime(book: Reader, clock: Clock, problem: Problem | null = null): BookTime {
  const { fresh, time_ms } = freshness(book, clock);
  const readable = problem === null || problem.code === 'unreachable' || problem.code === 'busy';
  // Stamps are whole seconds; a line taken in later shows that the home's clock is further.
  return { fresh: fresh && readable, stamp: Math.max(time_ms, book.lastAt), now: clock(), size: book.size };
}

/** Contracts of which something was found on this machine. */
export function foundContracts(machine: Machine, taken: ReadonlyMap<string, unknown>): Set<string> {
  return new Set([...taken.keys(), ...machine.volumes.keys(), ...machine.running.map(({ contract }) => contract)]);
}

/** Watches for one node of one grid. Exactly one per node runs; the command sees to it. */
export class Watcher {
  readonly #parts: WatchParts;
  readonly #steps = new Map<string, Step>();
  readonly #pulling = new Set<string>();
  readonly #failures = new Map<string, Failure & { readonly tries: number }>();
  readonly #proven = new Map<string, Proof>();
  readonly #teller: Teller;
  readonly #reporter: Reporter;
  readonly #heart: Heart;
  #woken = false;
  #wake: () => void = () => undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#teller = new Teller(parts.tell);
    this.#reporter = new Reporter(parts.grid, parts.signer, parts.clock, this.#teller);
    this.#heart = new Heart(parts.grid, parts.signer, parts.clock, this.#teller);
  }

  /**
   * Rounds until nothing is under way and nothing is left to do or say, but for what has to wait for a later look.
   * @throws Problem what stood in the way in the last round: `unreachable` when the home or the runtime does not answer
   */
  async once(): Promise<void> {
    for (;;) {
      const { quiet, wait_ms, problem } = await this.#round();
      this.#parts.signal.throwIfAborted();
      if (quiet || (problem !== null && this.#steps.size === 0)) {
        if (problem !== null) throw problem;
        return;
      }
      await this.#pause(wait_ms ?? NODE_STEP_TIMEOUT_MS);
    }
  }

  /** Rounds until the signal ends, at least one every `interval_ms`, and at once when something has ended or `wake` was called. */
  async forever(interval_ms: number): Promise<void> {
    while (!this.#parts.signal.aborted) {
      const { wait_ms } = await this.#round();
      await this.#pause(Math.min(interval_ms, wait_ms ?? interval_ms));
    }
    // Steps end with the signal; what they have begun is found again by the next watcher.
    await Promise.all([...this.#steps.values()].map(({ ended }) => ended));
  }

  /** Something may have changed: the next round begins at once. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** One look and what follows from it. `wait_ms`: the next round is due no later; `problem`: what stood in the way. */
  async #round(): Promise<{ quiet: boolean; wait_ms: number | null; problem: Problem | null }> {
    const { grid, config, clock, taken } = this.#parts;
    const reading = await this.#follow();
    // What ends while the machine is looked at may show as it was before: it is left alone until the next look.
    const busy = new Map([...this.#steps].map(([key, { step }]) => [key, step]));
    const machine = await this.#look();
    // From here to the plan without a pause: clock, state and proofs of one and the same moment of the copy.
    const time = bookTime(grid.reader, clock, reading);
    this.#teller.book(time, reading);
    if (isProblem(machine)) return { quiet: false, wait_ms: null, problem: machine };

    const known = taken.all();
    const wanted = desired(grid.reader, config, time, foundContracts(machine, known), (contract) => this.#prove(contract));
    const next = plan(wanted, machine, { busy, pulling: this.#pulling, failures: this.#failures, taken: known }, time);
    for (const contract of next.over) if ((known.get(contract) ?? null) === null) taken.over(contract, time);
    for (const key of next.abandon) this.#steps.get(key)?.abort.abort();
    for (const ref of next.strangers) this.#teller.stranger(ref);
    // Before anything is made for it, so that what is made is found again.
    for (const { contract, phase } of wanted) if (phase === 'run' && time.fresh && !known.has(contract)) taken.add(contract);
    for (const action of next.actions) this.#begin(action);
    const said = await this.#reporter.say(next.reports);
    const problem = said.problem ?? (await this.#heart.beat(time)) ?? reading;
    for (const contract of next.done) this.#forget(contract);
    // What was under way when the machine was looked at may have ended since: then there is another look to take.
    const quiet = next.actions.length === 0 && next.retry_at === null && !said.again && busy.size === 0 && this.#steps.size === 0 && problem === null;
    const next_at = Math.min(next.retry_at ?? Infinity, this.#heart.due ?? Infinity);
    const wait_ms = said.again ? 0 : next_at === Infinity ? null : Math.max(0, next_at - clock());
    return { quiet, wait_ms, problem };
  }

  /** The home away is a normal state: what it is then allowed to do follows from how old the copy is. */
  async #follow(): Promise<Problem | null> {
    try {
      await this.#parts.grid.refresh();
      return null;
    } catch (thrown) {
      return isProblem(thrown) ? thrown : new Problem('failed', messageOf(thrown), { cause: thrown });
    }
  }

  async #look(): Promise<Machine | Problem> {
    const { driver, volumes, signal } = this.#parts;
    try {
      const [running, there] = await Promise.all([driver.list(signal), volumes.list()]);
      this.#teller.runtime(null);
      return { running, volumes: new Map(there.map((volume) => [volume.contract, volume])), growsInUse: volumes.growsInUse };
    } catch (thrown) {
      const problem = isProblem(thrown) ? thrown : new Problem('failed', messageOf(thrown), { cause: thrown });
      if (!signal.aborted) this.#teller.runtime(problem);
      return problem;
    }
  }

  /** Once for each agreement: its record never changes. A proof that does not hold is tried again. */
  #prove(contract: ContractObject): Proof {
    const before = this.#proven.get(contract.record);
    if (before !== undefined) return before;
    const { grid } = this.#parts;
    const proof = proveAgreement(grid.reader, grid.id, contract);
    if (proof.checks.every(({ ok }) => ok)) this.#proven.set(contract.record, proof);
    return proof;
  }

  #begin(action: Action): void {
    const key = keyOf(action);
    if (this.#steps.size >= MAX_NODE_STEPS || this.#parts.signal.aborted) return;
    const abort = new AbortController();
    const signal = AbortSignal.any([this.#parts.signal, abort.signal, AbortSignal.timeout(NODE_STEP_TIMEOUT_MS)]);
    const ended = this.#carryOut(action, signal)
      .then(
        () => {
          this.#failures.delete(key);
          this.#teller.step(action);
        },
        (thrown: unknown) => {
          if (!this.#parts.signal.aborted && !abort.signal.aborted) this.#failed(action, thrown);
        },
      )
      .finally(() => {
        this.#steps.delete(key);
        this.#pulling.delete(key);
        this.wake();
      });
    this.#steps.set(key, { step: action.do, abort, ended });
  }

  async #carryOut(action: Action, signal: AbortSignal): Promise<void> {
    const { driver, volumes, address } = this.#parts;
    const { contract } = action;
    switch (action.do) {
      case 'volume':
        await volumes.ensure(contract, action.size_mib, signal);
        return;
      case 'start': {
        const onPull = () => {
          this.#pulling.add(keyOf(action));
          this.wake();
        };
        await effect('container_started', () => driver.start({ contract, workload: action.workload, limits: action.limits, data: action.data, address, onPull }, signal));
        return;
      }
      case 'stop':
        return driver.stop({ contract, workload: action.workload }, STOP_GRACE_MS, signal);
      case 'remove':
        return driver.remove({ contract, workload: action.workload }, signal);
      case 'wipe':
        return volumes.wipe(contract, signal);
    }
  }

  /**
   * A refusal is final; what broke is tried a few times, with growing pauses: also a full disk, since the data of a
   * contract that is over may be on its way out. Stopping and wiping are never given up.
   */
  #failed(action: Action, thrown: unknown): void {
    const key = keyOf(action);
    const attempt = attemptOf(action);
    const before = this.#failures.get(key);
    const tries = before?.attempt === attempt ? before.tries + 1 : 1;
    const beginning = action.do === 'start' || action.do === 'volume';
    const refused = isProblem(thrown, 'refused') && thrown.reason !== 'other_spec' && thrown.reason !== 'disk';
    const pause = NODE_RETRY_MS[tries - 1];
    const again_ms = beginning && (refused || pause === undefined) ? null : (pause ?? NODE_RETRY_MS.at(-1) ?? 0);
    const reason = oneLine(messageOf(thrown), MAX_REASON_CHARS);
    this.#failures.set(key, { attempt, tries, reason, retry_at: again_ms === null ? null : this.#parts.clock() + again_ms });
    this.#teller.stepFailed(action, reason, again_ms);
  }

  #forget(contract: string): void {
    this.#parts.taken.drop(contract);
    this.#reporter.forget(contract);
    for (const key of this.#failures.keys()) if (key === contract || key.startsWith(`${contract}/`)) this.#failures.delete(key);
  }

  async #pause(wait_ms: number): Promise<void> {
    const { signal } = this.#parts;
    if (!this.#woken && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait_ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', this.#wake, { once: true });
      });
      signal.removeEventListener('abort', this.#wake);
      this.#wake = () => undefined;
    }
    this.#woken = false;
  }
}
