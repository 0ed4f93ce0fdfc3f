// Every failure that a person or another program is meant to read is a Problem.

/**
 * What went wrong, as a closed set. Exit codes and HTTP statuses are derived from it in one place each
 * (`commands/failure.ts`, `src/net/problems.ts`).
 */
export type ProblemCode =
  | 'failed' // something broke that none of the others names
  | 'usage' // the command line, or "no" at a question
  | 'malformed' // input that does not have the agreed shape
  | 'refused' // by a rule or by the other side; `reason` says which
  | 'over_limit' // above the spending limit
  | 'locked' // keystore locked, wrong passphrase, loose permissions
  | 'not_found'
  | 'nothing_fits' // nobody sells this
  | 'unreachable' // nobody answered, or what answers is too old to believe
  | 'busy' // another process holds the home, or a limit on rate or count
  | 'integrity' // a signature, hash, proof or pinned grid does not hold
  | 'not_ready' // done so far, but not ready within the time limit
  | 'interrupted';

/** Further facts of a Problem. */
export interface ProblemDetail {
  /** Short machine-readable word below the code, for example `capacity` or `chain_conflict`. */
  reason?: string;
  /** What to do, preferably a command; one line, no full stop. */
  hint?: string;
  /** What else scripts may want to know, under names of its own beside these: part of what `--json` prints. */
  more?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/**
 * An expected failure: lower case, no full stop, says what and why.
 * @example throw new Problem('not_found', 'no identity named alice', { hint: '3bot identity list' })
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly reason: string | undefined;
  readonly hint: string | undefined;
  readonly more: Readonly<Record<string, unknown>>;

  constructor(code: ProblemCode, message: string, detail: ProblemDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'Problem';
    this.code = code;
    this.reason = detail.reason;
    this.hint = detail.hint;
    this.more = detail.more ?? {};
  }
}

/** Whether something thrown is a Problem with this code (and reason, if given). */
export function isProblem(thrown: unknown, code?: ProblemCode, reason?: string): thrown is Problem {
  return thrown instanceof Problem && (code === undefined || thrown.code === code) && (reason === undefined || thrown.reason === reason);
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
