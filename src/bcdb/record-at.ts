// A record with its place in the book.
import { sha256Hex } from '../base/hash.js';
import type { Line } from '../schema/types.js';
import type { Reader } from './reader.js';

/** A record found. */
export interface Found extends Line {
  readonly index: number;
  readonly id: string;
}

/** The record at a line. @throws Problem `not_found` */
export function recordAt(reader: Reader, index: number): Found {
  const line = reader.line(index);
  return { ...line, index, id: sha256Hex(line.payload) };
}

const RECORDS = 'SELECT r.idx AS "index", lower(hex(r.id)) AS id, r.payload, r.signatures, r.at FROM json_each(?) w CROSS JOIN book.record r ON r.idx = w.value';

/** The records at lines that the index has just named, in that order: one look at the file, not one each. */
export function recordsAt(reader: Reader, lines: readonly number[]): Found[] {
  if (lines.length < 2) return lines.map((line) => recordAt(reader, line));
  const rows = reader.index.all<Omit<Found, 'signatures'> & { signatures: string }>(RECORDS, JSON.stringify(lines));
  const byLine = new Map(rows.map((row) => [row.index, row]));
  return lines.map((line) => {
    const row = byLine.get(line);
    return row === undefined ? recordAt(reader, line) : { ...row, signatures: JSON.parse(row.signatures) as Line['signatures'] };
  });
}
