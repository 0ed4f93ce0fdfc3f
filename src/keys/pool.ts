// Checks the signatures of many records side by side, in two worker threads beside the one that writes.
import { Worker } from 'node:worker_threads';
import { Problem } from '../base/errors.js';
import { checkOne, isCheckable, packBatch, type Checkable } from './batch.js';

/** Threads: what a machine of two cores can use; the writing thread mostly waits for the disk or for them. */
const THREADS = 2;
/** Fewer signatures are checked on the spot: 64 take 3 ms, starting a thread takes longer. */
const INLINE_SIGNATURES = 64;
/** Signatures in a batch: 10 ms of work, so that both threads stay busy to the end and messages cost nothing. */
const BATCH_SIGNATURES = 256;
/** Payload in a batch, in characters, which bounds the memory in flight. */
const BATCH_CHARS = 1_048_576;

/** Stands for what has not even the form; a record without signatures never holds. */
const NOTHING: Checkable = { payload: '', signatures: [] };

interface Job {
  readonly resolve: (verdicts: Uint8Array) => void;
  readonly reject: (problem: Problem) => void;
}

/** A worker and its batches under way; it answers in order. */
class Thread {
  readonly jobs: Job[] = [];
  readonly #worker = new Worker(new URL('./worker.js', import.meta.url), { execArgv: [] });

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

/**
 * Checks signatures in batches. Threads start at the first large batch, do not keep an idle process alive, and are
 * replaced when one dies. Any number of calls may be under way.
 */
export class SignaturePool implements AsyncDisposable {
  readonly #threads: Thread[] = [];

  /**
   * Whether every signature of each record holds, in order; a record without signatures does not.
   * Says nothing about who ought to have signed.
   * @param records hostile down to their types; what is not a payload with keys and signatures in their one spelling does not hold
   * @throws Problem `failed` where a thread dies or the pool is closed meanwhile
   */
  async check(records: readonly Checkable[]): Promise<boolean[]> {
    const checkable = records.map((record) => (isCheckable(record) ? record : NOTHING));
    const count = checkable.reduce((sum, { signatures }) => sum + signatures.length, 0);
    if (count < INLINE_SIGNATURES) return checkable.map(checkOne);
    const verdicts = await Promise.all(batches(checkable).map((batch) => this.#thread().run(packBatch(batch))));
    return verdicts.flatMap((some) => Array.from(some, (one) => one === 1));
  }

  /** Ends the threads; what is under way is rejected. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.splice(0).map((thread) => thread.end()));
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

/** Cuts a list of records into pieces that are worth a message each. */
function batches(records: readonly Checkable[]): Checkable[][] {
  const cut: Checkable[][] = [[]];
  let signatures = 0;
  let chars = 0;
  for (const record of records) {
    if (signatures >= BATCH_SIGNATURES || chars >= BATCH_CHARS) {
      cut.push([]);
      signatures = chars = 0;
    }
    cut.at(-1)?.push(record);
    signatures += record.signatures.length;
    chars += record.payload.length;
  }
  return cut;
}
