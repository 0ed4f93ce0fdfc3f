// The beginning and end of a statement as people type them.
import { Problem } from '../base/errors.js';
import type { Span } from './statement.js';

const DAY = /^([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?$/;

/**
 * The period from one moment to another. A day or month is all of it, in UTC: `2026-11` to `2026-11` is November.
 * @param from the first of this month if left out
 * @param to until now if left out
 * @throws Problem `usage`
 */
export function spanOf(from: string | undefined, to: string | undefined, now: number): Span {
  const today = new Date(now);
  const begin = from === undefined ? Date.UTC(today.getUTCFullYear(), today.getUTCMonth()) : edgesOf(from, '--from')[0];
  const end = to === undefined ? now + 1 : edgesOf(to, '--to')[1];
  if (end <= begin) throw new Problem('usage', 'the period ends before it begins', { hint: 'for example --from 2026-11-01 --to 2026-11-30' });
  return { from: begin, to: end };
}

/** When a day, a month or a moment begins, and when it is over. */
function edgesOf(text: string, flag: string): [number, number] {
  const [, year, month, day] = DAY.exec(text) ?? [];
  const begin = Date.parse(text);
  const isReal = year === undefined ? /^[0-9]{4}-[0-9]{2}-[0-9]{2}T/.test(text) : new Date(begin).getUTCMonth() + 1 === Number(month);
  if (Number.isNaN(begin) || !isReal) throw new Problem('usage', `${flag} takes a day, a month or a time, not ${JSON.stringify(text.slice(0, 100))}`, { hint: 'for example 2026-11-30, 2026-11 or 2026-11-30T12:00Z' });
  if (year === undefined) return [begin, begin];
  return [begin, day === undefined ? Date.UTC(Number(year), Number(month)) : begin + 86_400_000];
}
