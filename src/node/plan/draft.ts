// A plan while it is made: what is known, and the two things that can come of it, a step and a report.
import type { Problem } from '../../base/errors.js';
import type { BookTime, Desired } from './desired.js';
import type { Ref, Running } from '../driver.js';
import type { Checked } from '../life/health.js';
import type { Life } from '../life/life.js';
import { attemptOf, keyOf, type Action, type Failure, type Report } from './steps.js';
import type { Volume } from '../volume.js';

/** What is on this machine. */
export interface Machine {
  readonly running: readonly Running[];
  /** Contract to its volume. */
  readonly volumes: ReadonlyMap<string, Pick<Volume, 'path' | 'size_mib'>>;
  /** Whether a volume can grow while it is used. */
  readonly growsInUse: boolean;
  /** Why the disk of the volumes is not here, and `volumes` means nothing; null or left out: it is here. */
  readonly missing?: Problem | null;
}

/** A checkpoint that showed a contract to be over. */
export interface Look {
  readonly size: number;
  readonly stamp: number;
}

/** Why a workload is not started yet. */
export interface Wait {
  readonly reason: string;
  /** Whether the book is told: it is not over in a moment. */
  readonly isSaid: boolean;
}

/** What the watcher knows beyond book and machine. Keys are those of `keyOf`. */
export interface Memory {
  /** What is under way. */
  readonly busy: ReadonlyMap<string, Action['do']>;
  /** Which of it downloads an image, and how far that is. */
  readonly pulling: ReadonlyMap<string, string>;
  readonly failures: ReadonlyMap<string, Failure>;
  /** Updates whose image is here before what runs is stopped, by key: the attempt. */
  readonly fetched: ReadonlyMap<string, string>;
  /** What is remembered of each workload, by `contract/name`. */
  readonly lives: ReadonlyMap<string, Life>;
  /** What its checks say of each workload that has them and runs, by `contract/name`. */
  readonly health: ReadonlyMap<string, Checked>;
  /** When something was said last of a workload since this watcher began, by `contract/name`, ms since 1970. */
  readonly spoken: ReadonlyMap<string, number>;
  /** Workloads whose network is not there, or a secret: not started, and not failed either. */
  readonly waiting: ReadonlyMap<string, Wait>;
  /** Contracts taken on that are not released yet, with the first look that showed each to be over. */
  readonly taken: ReadonlyMap<string, Look | null>;
}

/** What follows from one look. */
export interface Plan {
  readonly actions: readonly Action[];
  readonly reports: readonly Report[];
  /** Under way, but for a contract that is over: to be given up. */
  readonly abandon: readonly string[];
  /** Contracts that this look showed to be over. */
  readonly over: readonly string[];
  /** Contracts that an earlier look showed to be over, and this one does not: the second look begins anew. */
  readonly notOver: readonly string[];
  /** Contracts of which nothing is left to do or to say. */
  readonly done: readonly string[];
  /** Of contracts that the book does not know: left alone. */
  readonly strangers: readonly Ref[];
  /** What is to be remembered from now on, by `contract/name`; before any step begins. */
  readonly lives: ReadonlyMap<string, Life>;
  /** When an attempt is to be repeated, ms since 1970; null: none is. */
  readonly retry_at: number | null;
  /** When time alone changes something, ms since 1970; null: it does not. */
  readonly look_at: number | null;
}

/** Collects a plan. */
export class Draft implements Plan {
  readonly actions: Action[] = [];
  readonly reports: Report[] = [];
  readonly abandon: string[] = [];
  readonly over: string[] = [];
  readonly notOver: string[] = [];
  readonly done: string[] = [];
  readonly strangers: Ref[] = [];
  readonly lives = new Map<string, Life>();
  retry_at: number | null = null;
  look_at: number | null = null;
  readonly machine: Machine;
  readonly memory: Memory;
  readonly time: BookTime;
  readonly #running = new Map<string, Running[]>();

  constructor(machine: Machine, memory: Memory, time: BookTime) {
    this.machine = machine;
    this.memory = memory;
    this.time = time;
    for (const running of machine.running) this.#running.set(running.contract, [...(this.#running.get(running.contract) ?? []), running]);
  }

  /** What is on this machine of a contract. */
  of(contract: string): readonly Running[] {
    return this.#running.get(contract) ?? [];
  }

  /** What is remembered of a workload, as far as this plan has come. */
  life(contract: string, workload: string): Life | undefined {
    const key = `${contract}/${workload}`;
    return this.lives.get(key) ?? this.memory.lives.get(key);
  }

  /** Remembers it; nothing where it is as before. */
  remember(contract: string, workload: string, life: Life): void {
    if (life !== this.life(contract, workload)) this.lives.set(`${contract}/${workload}`, life);
  }

  /** Another look is due then. */
  lookAt(at: number): void {
    this.look_at = Math.min(this.look_at ?? Infinity, at);
  }

  /**
   * Plans a step, unless one is under way on the same or it has to wait; the reason where it failed for good.
   * @param since failures before that are forgotten
   */
  act(action: Action, since = 0): string | null {
    const key = keyOf(action);
    if (this.memory.busy.has(key)) return null;
    const failure = this.memory.failures.get(key);
    if (failure?.attempt === attemptOf(action) && failure.at > since) {
      if (failure.retry_at === null) return failure.reason;
      if (failure.retry_at > this.time.now && failure.away === true) {
        // Nobody who takes one look waits for that.
        this.lookAt(failure.retry_at);
        return null;
      }
      if (failure.retry_at > this.time.now) {
        this.retry_at = Math.min(this.retry_at ?? Infinity, failure.retry_at);
        return null;
      }
    }
    this.actions.push(action);
    return null;
  }

  /** Stops what runs, removes what does not: after two looks it is gone. */
  takeAway({ contract, workload, state }: Running): void {
    this.act({ do: state === 'running' ? 'stop' : 'remove', contract, workload });
  }

  /** Says something of a contract as a whole, or of a workload. */
  say(contract: string, workload: string | null, state: Report['state'], said: Partial<Omit<Report, 'contract' | 'workload' | 'state'>> = {}): void {
    this.reports.push({ contract, workload, state, reason: null, exit_code: null, ports: [], ...said });
  }

  /** Says that a contract as a whole has failed, once. */
  sayFailed({ contract, said }: Desired, reason: string): void {
    if (said?.state !== 'failed') this.say(contract, null, 'failed', { reason });
  }

  /** Keys of a contract on which something is under way. */
  busyWith(contract: string): [string, Action['do']][] {
    return [...this.memory.busy].filter(([key]) => key === contract || key.startsWith(`${contract}/`));
  }
}
