// What a plan is made of: steps on this machine, and things to say in the book.
import type { Run, Workload } from '../../schema/types.js';
import { specDigest, type Limits } from '../driver.js';

/** A step on this machine. Each is safe to repeat. */
export type Action =
  | { readonly do: 'volume'; readonly contract: string; readonly size_mib: number }
  | { readonly do: 'start' | 'fetch'; readonly contract: string; readonly workload: Workload; readonly limits: Limits; readonly data: string | null }
  | { readonly do: 'stop' | 'remove'; readonly contract: string; readonly workload: string }
  | { readonly do: 'wipe'; readonly contract: string };

/** Something for the book: body of a run record but for the time it was observed. */
export interface Report extends Omit<Run, 'observed_ms'> {
  readonly contract: string;
}

/** Why an attempt failed. */
export interface Failure {
  /** What was attempted, by `attemptOf`: another attempt at the same key is not held back. */
  readonly attempt: string;
  readonly reason: string;
  /** When it failed, ms since 1970. */
  readonly at: number;
  /** It would be refused again. */
  readonly refused: boolean;
  /** What it needs does not answer, for longer than a moment: it is said, and tried for as long as it takes. */
  readonly away?: boolean;
  /** When to try again, ms since 1970; null: never. */
  readonly retry_at: number | null;
}

/** What a step works on, and only one at a time: a contract's volume (its id), or one workload (`id/name`). */
export function keyOf(action: Action): string {
  switch (action.do) {
    case 'volume':
    case 'wipe':
      return action.contract;
    case 'start':
    case 'fetch':
      return `${action.contract}/${action.workload.name}`;
    default:
      return `${action.contract}/${action.workload}`;
  }
}

/** Names a step among those on the same key; a start also by what is started, and so is what has to be here for it. */
export function attemptOf(action: Action): string {
  return action.do === 'start' || action.do === 'fetch' ? `${action.do} ${specDigest(action)}` : action.do;
}
