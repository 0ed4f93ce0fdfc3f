// What must be known of a grid to believe a receipt, or evidence: from a file that was given, or a grid that is here.
import { existsSync } from 'node:fs';
import { Problem } from '../base/errors.js';
import { trustOf, type Pinned } from '../bcdb/pinned.js';
import { parseReceipt } from '../bcdb/receipt.js';
import { parseRecord } from '../bcdb/record.js';
import { Store } from '../bcdb/store.js';
import { readConfig, type Home } from '../home.js';
import { readLight } from './light/file.js';
import { readTrust } from './trustfile.js';

/** What a person says of a grid: hashes of genesis records, texts of files that hold them. */
export interface Given {
  readonly hashes: readonly string[];
  readonly files: readonly string[];
}

/** What the receipt's grid pins. @param receipt hostile @throws Problem as `pinnedOf` */
export function pinnedFor(home: Home, receipt: string, given: Given): Pinned {
  const record = parseRecord(parseReceipt(receipt).line.payload);
  return pinnedOf(home, record.payload.grid ?? record.id, 'receipt', given);
}

/**
 * What is trusted of a grid: by a genesis file that was given, else by the copy in this home folder.
 * @param what is of that grid, for messages
 * @throws Problem `integrity` where the grid is known from neither, or is not the one whose hash was given
 */
export function pinnedOf(home: Home, grid: string, what: 'receipt' | 'evidence', { hashes, files }: Given): Pinned {
  if (hashes.length > 0 && !hashes.includes(grid)) throw new Problem('integrity', `the ${what} is of grid ${grid}, not of ${hashes.join(' or ')}`, { reason: 'other_grid' });
  for (const text of files) {
    const pinned = readTrust(text);
    if (pinned.grid === grid) return pinned;
  }
  if (files.length > 0) throw new Problem('integrity', `the ${what} is of grid ${grid}, and no genesis record given is that grid's`, { reason: 'other_grid' });
  if (readConfig(home).grids.some(({ id }) => id === grid)) {
    if (existsSync(home.gridLight(grid)) && !existsSync(home.gridDatabase(grid))) return readLight(home, grid).trust.pinned;
    using store = Store.read(home.gridDatabase(grid));
    return trustOf(store, grid);
  }
  throw new Problem('integrity', `the ${what} is of grid ${grid}, which is not known here`, {
    reason: 'unknown_grid',
    hint: "give its genesis record with --genesis FILE ('3bot grid show --genesis-file FILE' where it is known), or join it: 3bot grid join URL",
  });
}
