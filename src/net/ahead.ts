// Answers fetched ahead of the ones that are taken in, so that neither the network nor the threads that check
// signatures wait for the thread that writes; those that have come meanwhile are taken in together.
import { setImmediate as turn } from 'node:timers/promises';
import { ANSWERS_AHEAD, MAX_TAKEN_LINES } from '../base/limits.js';
import type { Batch } from '../bcdb/copy.js';
import type { Checked } from '../bcdb/ingest.js';
import { isHandover } from '../bcdb/pinned.js';

/** An answer of so many lines is probably not the last. */
const MANY_LINES = 256;

/** An answer, while its signatures are being checked. */
export interface Fetched {
  /** Number of its first line. */
  readonly from: number;
  readonly batch: Batch;
  readonly checked: Promise<readonly Checked[]>;
}

/** One or more answers, ready to be taken in. */
export interface Ready {
  readonly from: number;
  readonly batch: Batch;
  readonly checked: readonly Checked[];
}

/** An answer under way; undefined where the one before was the last. */
interface Entry {
  readonly fetched: Promise<Pick<Fetched, 'from' | 'batch'> | undefined>;
  readonly whole: Promise<Ready | undefined>;
  /** What `whole` has become. */
  ready?: Ready | undefined;
}

/** Fetches one answer after the other. */
export class Ahead {
  readonly #fetch: (from: number) => Promise<Fetched>;
  #queue: Entry[] = [];

  /** @param fetch lines from a number on */
  constructor(fetch: (from: number) => Promise<Fetched>) {
    this.#fetch = fetch;
  }

  /**
   * Lines from number `from` on: of one answer, or of several where they are there already.
   * @throws whatever fetching throws
   */
  async next(from: number): Promise<Ready> {
    // What takes lines in keeps this thread to itself: here the network and the checks get their turn.
    await turn();
    let first = await this.#queue.shift()?.whole;
    if (first?.from !== from) {
      this.#queue = [];
      this.#push(this.#fetch(from));
      first = (await this.#queue.shift()?.whole) as Ready;
    }
    const parts = [first];
    let lines = first.batch.lines.length;
    for (let next = this.#queue[0]?.ready; next !== undefined && isMoreOf(first, next); next = this.#queue[0]?.ready) {
      lines += next.batch.lines.length;
      if (lines > MAX_TAKEN_LINES) break;
      parts.push(next);
      this.#queue.shift();
    }
    this.#fill(parts.at(-1) as Ready);
    return together(parts);
  }

  /** Asks for what follows; each answer says where the next one begins. */
  #fill(taken: Pick<Fetched, 'from' | 'batch'>): void {
    while (this.#queue.length < ANSWERS_AHEAD) {
      const before = this.#queue.at(-1)?.fetched ?? Promise.resolve(taken);
      this.#push(before.then((one) => (one === undefined || one.batch.lines.length < MANY_LINES ? undefined : this.#fetch(one.from + one.batch.lines.length))));
    }
  }

  #push(fetched: Promise<Fetched | undefined>): void {
    const whole = fetched.then(async (one) => one && { ...one, checked: await one.checked });
    const entry: Entry = { fetched, whole };
    // What is thrown is thrown where it is awaited.
    whole.then((ready) => { entry.ready = ready; }, () => undefined);
    this.#queue.push(entry);
  }
}

/** Whether an answer leads to the same word of the home, in the same era: then nothing of that is passed over. */
function isMoreOf({ batch: { trailer } }: Ready, { batch }: Ready): boolean {
  return batch.trailer.checkpoint === trailer.checkpoint && trailer.more !== true && batch.lines[0] !== undefined && !isHandover(batch.lines[0].payload);
}

/** As if it had come in one answer: the last proof is of all the lines before it. */
function together(parts: readonly Ready[]): Ready {
  const [first, last] = [parts[0] as Ready, parts.at(-1) as Ready];
  if (parts.length === 1) return first;
  return { from: first.from, batch: { lines: parts.flatMap(({ batch }) => batch.lines), trailer: last.batch.trailer }, checked: parts.flatMap(({ checked }) => checked) };
}
