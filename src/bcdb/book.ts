// What `ingest` works on: the store within a transaction, or memory while a book is verified.
import type { Signature } from '../schema/types.js';
import type { ParsedRecord } from './record.js';
import type { State } from './rulebook.js';

/** The end of a record chain. */
export interface Head {
  readonly height: number;
  /** Record id, hex. */
  readonly id: string;
}

/** A line that has been taken in. */
export interface BookLine {
  readonly record: ParsedRecord;
  readonly signatures: readonly Signature[];
  /** Canonical JSON of the signatures. */
  readonly signaturesText: string;
  /** Home's intake, ms. */
  readonly at: number;
  readonly leaf: Buffer;
}

/** A book that can take one more line. */
export interface Book extends State {
  /** Number of lines. */
  readonly size: number;
  /** `at` of the newest line, 0 in an empty book. */
  readonly lastAt: number;
  /** Id of the genesis record; null in an empty book. */
  readonly grid: string | null;
  head(chain: string): Head | undefined;
  /** Root of the tree over the first `size` lines, which may be all there are. */
  root(size: number): Buffer;
  /** Writes the line as number `size`; what the rule put belongs to it. */
  add(line: BookLine): void;
}
