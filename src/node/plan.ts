// What to do next: what should run against what really runs. Pure.
//
//   fresh  phase     has                   →  does
//   no     any       anything              →  nothing at all: "cannot read" is not "deleted"
//   yes    run       no volume, not held   →  make the volume
//                    no volume, held       →  make and start nothing: an empty one would look like the consumer's. Say failed
//                    volume not mounted    →  mount it
//                    volume too small      →  let it grow; what runs goes on, or is stopped first and started again
//                    volume, not held      →  say held
//                    nothing               →  start, unless it was said to have ended or failed
//                    stopped for a pause   →  remove, then start: it is paid for again
//                    another spec          →  stop, remove, then start
//                    what is not listed    →  stop, remove
//          refused   anything              →  keep, begin nothing; not held yet: say failed and why
//          paused    running               →  stop; data stays
//          over      running               →  stop
//                    stopped, retention over, second look   →  remove, then wipe, then say released
//          unclear   anything              →  keep, begin nothing
//          unknown   anything              →  keep, tell the owner
import type { WorkloadStatus } from '../rules/objects.js';
import type { PublishedPort, Run, Workload } from '../schema/types.js';
import type { BookTime, Desired, Task } from './desired.js';
import { specDigest, type Limits, type Ref, type Running } from './driver.js';
import type { Volume } from './volume.js';

/** What is on this machine. */
export interface Machine {
  readonly running: readonly Running[];
  /** Contract to its volume. */
  readonly volumes: ReadonlyMap<string, Pick<Volume, 'path' | 'size_mib'>>;
  /** Whether a volume can grow while it is used. */
  readonly growsInUse: boolean;
}

/** A checkpoint that showed a contract to be over. */
export interface Look {
  readonly size: number;
  readonly stamp: number;
}

/** Why an attempt failed. */
export interface Failure {
  /** What was attempted, by `attemptOf`: another attempt at the same key is not held back. */
  readonly attempt: string;
  readonly reason: string;
  /** When to try again, ms since 1970; null: never. */
  readonly retry_at: number | null;
}

/** What the watcher knows beyond book and machine. Keys are those of `keyOf`. */
export interface Memory {
  /** What is under way. */
  readonly busy: ReadonlyMap<string, Action['do']>;
  /** Which of it downloads an image. */
  readonly pulling: ReadonlySet<string>;
  readonly failures: ReadonlyMap<string, Failure>;
  /** Contracts taken on that are not released yet, with the first look that showed each to be over. */
  readonly taken: ReadonlyMap<string, Look | null>;
}

/** A step on this machine. Each is safe to repeat. */
export type Action =
  | { readonly do: 'volume'; readonly contract: string; readonly size_mib: number }
  | { readonly do: 'start'; readonly contract: string; readonly workload: Workload; readonly limits: Limits; readonly data: string | null }
  | { readonly do: 'stop' | 'remove'; readonly contract: string; readonly workload: string }
  | { readonly do: 'wipe'; readonly contract: string };

/** Something for the book: body of a run record but for the time it was observed. */
export interface Report extends Omit<Run, 'observed_ms'> {
  readonly contract: string;
}

/** What follows from one look. */
export interface Plan {
  readonly actions: readonly Action[];
  readonly reports: readonly Report[];
  /** Under way, but for a contract that is over: to be given up. */
  readonly abandon: readonly string[];
  /** Contracts that this look showed to be over. */
  readonly over: readonly string[];
  /** Contracts of which nothing is left to do or to say. */
  readonly done: readonly string[];
  /** Of contracts that the book does not know: left alone. */
  readonly strangers: readonly Ref[];
  /** When an attempt is to be repeated, ms since 1970; null: none is. */
  readonly retry_at: number | null;
}

/** What a step works on, and only one at a time: a contract's volume (its id), or one workload (`id/name`). */
export function keyOf(action: Action): string {
  switch (action.do) {
    case 'volume':
    case 'wipe':
      return action.contract;
    case 'start':
      return `${action.contract}/${action.workload.name}`;
    default:
      return `${action.contract}/${action.workload}`;
  }
}

/** Names a step among those on the same key; a start also by what is started. */
export function attemptOf(action: Action): string {
  return action.do === 'start' ? `start ${specDigest(action)}` : action.do;
}

/** Why a held contract has failed as a whole. */
const VOLUME_GONE = 'its volume is not on this machine any more; nothing is started without it, and no empty one is made in its place';

/** What is said of a workload that is stopped because nobody pays; it is how the next watcher knows to start it again. */
const STOPPED_FOR_PAUSE = 'stopped: the contract is paused';

/** The next steps; run it again after they are done. */
export function plan(wanted: readonly Desired[], machine: Machine, memory: Memory, time: BookTime): Plan {
  const draft = new Draft(machine, memory, time);
  if (time.fresh) for (const contract of wanted) draft.contract(contract);
  return draft;
}

class Draft implements Plan {
  readonly actions: Action[] = [];
  readonly reports: Report[] = [];
  readonly abandon: string[] = [];
  readonly over: string[] = [];
  readonly done: string[] = [];
  readonly strangers: Ref[] = [];
  retry_at: number | null = null;
  readonly #machine: Machine;
  readonly #memory: Memory;
  readonly #time: BookTime;
  readonly #running = new Map<string, Running[]>();

  constructor(machine: Machine, memory: Memory, time: BookTime) {
    this.#machine = machine;
    this.#memory = memory;
    this.#time = time;
    for (const running of machine.running) this.#running.set(running.contract, [...(this.#running.get(running.contract) ?? []), running]);
  }

  contract(wanted: Desired): void {
    const here = this.#running.get(wanted.contract) ?? [];
    switch (wanted.phase) {
      case 'run':
        this.#run(wanted, here);
        break;
      case 'refused':
        this.#observe(wanted, here);
        if (!wanted.held) this.#sayFailed(wanted, wanted.checks.find(({ ok }) => !ok)?.evidence ?? 'refused');
        break;
      case 'paused':
        this.#end(wanted, here);
        break;
      case 'over':
        this.#end(wanted, here);
        this.#clear(wanted, here);
        break;
      case 'unclear':
        break;
      case 'unknown':
        this.strangers.push(...here.map(({ contract, workload }) => ({ contract, workload })));
    }
  }

  #run(wanted: Desired, here: readonly Running[]): void {
    const { contract, volume_mib, tasks, held } = wanted;
    if (this.#grows(wanted, here)) return;
    this.#observe(wanted, here);
    for (const running of here) if (!isWanted(tasks, running)) this.#replace(running);
    const volume = this.#machine.volumes.get(contract);
    const data = volume_mib > 0 ? (volume?.path ?? null) : null;
    if (volume_mib > 0 && held && volume === undefined) {
      // Its disk may not be mounted; when it is back, the contract goes on.
      this.#sayFailed(wanted, VOLUME_GONE);
      return;
    }
    if (volume_mib > 0 && data === null) {
      const failed = this.#act({ do: 'volume', contract, size_mib: volume_mib });
      if (failed !== null && held) for (const task of tasks) this.#runTask(wanted, { ...task, refusal: task.refusal ?? failed }, here, null);
      if (failed !== null && !held) this.#sayFailed(wanted, failed);
      return;
    }
    if (!held) {
      this.#say({ contract, workload: null, state: 'held', reason: null, exit_code: null, ports: [] });
      return;
    }
    for (const task of tasks) this.#runTask(wanted, task, here, data);
  }

  /**
   * Lets a volume grow that an amendment made larger.
   * @returns true where nothing else may be done on the contract until that is over
   */
  #grows(wanted: Desired, here: readonly Running[]): boolean {
    const { contract, volume_mib, held } = wanted;
    const size_mib = this.#machine.volumes.get(contract)?.size_mib ?? null;
    if (!held || size_mib === null || size_mib >= volume_mib) return false;
    const { growsInUse } = this.#machine;
    const isGivenUp = this.#memory.failures.get(contract)?.retry_at === null;
    if (!growsInUse && here.length > 0 && !isGivenUp) {
      // Stopped and taken away, which is not said: it is started again as soon as the volume has grown.
      for (const running of here) this.#replace(running);
      return true;
    }
    const failed = this.#act({ do: 'volume', contract, size_mib: volume_mib });
    if (failed !== null) this.#sayFailed(wanted, failed);
    return failed === null && !growsInUse;
  }

  #runTask({ contract, said }: Desired, { workload, limits, refusal }: Task, here: readonly Running[], data: string | null): void {
    const present = here.find((running) => running.workload === workload.name);
    const status = said?.workloads.find(({ name }) => name === workload.name);
    const last = status?.state;
    const isResumed = wasStoppedForPause(status);
    if (isResumed && present !== undefined && present.state !== 'running') {
      this.#replace(present);
      return;
    }
    // Made but never started, as after a restart of the machine, counts as not there.
    if (present !== undefined && present.state !== 'created') return;
    // What ended by itself is not run again: only a new list of workloads does that.
    if (!isResumed && (last === 'exited' || last === 'failed')) return;
    const failed = refusal ?? this.#act({ do: 'start', contract, workload, limits, data });
    if (failed !== null) this.#say({ contract, workload: workload.name, state: 'failed', reason: failed, exit_code: null, ports: [] });
    else if (last === undefined && this.#memory.pulling.has(`${contract}/${workload.name}`)) {
      this.#say({ contract, workload: workload.name, state: 'pulling', reason: null, exit_code: null, ports: [] });
    }
  }

  #replace({ contract, workload, state }: Running): void {
    this.#act({ do: state === 'running' ? 'stop' : 'remove', contract, workload });
  }

  /** Says how the workloads of the list are. */
  #observe({ contract, held, tasks, said }: Desired, here: readonly Running[]): void {
    if (!held) return;
    for (const running of here) {
      const { workload, state, exit_code } = running;
      if (state === 'created' || !isWanted(tasks, running)) continue;
      const ports = state === 'running' ? sorted(running.ports) : [];
      const last = said?.workloads.find(({ name }) => name === workload);
      // However it ended, we ended it, and it is about to be started again.
      if (state !== 'running' && wasStoppedForPause(last)) continue;
      if (last?.state === state && last.exit_code === exit_code && JSON.stringify(sorted(last.ports)) === JSON.stringify(ports)) continue;
      this.#say({ contract, workload, state, reason: running.reason, exit_code, ports });
    }
  }

  /** No workload may run any more. */
  #end({ contract, tasks, said, phase, held }: Desired, here: readonly Running[]): void {
    for (const [key, step] of this.#busyWith(contract)) if (step === 'start' || step === 'volume') this.abandon.push(key);
    for (const running of here) {
      const { workload, state, exit_code } = running;
      const last = said?.workloads.find(({ name }) => name === workload)?.state;
      if (state === 'running') this.#act({ do: 'stop', contract, workload });
      else if (state !== 'created' && held && last !== 'exited' && last !== 'failed' && isWanted(tasks, running)) {
        // However it ended: we ended it.
        this.#say({ contract, workload, state: 'exited', reason: phase === 'paused' ? STOPPED_FOR_PAUSE : 'stopped: the contract is over', exit_code, ports: [] });
      }
    }
  }

  /** Takes away what is left, once the retention is over and a later checkpoint has shown again that it may. */
  #clear({ contract, keep_until, held, said }: Desired, here: readonly Running[]): void {
    const isHere = here.length > 0 || this.#machine.volumes.has(contract) || this.#memory.taken.has(contract);
    // Released before, or never held: it may stand among the node's allocations for long.
    if (!isHere && (!held || said?.state === 'released')) return;
    this.over.push(contract);
    const first = this.#memory.taken.get(contract) ?? null;
    const again = first !== null && (this.#time.size > first.size || this.#time.stamp > first.stamp);
    if (!again || Math.min(this.#time.now, this.#time.stamp) < keep_until) return;
    if (here.some(({ state }) => state === 'running') || this.#busyWith(contract).length > 0) return;
    for (const { workload } of here) this.#act({ do: 'remove', contract, workload });
    if (here.length > 0) return;
    if (this.#machine.volumes.has(contract)) this.#act({ do: 'wipe', contract });
    else if (held && said?.state !== 'released') this.#say({ contract, workload: null, state: 'released', reason: null, exit_code: null, ports: [] });
    else this.done.push(contract);
  }

  #busyWith(contract: string): [string, Action['do']][] {
    return [...this.#memory.busy].filter(([key]) => key === contract || key.startsWith(`${contract}/`));
  }

  #sayFailed({ contract, said }: Desired, reason: string): void {
    if (said?.state !== 'failed') this.#say({ contract, workload: null, state: 'failed', reason, exit_code: null, ports: [] });
  }

  /** Plans a step, unless one is under way on the same or it has to wait; the reason where it failed for good. */
  #act(action: Action): string | null {
    const key = keyOf(action);
    if (this.#memory.busy.has(key)) return null;
    const failure = this.#memory.failures.get(key);
    if (failure?.attempt === attemptOf(action)) {
      if (failure.retry_at === null) return failure.reason;
      if (failure.retry_at > this.#time.now) {
        this.retry_at = Math.min(this.retry_at ?? Infinity, failure.retry_at);
        return null;
      }
    }
    this.actions.push(action);
    return null;
  }

  #say(report: Report): void {
    this.reports.push(report);
  }
}

function wasStoppedForPause(status: WorkloadStatus | undefined): boolean {
  return status?.state === 'exited' && status.reason === STOPPED_FOR_PAUSE;
}

function isWanted(tasks: readonly Task[], running: Running): boolean {
  return tasks.some(({ workload, limits }) => workload.name === running.workload && specDigest({ workload, limits }) === running.digest);
}

function sorted(ports: readonly PublishedPort[]): PublishedPort[] {
  return ports.map(({ container, host }) => ({ container, host })).sort((a, b) => a.container - b.container || a.host - b.host);
}
