// A book as the files of a tiled log (C2SP tlog-tiles): hashes, entries, and beside them the records of the entries.
import type { Line } from '../schema/types.js';
import { sha256Hex } from '../base/hash.js';
import { formatBundle } from '../tlog/bundle.js';
import { parseTilePath, TILE_WIDTH, tileWidth, type TileName } from '../tlog/tiles.js';
import { entryText } from './entry.js';
import { signaturesText } from './record.js';
import type { Reader } from './reader.js';

/** What a book has under `tile/`. */
export type BookTile = TileName & { readonly of: number | 'entries' | 'records' };

/**
 * The file that a path names in a book of `size` lines. A partial one is there also when there is more by now.
 * @param path hostile
 * @returns undefined where the book has no such file
 */
export function bookTile(path: string, size: number): BookTile | undefined {
  const tile = parseTilePath(path);
  if (tile === undefined || tile.width > tileWidth(size, tile.of, tile.n)) return undefined;
  return typeof tile.of === 'number' || tile.of === 'entries' || tile.of === 'records' ? (tile as BookTile) : undefined;
}

/** The log entry of a line: what its leaf is the hash of. */
export function entryOf({ payload, signatures, at }: Line): string {
  return entryText(sha256Hex(payload), signaturesText(signatures), at);
}

/** Hashes of a tile. @throws Problem `integrity` where the file has fewer */
export function hashesOf({ tree }: Reader, level: number, { n, width }: TileName): Buffer {
  return tree.tile(level, n, width);
}

/** Bundle of entries, under 100 KB. */
export function entriesOf(reader: Reader, { n, width }: TileName): Buffer {
  const first = n * TILE_WIDTH;
  return formatBundle(Array.from(reader.lines(first, first + width), (line) => Buffer.from(entryOf(line))));
}

/** Bundle of records: a line of NDJSON each, `{payload, signatures, at}` (schema line@1), one by one since they may be large. */
export function* recordsOf(reader: Reader, { n, width }: TileName): Generator<string> {
  for (let index = n * TILE_WIDTH; index < n * TILE_WIDTH + width; index++) yield `${JSON.stringify(reader.line(index))}\n`;
}
