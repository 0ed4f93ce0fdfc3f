// Times and counts as options.
import { parseDuration } from '../../src/base/duration.js';
import { Problem } from '../../src/base/errors.js';

/** A non-negative integer. @throws Problem `usage` */
export function parseCount(text: string, flag: string): number {
  if (!/^(0|[1-9][0-9]{0,14})$/.test(text)) throw new Problem('usage', `${flag} takes a number, not ${JSON.stringify(text.slice(0, 100))}`);
  return Number(text);
}

/**
 * A time (ISO 8601), or a span back from now.
 * @returns ms since 1970, 0 at the earliest
 * @throws Problem `usage`
 */
export function parseSince(text: string, now: number): number {
  if (/^[0-9]{4}-[0-9]{2}/.test(text)) {
    const time = Date.parse(text);
    if (Number.isNaN(time)) throw new Problem('usage', `not a time: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'for example 2026-01-31 or 2026-01-31T12:00Z' });
    return time;
  }
  return Math.max(0, now - parseDuration(text));
}
