// Moves a state file in a thread of its own, so that a server answers meanwhile.
import { Worker } from 'node:worker_threads';
import { Problem } from '../base/errors.js';
import type { StatePoint } from '../bcdb/statefile.js';
import type { FoldAnswer, FoldPaths, FoldRequest } from './fold-worker.js';

/** The thread; it starts with the first request and keeps no process alive. One request at a time. */
export class Folder implements AsyncDisposable {
  readonly #paths: FoldPaths;
  #worker: Worker | undefined;

  constructor(paths: FoldPaths) {
    this.#paths = paths;
  }

  /** @throws Problem `failed` where it cannot be folded, or the thread ends meanwhile */
  async advance(request: FoldRequest): Promise<StatePoint> {
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    const answer = await new Promise<FoldAnswer>((resolve) => {
      const ended = (): void => resolve({ problem: 'its thread has ended' });
      worker.once('exit', ended);
      worker.once('message', (said: FoldAnswer) => {
        worker.off('exit', ended);
        resolve(said);
      });
      worker.postMessage(request);
    });
    worker.unref();
    if ('problem' in answer) throw new Problem('failed', `the state of ${request.size} lines cannot be made: ${answer.problem}`, { reason: 'fold' });
    return { ...answer, root: Buffer.from(answer.root) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./fold-worker.js', import.meta.url), { workerData: this.#paths, execArgv: [] });
    // An error ends the thread; the next request starts another.
    worker.on('error', () => undefined);
    worker.once('exit', () => (this.#worker = undefined));
    return worker;
  }
}
