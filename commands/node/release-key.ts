// The key of whose releases a node runs, as a person gives it.
import { isProblem, Problem } from '../../src/base/errors.js';
import { parseVkey } from '../../src/tlog/note.js';

/** A verifier key in its one spelling. @throws Problem `usage` */
export function parseReleaseKey(text: string): string {
  try {
    if (parseVkey(text).type === 'ed25519') return text;
  } catch (thrown) {
    if (!isProblem(thrown, 'malformed')) throw thrown;
  }
  throw new Problem('usage', `not a release key: ${JSON.stringify(text.slice(0, 100))}`, { hint: '3bot release key shows it, in one piece: name+id+key' });
}
