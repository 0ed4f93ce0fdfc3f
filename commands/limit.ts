// `--limit` of every command that lists.
import { Problem } from '../src/base/errors.js';
import { MAX_ROWS } from '../src/base/limits.js';

/** A count of rows, 1 to 1,000. @throws Problem `usage` */
export function parseLimit(text: string): number {
  const limit = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_ROWS) throw new Problem('usage', `not a number from 1 to ${MAX_ROWS}: ${JSON.stringify(text)}`);
  return limit;
}
