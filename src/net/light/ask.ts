// Asks another bot and waits for the answer without giving the thread away: state is read with plain calls everywhere,
// and where there is no copy each such read is a question. For commands only; no server holds a light grid.
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { Problem, type ProblemCode } from '../../base/errors.js';
import { ANSWER_TIMEOUT_MS } from '../../base/limits.js';
import type { Answer, Query } from '../../bcdb/query.js';
import type { StateProof } from '../../schema/types.js';
import type { Statements } from '../trustfile.js';

/** What can be asked. */
export type Question =
  | { readonly what: 'states'; readonly ids: readonly string[]; readonly from: number }
  | { readonly what: 'ids'; readonly prefix: string }
  | { readonly what: 'records'; readonly wanted: Query }
  | { readonly what: 'receipt'; readonly record: string }
  | { readonly what: 'trust' };

/** What is answered; hostile, of the shape that the client checks. */
export interface Answers {
  states: StateProof[];
  ids: string[];
  records: Answer;
  receipt: string;
  trust: Statements;
}

/** What the thread is given. */
export interface AskData {
  readonly url: string;
  readonly grid: string;
  readonly flag: Int32Array;
}

interface Said {
  readonly value?: unknown;
  readonly problem?: { code: ProblemCode; message: string; reason?: string; hint?: string };
}

/** The client's own time limit comes first; this one is for a thread that hangs. */
const LIMIT_MS = 3 * ANSWER_TIMEOUT_MS;

/** Asks one bot about one grid. */
export class Asker implements Disposable {
  readonly #data: AskData;
  #thread: { readonly worker: Worker; readonly port: MessagePort } | undefined;

  constructor(url: string, grid: string) {
    this.#data = { url, grid, flag: new Int32Array(new SharedArrayBuffer(4)) };
  }

  /** @throws Problem as the other side's, or `unreachable` */
  ask<Q extends Question>(question: Q): Answers[Q['what']] {
    const { flag } = this.#data;
    const { port } = (this.#thread ??= this.#start());
    Atomics.store(flag, 0, 0);
    port.postMessage(question);
    if (Atomics.wait(flag, 0, 0, LIMIT_MS) === 'timed-out') throw new Problem('unreachable', `${this.#data.url} did not answer in time`);
    const { value, problem } = (receiveMessageOnPort(port) as { message: Said }).message;
    if (problem !== undefined) throw new Problem(problem.code, problem.message, problem);
    return value as Answers[Q['what']];
  }

  /** Waits a moment. */
  rest(ms: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  }

  [Symbol.dispose](): void {
    void this.#thread?.worker.terminate();
    this.#thread?.port.close();
  }

  #start(): { worker: Worker; port: MessagePort } {
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(new URL('./ask-worker.js', import.meta.url), { workerData: { ...this.#data, port: port2 }, transferList: [port2], execArgv: [] });
    worker.unref();
    port1.unref();
    return { worker, port: port1 };
  }
}
