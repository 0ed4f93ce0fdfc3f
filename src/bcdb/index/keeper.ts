// Keeps a book's index up beside the thread that writes the book.
import { Worker } from 'node:worker_threads';

/** Tells a thread of its own when the book has grown; what comes while it works is taken in together. */
export class IndexKeeper implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #onProblem: (problem: string) => void;
  #isWorking = false;
  #wanted = 0;
  #asked = 0;
  #told: string | null = null;

  /**
   * @param book path of the book's file
   * @param onProblem told once what stands in the way, until it goes well again
   */
  constructor(book: string, onProblem: (problem: string) => void) {
    this.#onProblem = onProblem;
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { execArgv: [], workerData: book });
    this.#worker.unref();
    this.#worker.on('message', (problem: string | null) => {
      this.#isWorking = false;
      this.#tell(problem);
      this.#next();
    });
    // Without it queries bring the index up themselves.
    this.#worker.on('error', (thrown) => this.#tell(thrown.message));
  }

  /** The book has so many lines now. */
  grow(size: number): void {
    this.#wanted = Math.max(this.#wanted, size);
    this.#next();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  #next(): void {
    if (this.#isWorking || this.#wanted <= this.#asked) return;
    this.#isWorking = true;
    this.#asked = this.#wanted;
    this.#worker.postMessage(this.#wanted);
  }

  #tell(problem: string | null): void {
    if (problem !== null && problem !== this.#told) this.#onProblem(problem);
    this.#told = problem;
  }
}
