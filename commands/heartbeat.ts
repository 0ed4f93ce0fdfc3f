// --heartbeat: how often a meter confirms that time is covered.
import { parseDuration } from '../src/base/duration.js';
import { Problem } from '../src/base/errors.js';
import { MAX_HEARTBEAT_MS, MIN_HEARTBEAT_MS } from '../src/base/limits.js';

/** ms. @throws Problem `usage` */
export function parseHeartbeat(text: string): number {
  const span = parseDuration(text);
  if (span < MIN_HEARTBEAT_MS || span > MAX_HEARTBEAT_MS) throw new Problem('usage', `a heartbeat is 1s to 1d, not ${text}`, { hint: 'shorter ones fill the book, longer ones leave more time in doubt' });
  return span;
}
