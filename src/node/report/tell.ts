// What a watcher tells its owner: what changes, each once.
import type { Problem } from '../../base/errors.js';
import type { BookTime } from '../plan/desired.js';
import type { Ref } from '../driver.js';
import type { LookEvent } from '../inside/inside.js';
import type { Action, Report } from '../plan/steps.js';

/** A part of the machine that a round depends on. */
export type Part = 'runtime' | 'volumes' | 'networks' | 'secrets' | 'gateway';

/** Something that has changed. */
export type WatchEvent =
  /** The book can be believed, or no longer. */
  | { readonly event: 'book'; readonly fresh: boolean; readonly lines: number; readonly age_ms: number; readonly problem: Problem | null }
  /** Works again (null), or does not. */
  | { readonly event: Part; readonly problem: Problem | null }
  | { readonly event: 'step'; readonly step: Action['do']; readonly contract: string; readonly workload: string | null }
  /** again_ms null: it is not tried again. */
  | { readonly event: 'step_failed'; readonly step: Action['do']; readonly contract: string; readonly workload: string | null; readonly reason: string; readonly again_ms: number | null }
  /** An image is fetched; bytes. */
  | { readonly event: 'pulling'; readonly contract: string; readonly workload: string; readonly done: number; readonly total: number }
  | { readonly event: 'said'; readonly contract: string; readonly workload: string | null; readonly state: Report['state']; readonly reason: string | null }
  | { readonly event: 'not_said'; readonly contract: string; readonly workload: string | null; readonly state: Report['state']; readonly reason: string }
  /** Time is confirmed by this node's meter again (null), or is not, and so not billed. */
  | { readonly event: 'meter'; readonly problem: Problem | null }
  /** It was sent to sleep by its owner's hook, and is awake again or not asleep yet. */
  | { readonly event: 'sleep'; readonly problem: Problem | null }
  /** The machine is not what it was, and was announced again; short: what was sold beyond what it has now. Or looking failed. */
  | { readonly event: 'machine'; readonly changes: readonly string[]; readonly short: string | null; readonly problem: Problem | null }
  /** The node is at its relay (null), or is not, and nobody can look inside. */
  | { readonly event: 'relay'; readonly problem: Problem | null }
  | LookEvent
  /** It runs for a contract that the book does not know, and is left alone. */
  | { readonly event: 'stranger'; readonly contract: string; readonly workload: string };

/** Leaves out what was told before and has not changed. */
export class Teller {
  readonly #tell: (event: WatchEvent) => void;
  readonly #last = new Map<string, string>();

  constructor(tell: (event: WatchEvent) => void) {
    this.#tell = tell;
  }

  book({ fresh, now, stamp, size }: BookTime, problem: Problem | null): void {
    this.#changed('book', `${fresh} ${problem?.message ?? ''}`, { event: 'book', fresh, lines: size, age_ms: now - stamp, problem });
  }

  part(part: Part, problem: Problem | null): void {
    // That it works is news only after it did not.
    if (problem === null && !this.#last.has(part)) return;
    this.#changed(part, problem?.message ?? '', { event: part, problem });
  }

  /** That it goes on is no news; that it works, once, is. */
  confirmed(): void {
    this.#changed('meter', '', { event: 'meter', problem: null });
  }

  unconfirmed(problem: Problem): void {
    this.#changed('meter', problem.message, { event: 'meter', problem });
  }

  stranger({ contract, workload }: Ref): void {
    this.#changed(`stranger ${contract}/${workload}`, '', { event: 'stranger', contract, workload });
  }

  step(action: Action): void {
    this.#tell({ event: 'step', step: action.do, contract: action.contract, workload: workloadOf(action) });
  }

  pulling(contract: string, workload: string, done: number, total: number): void {
    this.#tell({ event: 'pulling', contract, workload, done, total });
  }

  stepFailed(action: Action, reason: string, again_ms: number | null): void {
    this.#tell({ event: 'step_failed', step: action.do, contract: action.contract, workload: workloadOf(action), reason, again_ms });
  }

  said({ contract, workload, state }: Report, reason: string | null): void {
    this.#tell({ event: 'said', contract, workload, state, reason });
  }

  notSaid({ contract, workload, state }: Report, reason: string): void {
    this.#changed(`not_said ${contract}/${workload}`, `${state} ${reason}`, { event: 'not_said', contract, workload, state, reason });
  }

  #changed(topic: string, now: string, event: WatchEvent): void {
    if (this.#last.get(topic) === now) return;
    this.#last.set(topic, now);
    this.#tell(event);
  }
}

function workloadOf(action: Action): string | null {
  return 'workload' in action ? (typeof action.workload === 'string' ? action.workload : action.workload.name) : null;
}
