// Answers that may be large: bounded in bytes as well as in rows, and lines handed out no faster than they are read.
import { toBase64 } from '../base/bytes.js';
import type { JsonObject } from '../base/canonical.js';
import { MAX_LINES_BYTES, MAX_ROWS_BYTES, MAX_SERVED_LOOKS, PIECE_BYTES, ROWS_AT_ONCE } from '../base/limits.js';
import { askRecords, countLines, explain, type AskOptions, type Records } from '../bcdb/query/answer.js';
import { parseQuery } from '../bcdb/query/parse.js';
import type { Explained } from '../bcdb/query/plan.js';
import type { Reader, StoredCheckpoint } from '../bcdb/reader.js';
import type { QueryRequest, Trailer } from '../schema/types.js';

/** Bytes that wait for their readers, of all answers together. */
export class Budget {
  readonly #limit: number;
  #used = 0;

  /** @param limit in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  get isFull(): boolean {
    return this.#used >= this.#limit;
  }

  /** What one answer has of it. A stream and its socket hold the newest two pieces. */
  share(): Disposable & { hold(bytes: number): void } {
    let [older, newer] = [0, 0];
    return {
      hold: (bytes) => {
        this.#used += bytes - older;
        [older, newer] = [newer, bytes];
      },
      [Symbol.dispose]: () => {
        this.#used -= older + newer;
        [older, newer] = [0, 0];
      },
    };
  }
}

/**
 * Lines from `from` on as NDJSON, then the trailer that proves them (schemas line@1, trailer@1), piece by piece. Ends
 * early, with fewer lines and their proof, once the budget is full; one line comes always. A reader that is ahead gets
 * the checkpoint alone: whether that is a rewind is its own to judge.
 * @param newest checkpoint of the same book; what is served ends with it, also when the book has grown since, or with the
 *   last one of the era that `from` is in: then the trailer says that there is more
 */
export function* linesText(reader: Reader, newest: StoredCheckpoint, from: number, limit: number, buffered: Budget): Generator<Buffer> {
  using share = buffered.share();
  const milestone = reader.milestone(from);
  const { size, note } = milestone ?? newest;
  const to = Math.min(size, from + limit);
  let next = from;
  let bytes = 0;
  let rest: Buffer[] = [];
  // A piece at a time, since the reader may take its time and each line may be as large as a record.
  while (next < to && (next === from || !buffered.isFull)) {
    const rows = reader.rows(next, to, buffered.isFull ? 0 : PIECE_BYTES);
    const length = rows.reduce((sum, row) => sum + row.length, 0);
    if (next > from && bytes + length > MAX_LINES_BYTES) break;
    next += rows.length;
    bytes += length;
    if (length < PIECE_BYTES) {
      rest = rows;
      break;
    }
    share.hold(length);
    yield Buffer.concat(rows, length);
  }
  const consistency = from < size ? reader.tree.consistencyProof(next, size).map(toBase64) : [];
  const trailer: Trailer = { checkpoint: note, consistency, ...(milestone === undefined ? {} : { more: true }) };
  const last = Buffer.concat([...rest, Buffer.from(`${JSON.stringify(trailer)}\n`)]);
  share.hold(last.length);
  yield last;
}

/** Objects by prefix, as `Reader.objects`; `next` continues, null when there is no more. @param maxBytes test only: fewer */
export function objectsAnswer(reader: Reader, prefix: string, limit: number, after?: string, maxBytes = MAX_ROWS_BYTES): { objects: { id: string; value: JsonObject }[]; next: string | null } {
  const rows = new Rows<{ id: string; value: JsonObject }>(limit, maxBytes);
  for (;;) {
    const page = reader.objects(prefix, rows.nextPage, rows.last?.id ?? after);
    if (!rows.take(page)) return { objects: rows.taken, next: rows.last?.id ?? null };
    if (page.length < ROWS_AT_ONCE) return { objects: rows.taken, next: null };
  }
}

/**
 * Answers a query at a bounded cost: nothing is scanned, few records are looked at, the index is read and never written.
 * @param maxBytes test only: fewer
 * @throws Problem `usage` as the parser and the plan; `busy` while the index is far behind
 */
export function queryAnswer(reader: Reader, { query, limit, after, answer = 'records' }: QueryRequest, maxBytes = MAX_ROWS_BYTES): Records | { count: number; next: string | null } | Explained {
  const ask = parseQuery(query);
  const options: AskOptions = { limit, cursor: after, looks: MAX_SERVED_LOOKS };
  switch (answer) {
    case 'explain':
      return explain(reader, ask, options);
    case 'count':
      return countLines(reader, ask, options);
    default:
      return askRecords(reader, ask, options, maxBytes);
  }
}

/** Rows of an answer, up to a number of them and of their bytes as JSON. */
class Rows<Row> {
  readonly taken: Row[] = [];
  readonly #limit: number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(limit: number, maxBytes: number) {
    this.#limit = limit;
    this.#maxBytes = maxBytes;
  }

  get last(): Row | undefined {
    return this.taken.at(-1);
  }

  get nextPage(): number {
    return Math.min(ROWS_AT_ONCE, this.#limit - this.taken.length);
  }

  /** Takes what fits, at least one; false once no more is wanted. */
  take(page: readonly Row[]): boolean {
    for (const row of page) {
      this.#bytes += Buffer.byteLength(JSON.stringify(row));
      if (this.taken.length > 0 && this.#bytes > this.#maxBytes) return false;
      this.taken.push(row);
    }
    return this.taken.length < this.#limit;
  }
}
