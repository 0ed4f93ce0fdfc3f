// Moves a state file in a thread of its own, so that a server answers meanwhile.
import { Worker } from 'node:worker_threads';
import { Problem } from '../base/errors.js';
import { FOLD_LIMIT_MS } from '../base/limits.js';
import type { StatePoint } from '../bcdb/statefile.js';
import type { FoldAnswer, FoldPaths, FoldRequest } from './fold-worker.js';

/** The thread; it starts with the first request and keeps no process alive. One request at a time. */
export class Folder implements AsyncDisposable {
  readonly #paths: FoldPaths;
  readonly #limit_ms: number;
  #worker: Worker | undefined;

  constructor(paths: FoldPaths, limit_ms = FOLD_LIMIT_MS) {
    this.#limit_ms = limit_ms;
    this.#paths = paths;
  }

  /** @throws Problem `failed` where it cannot be folded, or the thread ends meanwhile */
  async advance(request: FoldRequest): Promise<StatePoint> {
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    const answer = await new Promise<FoldAnswer>((resolve) => {
      const ended = (): void => resolve({ problem: 'its thread has ended' });
      const late = setTimeout(() => {
        // The next request starts another, whether or not this one can be ended at once.
        if (this.#worker === worker) this.#worker = undefined;
        void worker.terminate();
        resolve({ problem: `its thread has not answered in ${this.#limit_ms} ms` });
      }, this.#limit_ms);
      worker.once('exit', () => clearTimeout(late));
      worker.once('exit', ended);
      worker.once('message', (said: FoldAnswer) => {
        clearTimeout(late);
        worker.off('exit', ended);
        resolve(said);
      });
      worker.postMessage(request);
    });
    worker.unref();
    if ('problem' in answer) throw new Problem('failed', `the state of ${request.size ?? 'all'} lines cannot be made: ${answer.problem}`, { reason: 'fold' });
    return { ...answer, root: Buffer.from(answer.root) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./fold-worker.js', import.meta.url), { workerData: this.#paths, execArgv: [] });
    // An error ends the thread; the next request starts another.
    worker.on('error', () => undefined);
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }
}
