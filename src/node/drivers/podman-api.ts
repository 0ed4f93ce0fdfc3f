// Podman's REST interface (libpod v4) over its unix socket: calls that are bounded in time and size.
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { Pool } from 'undici';
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import { MAX_RUNTIME_ANSWER_BYTES, RUNTIME_TIMEOUT_MS } from '../../base/limits.js';
import { oneLine } from '../children.js';
import { startService, type Service } from './podman-service.js';

/** A call; everything but method, path and signal may be left out. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below libpod's own, already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal: AbortSignal;
  readonly timeout_ms?: number;
  /** Answers that are not errors although their status is 400 or more. */
  readonly accept?: readonly number[];
  /** The answer is read to its end, and no more of it than this is kept; left out: a long one is an error. */
  readonly keep_bytes?: number;
}

/** What podman answered. */
export interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
}

const BASE = '/v4.0.0/libpod';
const NOBODY_LISTENS = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK']);

/** A connection to podman; starts podman's service when nobody listens on the socket. */
export class PodmanApi implements AsyncDisposable {
  readonly #socket: string;
  readonly #pool: Pool;
  #service: Promise<Service> | undefined;

  constructor(socket: string) {
    this.#socket = socket;
    this.#pool = new Pool('http://podman', { socketPath: socket, connections: 16, headersTimeout: 0, bodyTimeout: 0 });
  }

  /**
   * Asks and reads the whole answer.
   * @throws Problem `failed` with podman's own words for a status of 400 or more, `unreachable` when nobody answers in time
   */
  async call(call: Call): Promise<Answer> {
    try {
      return await this.#once(call);
    } catch (error) {
      if (!isProblem(error, 'unreachable', 'no_socket')) throw error;
    }
    // No connection was made, so nothing was done: asking again is safe.
    this.#service ??= startService(this.#socket, call.signal);
    const starting = this.#service;
    try {
      await starting;
    } catch (error) {
      if (this.#service === starting) this.#service = undefined;
      throw error;
    }
    try {
      return await this.#once(call);
    } catch (error) {
      if (isProblem(error, 'unreachable', 'no_socket') && this.#service === starting) this.#service = undefined;
      throw error;
    }
  }

  /**
   * Asks for an answer that becomes a connection (`101 UPGRADED`), which the caller has from then on.
   * @throws Problem as `call`
   */
  async hijack(path: string, body: object, signal: AbortSignal): Promise<Socket> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(RUNTIME_TIMEOUT_MS)]);
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', connection: 'Upgrade', upgrade: 'tcp' };
      const asked = request({ socketPath: this.#socket, method: 'POST', path: `${BASE}${path}`, headers, signal: limit });
      asked.once('error', (cause) => reject(new Problem('unreachable', `podman does not answer: ${messageOf(cause)}`, { reason: 'broken', cause })));
      asked.once('upgrade', (_answer, socket: Socket, head: Buffer) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      asked.once('response', (answer) => {
        answer.resume();
        reject(new Problem('failed', `podman: status ${answer.statusCode ?? 0} instead of a connection`));
      });
      asked.end(JSON.stringify(body));
    });
  }

  /** The same, read as JSON. */
  async json(call: Call): Promise<unknown> {
    const { bytes } = await this.call(call);
    try {
      return JSON.parse(bytes.toString('utf8'));
    } catch {
      throw new Problem('failed', 'podman gave an answer that is no JSON');
    }
  }

  async #once(call: Call): Promise<Answer> {
    const timeout_ms = call.timeout_ms ?? RUNTIME_TIMEOUT_MS;
    const limit = AbortSignal.any([call.signal, AbortSignal.timeout(timeout_ms)]);
    const query = call.query === undefined ? '' : `?${new URLSearchParams(call.query)}`;
    try {
      const answer = await this.#pool.request({
        method: call.method,
        path: `${BASE}${call.path}${query}`,
        signal: limit,
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body), headers: { 'content-type': 'application/json' } }),
      });
      const parts: Buffer[] = [];
      let size = 0;
      for await (const part of answer.body as AsyncIterable<Buffer>) {
        const kept = call.keep_bytes === undefined ? part : part.subarray(0, Math.max(0, call.keep_bytes - size));
        size += kept.length;
        if (size > MAX_RUNTIME_ANSWER_BYTES) throw new Problem('failed', 'podman gave an answer without end');
        parts.push(kept);
      }
      const bytes = Buffer.concat(parts);
      if (answer.statusCode >= 400 && !(call.accept ?? []).includes(answer.statusCode)) throw refusal(answer.statusCode, bytes);
      return { status: answer.statusCode, bytes };
    } catch (error) {
      if (error instanceof Problem) throw error;
      if (call.signal.aborted) throw new Problem('interrupted', 'stopped while asking podman');
      if (limit.aborted) throw new Problem('unreachable', `podman took longer than ${timeout_ms / 1_000} s`, { reason: 'timeout' });
      const code = (error as NodeJS.ErrnoException).code ?? '';
      throw new Problem('unreachable', `podman does not answer: ${messageOf(error)}`, { reason: NOBODY_LISTENS.has(code) ? 'no_socket' : 'broken', cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
    const service = await this.#service?.catch(() => undefined);
    this.#service = undefined;
    await service?.[Symbol.asyncDispose]();
  }
}

function refusal(status: number, bytes: Buffer): Problem {
  let words = bytes.toString('utf8');
  try {
    const said = JSON.parse(words) as { message?: unknown; cause?: unknown };
    words = String(said.message ?? said.cause ?? words);
  } catch {
    // Not JSON: the words as they are.
  }
  return new Problem('failed', `podman: ${oneLine(words) || `status ${status}`}`, { reason: `status_${status}` });
}
