// Followers that wait for news: by the thousand, at next to no cost each, and woken in slices so that nobody else waits
// for them. A poll that finds nothing new is answered before anything else of the server is run for it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MAX_LINES, MAX_LONG_POLL_MS, MAX_SHARED_ANSWERS, PIECE_BYTES, WAKE_AT_ONCE } from '../base/limits.js';
import type { StoredCheckpoint } from '../bcdb/reader.js';
import { linesText, type Budget } from './answers.js';
import type { ServedGrid } from './server.js';

const NDJSON = 'application/x-ndjson';
/** The poll that followers of ours send: what has other parameters goes the long way. */
const POLL = /^\/v1\/grids\/([0-9a-f]{64})\/lines\?from=(0|[1-9][0-9]{0,14})(?:&wait=([0-9]{1,6}))?$/;

/** Those who wait for the next change of one book. */
export class Waiting {
  readonly #waiting = new Set<() => void>();
  readonly #stop: () => void;

  constructor(book: Pick<ServedGrid, 'onNews'>) {
    this.#stop = book.onNews(() => this.#wake([...this.#waiting]));
  }

  /** Calls back once: at the next change, after the time, or when the server ends; returns how to stop that. */
  add(wait_ms: number, then: () => void): () => void {
    const done = (): void => {
      if (stop()) then();
    };
    const timer = setTimeout(done, wait_ms);
    const stop = (): boolean => {
      clearTimeout(timer);
      return this.#waiting.delete(done);
    };
    this.#waiting.add(done);
    return stop;
  }

  /** Calls everybody back. */
  end(): void {
    this.#stop();
    for (const done of [...this.#waiting]) done();
  }

  /** Some now, the others after whatever else the server has to do. */
  #wake(waiting: readonly (() => void)[]): void {
    for (const done of waiting.slice(0, WAKE_AT_ONCE)) done();
    if (waiting.length > WAKE_AT_ONCE) setImmediate(() => this.#wake(waiting.slice(WAKE_AT_ONCE)));
  }
}

/** What a server's polls work with. */
export interface PollParts {
  /** By grid id. */
  readonly books: ReadonlyMap<string, ServedGrid>;
  readonly buffered: Budget;
  readonly ending: AbortSignal;
}

/** All polls of one server. */
export class Polls {
  readonly #parts: PollParts;
  readonly #waiting = new Map<ServedGrid, Waiting>();
  /** Answers to polls from one line on, below one checkpoint: followers that are current ask the same. */
  readonly #answers = new WeakMap<StoredCheckpoint, Map<number, Buffer>>();

  constructor(parts: PollParts) {
    this.#parts = parts;
    parts.ending.addEventListener('abort', () => this.#waiting.forEach((waiting) => waiting.end()), { once: true });
  }

  /**
   * Answers a poll of a follower that is current, at once or when there is news.
   * @param elsewhere answers it where there is more news than one answer for all can hold
   * @returns false where this is no such poll: nothing was done then
   */
  take(request: IncomingMessage, response: ServerResponse, elsewhere: () => void): boolean {
    const [, grid = '', digits, wait = '0'] = request.method === 'GET' ? (POLL.exec(request.url ?? '') ?? []) : [];
    const book = this.#parts.books.get(grid);
    const checkpoint = book?.reader.checkpoint();
    const from = Number(digits);
    if (book === undefined || checkpoint === undefined || from < checkpoint.size || this.#parts.ending.aborted) return false;
    const answer = (): void => {
      const bytes = this.#shared(book, from);
      if (bytes === undefined) elsewhere();
      else response.writeHead(200, { 'content-type': NDJSON, 'content-length': bytes.length }).end(bytes);
    };
    const wait_ms = Math.min(Number(wait), MAX_LONG_POLL_MS);
    if (wait_ms === 0) answer();
    else response.once('close', this.of(book).add(wait_ms, answer));
    return true;
  }

  /** Those who wait for one book. */
  of(book: ServedGrid): Waiting {
    let waiting = this.#waiting.get(book);
    if (waiting === undefined) this.#waiting.set(book, (waiting = new Waiting(book)));
    return waiting;
  }

  /** The answer from `from` on, made once for all; undefined where it is not one small piece. */
  #shared({ reader }: ServedGrid, from: number): Buffer | undefined {
    const checkpoint = reader.checkpoint();
    if (checkpoint === undefined) return undefined;
    let answers = this.#answers.get(checkpoint);
    if (answers === undefined) this.#answers.set(checkpoint, (answers = new Map<number, Buffer>()));
    // All who are ahead are told the same.
    const key = Math.min(from, checkpoint.size);
    const before = answers.get(key);
    if (before !== undefined || answers.size >= MAX_SHARED_ANSWERS) return before;
    const pieces = linesText(reader, checkpoint, key, MAX_LINES, this.#parts.buffered);
    const first = pieces.next();
    const isWhole = first.done !== true && first.value.length <= PIECE_BYTES && pieces.next().done === true;
    pieces.return(undefined);
    if (!isWhole) return undefined;
    answers.set(key, first.value);
    return first.value;
  }
}
