// A bot between a light client and an honest one: hands everything on, and changes what it likes of the answers.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Changes an answer; `path` is what was asked. */
export type Lie = (path: string, answer: string) => string;

/** Serves what the bot at a URL serves, changed by `lie`. */
export class Liar implements AsyncDisposable {
  lie: Lie = (_path, answer) => answer;
  /** Answers that were handed on unchanged, by path without its query. */
  readonly seen = new Map<string, string>();
  readonly #target: string;
  readonly #server: Server;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(target: string): Promise<Liar> {
    const liar = new Liar(target);
    await new Promise<void>((resolve) => liar.#server.listen(0, '127.0.0.1', resolve));
    return liar;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url: path = '', method = 'GET' } = request;
    const body = method === 'POST' ? await text(request) : undefined;
    const answer = await fetch(`${this.#target}${path}`, { method, ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }) });
    const honest = await answer.text();
    const said = answer.ok ? this.lie(path, honest) : honest;
    if (answer.ok && said === honest) this.seen.set(path.replace(/\?.*/, ''), honest);
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(said);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
