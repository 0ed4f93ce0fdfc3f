// A copy that is read from the files of a mirror takes no records.
import { Problem } from '../base/errors.js';

/** What is said where a record is to be written into a copy that is read from files. */
export function readOnly(name: string, url: string): Problem {
  return new Problem('refused', `this copy of grid ${name} is read only: it is read from a mirror, ${url}, and nobody there takes records`, { reason: 'read_only', hint: 'join the grid at a bot that serves it: 3bot grid join http://HOST:PORT' });
}
