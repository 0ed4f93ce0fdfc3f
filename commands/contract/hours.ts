// --hours: how much time is bought.
import { Problem } from '../../src/base/errors.js';
import { MAX_DURATION_MS } from '../../src/base/limits.js';

/** ms of a number of hours, `24` or `0.5`. @throws Problem `usage` */
export function parseHours(text: string): number {
  const ms = /^[0-9]{1,6}(\.[0-9]{1,6})?$/.test(text) ? Math.round(Number(text) * 3_600_000) : 0;
  if (ms < 1_000 || ms > MAX_DURATION_MS) throw new Problem('usage', `not a number of hours: ${JSON.stringify(text.slice(0, 50))}`, { hint: 'a second to ten years, for example 24 or 0.5' });
  return ms;
}
