// Telling a farm that a draft it has signed will not be committed, so that it sells what it holds for it at once.
import { isProblem } from '../base/errors.js';
import { RELEASE_TIMEOUT_MS } from '../base/limits.js';
import type { ParsedRecord } from '../bcdb/record.js';
import { agreementOf } from '../market/terms.js';
import { read } from '../rules/objects.js';
import { converse, type Buyer } from './quote.js';

/**
 * Tells it, as well as that can be done: a farm that does not hear it, or is of an older release, lets go with the
 * draft's deadline. A draft that is over needs no word.
 */
export async function release(buyer: Buyer, record: ParsedRecord): Promise<void> {
  const { farm: id, commit_by } = agreementOf(record);
  const endpoint = read(buyer.grid.reader, 'farm', id)?.endpoint ?? null;
  if (endpoint === null || buyer.clock() > commit_by) return;
  try {
    await converse(buyer, id, endpoint).ask('release', { record: record.id }, RELEASE_TIMEOUT_MS);
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
  }
}
