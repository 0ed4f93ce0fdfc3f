// A Problem on the wire (RFC 9457, schema problem@1) and back. The only table of HTTP statuses.
import { STATUS_CODES } from 'node:http';
import { diskProblem } from '../base/disk.js';
import { Problem, messageOf, type ProblemCode } from '../base/errors.js';
import type { ProblemDetails } from '../schema/types.js';
import { shapeError } from '../schema/validate.js';

/** Media type of a problem answer. */
export const PROBLEM_TYPE = 'application/problem+json';

/** HTTP status of each Problem code. */
export const STATUSES: Readonly<Record<ProblemCode, number>> = {
  failed: 500,
  usage: 400,
  malformed: 400,
  refused: 422,
  over_limit: 422,
  locked: 503,
  not_found: 404,
  nothing_fits: 404,
  unreachable: 502,
  busy: 503,
  integrity: 422,
  not_ready: 504,
  interrupted: 503,
};

/** What the HTTP library's own refusals mean. */
const CODES: Readonly<Record<number, ProblemCode>> = { 404: 'not_found', 405: 'not_found', 429: 'busy', 503: 'busy' };

// A peer's word for these would be read as something about us.
const ONLY_OURS: Partial<Readonly<Record<ProblemCode, ProblemCode>>> = { usage: 'malformed', interrupted: 'unreachable', locked: 'failed' };

const MAX_TEXT = 2_000;

/** The answer for anything thrown while a request was served. What is no Problem says nothing of its cause. */
export function answerOf(error: unknown): ProblemDetails {
  const thrown = diskProblem(error);
  if (thrown instanceof Problem) {
    const { code, message, reason, hint } = thrown;
    return details(STATUSES[code], code, message, reason, hint);
  }
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) return details(status, CODES[status] ?? 'malformed', messageOf(thrown));
  return details(500, 'failed', 'an error inside this bot; its log says more');
}

/** A problem answer by its status, where there is nothing but that. */
export function answerByStatus(status: number, detail: string): ProblemDetails {
  return details(status, CODES[status] ?? 'malformed', detail);
}

function details(status: number, code: ProblemCode, detail: string, reason?: string, hint?: string): ProblemDetails {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code, ...(reason === undefined ? {} : { reason }), ...(hint === undefined ? {} : { hint }) };
}

/**
 * The Problem that another bot answered with: same code, reason and hint.
 * @param value hostile; anything that is no problem answer gives `undefined`
 */
export function problemFrom(value: unknown): Problem | undefined {
  if (shapeError('problem@1', value) !== null) return undefined;
  const { code, detail, reason, hint } = value as ProblemDetails;
  const known: ProblemCode = Object.hasOwn(STATUSES, code) ? (code as ProblemCode) : 'failed';
  return new Problem(ONLY_OURS[known] ?? known, clip(detail), {
    ...(reason === undefined ? {} : { reason: clip(reason) }),
    ...(hint === undefined ? {} : { hint: clip(hint) }),
  });
}

function clip(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
