// Progress while an index takes in what it lacks.
import type { OnIndexed } from '../../src/bcdb/index/book-index.js';
import type { Progress } from '../../src/cli/progress.js';

/** Says how far the index is. */
export function indexing(progress: Progress): OnIndexed {
  return (lines, of) => progress.say(`the index takes in what it lacks: ${lines} of ${of} lines`);
}
