// The threads of `bcdb verify`, and their answers in the order of the lines.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { messageOf, Problem } from '../base/errors.js';
import { MAX_VERIFY_THREADS } from '../base/limits.js';
import { Rereader, type Answers, type Task } from './reread.js';

/** Fewer are worked on in this thread: starting others takes longer. */
const FEW_LINES = 1_024;
/** Lines of a task: a few milliseconds of hashes, some 15 of signatures. */
const TASK_LINES = 256;
/** What threads make is garbage at once: more room for it would only be more memory. */
const YOUNG_MIB = 12;
/** Tasks that each thread has before it, so that it never waits for the one that folds. */
const AHEAD = 3;

interface Waiting {
  readonly resolve: (answer: Answers[Task['of']]) => void;
  readonly reject: (thrown: unknown) => void;
}

interface Runner {
  run<T extends Task>(task: T): Promise<Answers[T['of']]>;
}

function unreadable(cause: unknown): Problem {
  return new Problem('integrity', `the stored lines cannot be read: ${messageOf(cause)}`, { cause });
}

/** Does its tasks in this thread. */
class Here implements Runner {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async run<T extends Task>(task: T): Promise<Answers[T['of']]> {
    try {
      using reader = new Rereader(this.#path);
      return reader.do(task) as Answers[T['of']];
    } catch (thrown) {
      throw unreadable(thrown);
    }
  }
}

class Thread implements Runner {
  readonly waiting: Waiting[] = [];
  readonly #worker: Worker;

  constructor(path: string) {
    this.#worker = new Worker(new URL('./reread-worker.js', import.meta.url), { execArgv: [], workerData: path, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB } });
    this.#worker.on('message', (answer: Answers[Task['of']]) => this.waiting.shift()?.resolve(answer));
    const end = (cause?: unknown): void => {
      for (const { reject } of this.waiting.splice(0)) reject(unreadable(cause));
    };
    this.#worker.on('error', end);
    this.#worker.on('exit', () => end(new Error('a thread has ended')));
  }

  run<T extends Task>(task: T): Promise<Answers[T['of']]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve: resolve as Waiting['resolve'], reject });
      this.#worker.postMessage(task);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Threads, a core each, with their own connections to one book's file; of a small book this thread does the work. */
export class Rereaders implements AsyncDisposable {
  readonly #path: string;
  readonly #isSmall: boolean;
  readonly #threads: Thread[] = [];
  #readers: readonly Runner[] | undefined;

  /** @param lines of the book */
  constructor(path: string, lines: number) {
    this.#path = path;
    this.#isSmall = lines < FEW_LINES;
  }

  /**
   * Starts looking at the file's own structure, beside everything else: that takes longer the larger the book is.
   * @returns what is wrong with it, or null
   */
  async file(): Promise<string | null> {
    return (this.#isSmall ? new Here(this.#path) : this.#thread()).run({ of: 'file' });
  }

  /** Has lines `from` to `to` (exclusive) worked on, and gives the answers in order, each with the lines that it is of. */
  async *work<K extends 'signatures' | 'hashes'>(of: K, from: number, to: number): AsyncGenerator<{ from: number; to: number; answer: Answers[K] }> {
    const readers = (this.#readers ??= this.#start());
    const ahead: { from: number; to: number; answer: Promise<Answers[K]> }[] = [];
    let next = from;
    let turn = 0;
    while (next < to || ahead.length > 0) {
      while (next < to && ahead.length < readers.length * AHEAD) {
        const task = { of, from: next, to: Math.min(to, next + TASK_LINES) };
        const answer = (readers[turn % readers.length] as Runner).run(task) as Promise<Answers[K]>;
        answer.catch(() => undefined); // thrown where it is awaited
        ahead.push({ from: task.from, to: task.to, answer });
        next = task.to;
        turn += 1;
      }
      const first = ahead.shift();
      if (first !== undefined) yield { from: first.from, to: first.to, answer: await first.answer };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.splice(0).map((thread) => thread.end()));
  }

  #start(): readonly Runner[] {
    if (this.#isSmall) return [new Here(this.#path)];
    return Array.from({ length: Math.min(availableParallelism(), MAX_VERIFY_THREADS) }, () => this.#thread());
  }

  #thread(): Thread {
    const thread = new Thread(this.#path);
    this.#threads.push(thread);
    return thread;
  }
}
