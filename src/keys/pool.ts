// Checks the signatures of many records side by side, in two worker threads beside the one that writes.
import { Worker } from 'node:worker_threads';
import { Problem } from '../base/errors.js';
import { checkOne, isCheckable, packBatch, type Checkable } from './batch.js';

/** Threads: what a machine of two cores can use; the writing thread mostly waits for the disk or for them. */
const THREADS = 2;
/** Fewer signatures are checked on the spot: 64 take 3 ms, starting a thread takes longer; handing 8 to one that runs, too. */
const INLINE_SIGNATURES = { idle: 64, running: 8 } as const;
/** Signatures in a batch at the most: 10 ms of work, so that threads stay busy to the end and messages cost nothing. */
const BATCH_SIGNATURES = 256;
/** Signatures in a batch at the least, where there are few: both threads get some. */
const MIN_BATCH_SIGNATURES = 16;
/** Payload in a batch, in characters, which bounds the memory in flight. */
const BATCH_CHARS = 1_048_576;

/** What threads make is garbage at once: more room for it would only be more memory. */
const YOUNG_MIB = 12;

/** Stands for what has not even the form; a record without signatures never holds. */
const NOTHING: Checkable = { payload: '', signatures: [] };

interface Job {
  readonly resolve: (verdicts: Uint8Array) => void;
  readonly reject: (problem: Problem) => void;
}

/** A worker and its batches under way; it answers in order. */
class Thread {
  readonly jobs: Job[] = [];
  readonly #worker = new Worker(new URL('./worker.js', import.meta.url), { execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB } });

  constructor(onEnd: () => void) {
    this.#worker.on('message', (verdicts: Uint8Array) => {
      const job = this.jobs.shift();
      // Only work under way keeps the process alive.
      if (this.jobs.length === 0) this.#worker.unref();
      job?.resolve(verdicts);
    });
    const end = (cause?: unknown): void => {
      onEnd();
      for (const { reject } of this.jobs.splice(0)) reject(new Problem('failed', 'a thread that checks signatures has ended', { cause }));
    };
    this.#worker.on('error', end);
    this.#worker.on('exit', () => end());
  }

  run(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.jobs.push({ resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(packed, [packed.buffer]);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** One call of `check`. */
interface Call {
  readonly pieces: readonly Piece[];
  readonly verdicts: boolean[];
  /** Pieces without a verdict. */
  left: number;
  readonly resolve: (verdicts: boolean[]) => void;
  readonly reject: (thrown: unknown) => void;
}

/** A record, or a part of its signatures where they are many, which holds if all its parts do. */
interface Piece extends Checkable {
  /** Place in its call. */
  readonly place: number;
}

/**
 * Checks signatures in batches; calls that come in one turn of the event loop share them. Threads start at the first
 * large batch, do not keep an idle process alive, and are replaced when one dies. Any number of calls may be under way.
 */
export class SignaturePool implements AsyncDisposable {
  readonly #threads: Thread[] = [];
  #waiting: Call[] = [];

  /**
   * Whether every signature of each record holds, in order; a record without signatures does not.
   * Says nothing about who ought to have signed.
   * @param records hostile down to their types; what is not a payload with keys and signatures in their one spelling does not hold
   * @throws Problem `failed` where a thread dies or the pool is closed meanwhile
   */
  check(records: readonly Checkable[]): Promise<boolean[]> {
    const pieces = records.flatMap((record, place) => piecesOf(isCheckable(record) ? record : NOTHING, place));
    if (pieces.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#hand());
      this.#waiting.push({ pieces, verdicts: records.map(() => true), left: pieces.length, resolve, reject });
    });
  }

  /** Ends the threads; what is under way is rejected. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { reject } of this.#waiting.splice(0)) reject(new Problem('failed', 'the threads that check signatures were closed'));
    await Promise.all(this.#threads.splice(0).map((thread) => thread.end()));
  }

  /** Hands out what has come meanwhile. */
  #hand(): void {
    const work = this.#waiting.splice(0).flatMap((call) => call.pieces.map((piece) => ({ call, piece })));
    const count = work.reduce((sum, { piece }) => sum + piece.signatures.length, 0);
    if (count < INLINE_SIGNATURES[this.#threads.length === 0 ? 'idle' : 'running']) {
      for (const { call, piece } of work) settle(call, piece, checkOne(piece));
      return;
    }
    const most = Math.min(BATCH_SIGNATURES, Math.max(MIN_BATCH_SIGNATURES, Math.ceil(count / THREADS)));
    for (const batch of batches(work, most)) {
      this.#thread().run(packBatch(batch.map(({ piece }) => piece))).then(
        (verdicts) => batch.forEach(({ call, piece }, i) => settle(call, piece, verdicts[i] === 1)),
        (thrown: unknown) => batch.forEach(({ call }) => call.reject(thrown)),
      );
    }
  }

  /** The thread with the least to do; a new one as long as there are few. */
  #thread(): Thread {
    const idle = this.#threads.find(({ jobs }) => jobs.length === 0);
    if (idle !== undefined) return idle;
    if (this.#threads.length < THREADS) {
      const thread: Thread = new Thread(() => {
        const place = this.#threads.indexOf(thread);
        if (place >= 0) this.#threads.splice(place, 1);
      });
      this.#threads.push(thread);
      return thread;
    }
    return this.#threads.reduce((least, thread) => (thread.jobs.length < least.jobs.length ? thread : least));
  }
}

/** A long list of signatures in parts, so that all threads share it. */
function piecesOf({ payload, signatures }: Checkable, place: number): Piece[] {
  if (signatures.length <= BATCH_SIGNATURES) return [{ payload, signatures, place }];
  const parts = Math.ceil(signatures.length / BATCH_SIGNATURES);
  return Array.from({ length: parts }, (_, i) => ({ payload, signatures: signatures.slice(i * BATCH_SIGNATURES, (i + 1) * BATCH_SIGNATURES), place }));
}

function settle(call: Call, { place }: Piece, holds: boolean): void {
  if (!holds) call.verdicts[place] = false;
  call.left -= 1;
  if (call.left === 0) call.resolve(call.verdicts);
}

/** Cuts work into batches that are worth a message each. @param most signatures that begin no new record */
function batches<T extends { readonly piece: Piece }>(work: readonly T[], most: number): T[][] {
  const cut: T[][] = [[]];
  let signatures = 0;
  let chars = 0;
  for (const one of work) {
    if (signatures >= most || chars >= BATCH_CHARS) {
      cut.push([]);
      signatures = chars = 0;
    }
    cut.at(-1)?.push(one);
    signatures += one.piece.signatures.length;
    chars += one.piece.payload.length;
  }
  return cut;
}
