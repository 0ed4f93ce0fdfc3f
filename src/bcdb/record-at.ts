// A record with its place in the book.
import { sha256Hex } from '../base/hash.js';
import type { Line } from '../schema/types.js';
import type { Reader } from './store.js';

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
