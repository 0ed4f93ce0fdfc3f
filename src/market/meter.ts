// Entries of a meter: a node's word, or a third bot's, that the node is up; once a heartbeat, in the book.
import { isProblem } from '../base/errors.js';
import type { Reader } from '../bcdb/reader.js';
import type { Signer } from '../keys/ed25519.js';
import { appendSigned, type Appended } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import { read, readGrid } from '../rules/objects.js';
import type { Seen, Status } from '../schema/types.js';

/** First version of the rules with meters. */
const METERED_SINCE = 2;

/** Whether the rules of a grid know meters. */
export function hasMeters(reader: Reader): boolean {
  return readGrid(reader).rules >= METERED_SINCE;
}

/** What shows that a record was not written before the copy held these lines. */
export function seenOf(reader: Reader): Seen {
  const { size } = reader;
  return { size, root: reader.tree.root(size).toString('hex') };
}

/** When a meter's next entry of a node may be recorded, ms by the home's clock; 0 where it has none yet. @param meter, node keys, hex */
export function nextEntryAt(reader: Reader, meter: string, node: string): number {
  const last = read(reader, 'meter', `${meter}/${node}`);
  return last === undefined ? 0 : last.at + readGrid(reader).heartbeat_ms;
}

/**
 * Makes an entry: says that the node is up, and has seen all lines of the own copy.
 * @param signer the meter: the node's key or a bot's
 * @param node key, hex
 * @returns null where the home found it too early; clocks differ
 * @throws Problem what `appendSigned` throws
 */
export async function confirm(grid: Grid, signer: Signer, node: string): Promise<Appended | null> {
  const body = (reader: Reader): Status => ({ node, seen: seenOf(reader) });
  try {
    return await appendSigned<Status>(grid, { chain: `meter/${signer.key}`, kind: 'status@1', body }, [signer]);
  } catch (thrown) {
    if (isProblem(thrown, 'refused', 'meter')) return null;
    throw thrown;
  }
}
