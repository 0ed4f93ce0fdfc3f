// --at: a moment of the book, as a line, a record or a time, and the state it had then.
import { iso } from '../../src/base/clock.js';
import { Problem } from '../../src/base/errors.js';
import type { Objects } from '../../src/bcdb/rulebook.js';
import type { Reader } from '../../src/bcdb/reader.js';
import type { Context } from '../command.js';
import { parseSince } from './when.js';

/** The option's text for commander. */
export const AT_FLAG = ['--at <when>', 'as of then, that included: a line number, a record id or its first digits, a time (2026-01-31T12:00Z), or a span back from now (2h)'] as const;

/** The state of a book at a moment. */
export interface Then {
  readonly state: Objects;
  /** Lines that it comes from. */
  readonly size: number;
  /** Time of the moment, ms since 1970. */
  readonly at: number;
}

/**
 * The state as it is now, or as of the moment that `--at` names: the fold of the lines up to it.
 * @throws Problem `not_found` where the book has no such line, or none so early; `usage`
 */
export async function stateAt({ progress, signal, clock }: Context, reader: Reader, text: string | undefined): Promise<Then> {
  const now = Math.max(clock(), reader.lastAt);
  if (text === undefined) return { state: reader, size: reader.size, at: now };
  const { foldTo } = await import('../../src/bcdb/fold.js');
  const { gridRules } = await import('../../src/rules/all.js');
  const { size, at } = await momentOf(reader, text, now);
  using line = await progress('reading');
  const state = await foldTo(reader, gridRules, size, { signal, onProgress: (lines, of) => line.say(`${lines} of ${of} lines`) });
  return { state, size, at };
}

/** Words for whoever reads the result. */
export function momentText({ size, at }: Then): string {
  return `as of line ${size - 1}, ${iso(at)}`;
}

async function momentOf(reader: Reader, text: string, now: number): Promise<Omit<Then, 'state'>> {
  const { linesUntil } = await import('../../src/bcdb/fold.js');
  const { findRecord } = await import('../../src/bcdb/query.js');
  // Digits alone are a line number, as long as there is such a line.
  if (/^[0-9]{1,15}$/.test(text) && (text.length < 6 || Number(text) < reader.size)) {
    return { size: Number(text) + 1, at: reader.line(Number(text)).at };
  }
  if (/^[0-9a-f]{6,64}$/.test(text)) {
    const { index, at } = findRecord(reader, text);
    return { size: index + 1, at };
  }
  const at = timeOf(text, now);
  const size = linesUntil(reader, at);
  if (size === 0) throw new Problem('not_found', `the book begins after ${iso(at)}`, { hint: `its first line is of ${iso(reader.line(0).at)}` });
  // What comes later nobody knows yet.
  return { size, at: Math.min(at, now) };
}

function timeOf(text: string, now: number): number {
  try {
    return parseSince(text, now);
  } catch (cause) {
    throw new Problem('usage', `--at takes a moment, not ${JSON.stringify(text.slice(0, 100))}`, { cause, hint: 'a line number, a record id, a time (2026-01-31T12:00Z), or a span back from now (2h)' });
  }
}
