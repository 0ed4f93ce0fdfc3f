// The threads of `bcdb verify`, and their answers in the order of the lines.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { messageOf, Problem } from '../base/errors.js';
import { MAX_VERIFY_THREADS } from '../base/limits.js';
import type { Answers, Task } from './reread.js';

/** Lines of a task: a few milliseconds of hashes, some 15 of signatures. */
const TASK_LINES = 256;
/** Tasks that each thread has before it, so that it never waits for the one that folds. */
const AHEAD = 3;

interface Waiting {
  readonly resolve: (answer: Answers[Task['of']]) => void;
  readonly reject: (thrown: unknown) => void;
}

class Thread {
  readonly waiting: Waiting[] = [];
  readonly #worker: Worker;

  constructor(path: string) {
    this.#worker = new Worker(new URL('./reread-worker.js', import.meta.url), { execArgv: [], workerData: path });
    this.#worker.on('message', (answer: Answers[Task['of']]) => this.waiting.shift()?.resolve(answer));
    const end = (cause?: unknown): void => {
      for (const { reject } of this.waiting.splice(0)) reject(new Problem('integrity', `the stored lines cannot be read: ${messageOf(cause)}`, { cause }));
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

/** A thread a core, each with its own connection to one book's file. */
export class Rereaders implements AsyncDisposable {
  readonly #path: string;
  readonly #threads: Thread[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Starts looking at the file's own structure, beside everything else: that takes longer the larger the book is.
   * @returns what is wrong with it, or null
   */
  async file(): Promise<string | null> {
    const thread = new Thread(this.#path);
    this.#threads.push(thread);
    return thread.run({ of: 'file' });
  }

  /** Has lines `from` to `to` (exclusive) worked on, and gives the answers in order, each with the number of its first line. */
  async *work<K extends 'signatures' | 'hashes'>(of: K, from: number, to: number): AsyncGenerator<{ from: number; to: number; answer: Answers[K] }> {
    const threads = this.#start();
    const ahead: { from: number; to: number; answer: Promise<Answers[K]> }[] = [];
    let next = from;
    let turn = 0;
    while (next < to || ahead.length > 0) {
      while (next < to && ahead.length < threads.length * AHEAD) {
        const task = { of, from: next, to: Math.min(to, next + TASK_LINES) };
        const answer = (threads[turn % threads.length] as Thread).run(task) as Promise<Answers[K]>;
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

  #lines: Thread[] | undefined;

  #start(): Thread[] {
    if (this.#lines === undefined) {
      this.#lines = Array.from({ length: Math.min(availableParallelism(), MAX_VERIFY_THREADS) }, () => new Thread(this.#path));
      this.#threads.push(...this.#lines);
    }
    return this.#lines;
  }
}
