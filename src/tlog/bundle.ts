// Entry bundles: up to 256 log entries, each behind its length (C2SP tlog-tiles, "Log entries").
import { Problem } from '../base/errors.js';
import { TILE_WIDTH } from './tiles.js';

/** Bytes of one entry: its length is a uint16. */
export const MAX_ENTRY_BYTES = 65_535;

/** The bundle of these entries, at most 256. @throws Error where an entry has more than 65,535 bytes */
export function formatBundle(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(entries.flatMap((entry) => {
    if (entry.length > MAX_ENTRY_BYTES) throw new Error(`an entry of ${entry.length} bytes does not fit a bundle`);
    return [Buffer.of(entry.length >> 8, entry.length & 0xff), entry];
  }));
}

/**
 * The entries of a bundle.
 * @param bytes hostile
 * @param count how many there must be, 1 to 256
 * @throws Problem `integrity`, reason `bundle`
 */
export function parseBundle(bytes: Buffer, count: number): Buffer[] {
  const entries: Buffer[] = [];
  let at = 0;
  while (at < bytes.length && entries.length < TILE_WIDTH) {
    const end = at + 2 <= bytes.length ? at + 2 + bytes.readUInt16BE(at) : Infinity;
    if (end > bytes.length) throw broken('it ends within an entry');
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  if (at !== bytes.length || entries.length !== count) throw broken(`it does not hold ${count} entries`);
  return entries;
}

function broken(what: string): Problem {
  return new Problem('integrity', `entry bundle: ${what}`, { reason: 'bundle' });
}
