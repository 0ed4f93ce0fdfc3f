// Which grid a receipt is of, and what must be known of that grid to believe it.
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { pinnedBy, trustOf, type Pinned } from '../bcdb/pinned.js';
import { parseReceipt } from '../bcdb/receipt.js';
import { parseRecord } from '../bcdb/record.js';
import { Store } from '../bcdb/store.js';
import { readConfig, type Home } from '../home.js';

/** What a person says of a grid: hashes of genesis records, texts of files that hold them. */
export interface Given {
  readonly hashes: readonly string[];
  readonly files: readonly string[];
}

/**
 * What the receipt's grid pins: from a genesis record that was given, else from a grid of this home folder.
 * @param receipt hostile
 * @throws Problem `integrity` where the grid is known from neither, or is not the one whose hash was given
 */
export function pinnedFor(home: Home, receipt: string, { hashes, files }: Given): Pinned {
  const record = parseRecord(parseReceipt(receipt).line.payload);
  const grid = record.payload.grid ?? record.id;
  if (hashes.length > 0 && !hashes.includes(grid)) throw new Problem('integrity', `the receipt is of grid ${grid}, not of ${hashes.join(' or ')}`, { reason: 'other_grid' });
  for (const text of files) {
    const pinned = pinnedBy({ payload: payloadOf(text) });
    if (pinned.grid === grid) return pinned;
  }
  if (files.length > 0) throw new Problem('integrity', `the receipt is of grid ${grid}, and no genesis record given is that grid's`, { reason: 'other_grid' });
  if (readConfig(home).grids.some(({ id }) => id === grid)) {
    using store = Store.read(home.gridDatabase(grid));
    return trustOf(store, grid);
  }
  throw new Problem('integrity', `the receipt is of grid ${grid}, which is not known here`, {
    reason: 'unknown_grid',
    hint: "give its genesis record with --genesis FILE ('3bot grid show --genesis-file FILE' where it is known), or join it: 3bot grid join URL",
  });
}

/** Payload of a line in JSON. @throws Problem `integrity` */
function payloadOf(text: string): string {
  try {
    const { payload } = JSON.parse(text) as { payload?: unknown };
    if (typeof payload === 'string') return payload;
  } catch (thrown) {
    if (isProblem(thrown)) throw thrown;
    throw new Problem('integrity', `the genesis file is no JSON: ${messageOf(thrown)}`, { cause: thrown });
  }
  throw new Problem('integrity', 'the genesis file holds no line of a book', { hint: '3bot grid show --genesis-file FILE' });
}
