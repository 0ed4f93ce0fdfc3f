// What a failure becomes: one exit code and two lines on stderr. The only table of exit codes.
import { diskProblem } from '../src/base/disk.js';
import { Problem, messageOf, type ProblemCode } from '../src/base/errors.js';

/** Exit code of each Problem code; anything that is no Problem exits 1. */
export const EXIT_CODES: Readonly<Record<ProblemCode, number>> = {
  failed: 1,
  usage: 2,
  malformed: 2,
  refused: 3,
  over_limit: 3,
  locked: 4,
  not_found: 5,
  nothing_fits: 5,
  unreachable: 6,
  busy: 6,
  integrity: 7,
  not_ready: 8,
  interrupted: 130,
};

/** The exit code of anything thrown. */
export function exitCodeOf(thrown: unknown): number {
  const known = diskProblem(thrown);
  return known instanceof Problem ? EXIT_CODES[known.code] : 1;
}

/**
 * What stderr says about anything thrown: `3bot: error: …`, `3bot: hint: …`, or one JSON line.
 * @param debug also show where a defect happened
 */
export function failureText(thrown: unknown, json: boolean, debug = false): string {
  const known = diskProblem(thrown);
  const problem = known instanceof Problem ? known : new Problem('failed', messageOf(thrown), { cause: thrown, ...(debug ? {} : { hint: 'set THREEBOT_DEBUG=1 to see where' }) });
  const { code, reason = null, message, hint = null, more } = problem;
  const trace = debug && thrown instanceof Error ? `${thrown.stack ?? ''}\n` : '';
  if (json) return `${JSON.stringify({ error: { code, reason, message, hint, ...more } })}\n${trace}`;
  return `3bot: error: ${message}\n${hint === null ? '' : `3bot: hint: ${hint}\n`}${trace}`;
}
