// A network that loses what a test names: a request before it arrives, or the answer after it was carried out.
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What is to be lost. */
export interface Loss {
  /** Method and path, as in `POST /v1/talk`. */
  readonly of: RegExp;
  /** The request never arrives, or the answer never comes back. */
  readonly what: 'request' | 'reply';
  /** So many that match go through before. */
  skip?: number;
  times: number;
}

/** Stands between two processes and hands on every request, unless it is to be lost. */
export class LossyProxy implements AsyncDisposable {
  loss: Loss | undefined;
  /** Requests that match wait until `open` resolves. */
  gate: { readonly of: RegExp; readonly open: Promise<void>; readonly reached: () => void } | undefined;
  /** How many were lost. */
  lost = 0;
  readonly #to: () => string;
  readonly #server: Server;

  private constructor(to: () => string) {
    this.#to = to;
    this.#server = createServer((request, response) => void this.#hand(request, response).catch(() => request.socket.destroy()));
  }

  /** Holds every request that matches, until the function that it resolves to, once the first is there, is called. */
  async hold(of: RegExp): Promise<() => void> {
    let open = (): void => undefined;
    await new Promise<void>((reached) => {
      this.gate = { of, open: new Promise((resolve) => (open = resolve)), reached };
    });
    return () => {
      this.gate = undefined;
      open();
    };
  }

  /** @param to where it leads, asked for every request: whoever is there may be started again elsewhere */
  static async start(to: () => string): Promise<LossyProxy> {
    const proxy = new LossyProxy(to);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #hand(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const line = `${request.method ?? ''} ${request.url ?? ''}`;
    if (this.gate?.of.test(line) === true) {
      this.gate.reached();
      await this.gate.open;
    }
    const lost = this.#isLost(line);
    if (lost === 'request') return void request.socket.destroy();
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const onward = httpRequest(new URL(request.url ?? '/', this.#to()), { method: request.method, headers: request.headers, agent: false }, resolve);
      onward.on('error', reject).end(body);
      response.once('close', () => onward.destroy());
    });
    const whole = await buffer(answer);
    if (lost === 'reply') return void request.socket.destroy();
    response.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? '' }).end(whole);
  }

  #isLost(line: string): 'request' | 'reply' | undefined {
    const { loss } = this;
    if (loss === undefined || loss.times === 0 || !loss.of.test(line)) return undefined;
    if ((loss.skip ?? 0) > 0) {
      loss.skip = (loss.skip ?? 0) - 1;
      return undefined;
    }
    loss.times -= 1;
    this.lost += 1;
    return loss.what;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
