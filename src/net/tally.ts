// Counts of what a server was asked and how many are connected: by route and status, of nobody in particular.
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Sample } from '../base/prometheus.js';

/** Polls are answered before any route is looked for (`polls.ts`). */
const POLLED = '/v1/grids/:grid/lines';

/** Counts for one process, whatever it listens on. */
export class Tally {
  readonly #requests = new Map<string, number>();
  #connections = 0;

  /** Counts what a server answers from now on. Labels come from the table of routes, so there is a bounded number of them. */
  watch(app: FastifyInstance): void {
    const routes = new WeakMap<IncomingMessage, string>();
    app.addHook('onRequest', (request, _reply, done) => {
      routes.set(request.raw, request.routeOptions.url ?? 'none');
      done();
    });
    app.server.on('request', (request, response) => {
      response.once('finish', () => this.#count(`${routes.get(request) ?? POLLED} ${response.statusCode}`));
    });
    app.server.on('connection', (socket) => {
      this.#connections += 1;
      socket.once('close', () => void (this.#connections -= 1));
    });
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#connections;
  }

  /** Answers since the process began, by route and status. */
  get requests(): Sample[] {
    return [...this.#requests].sort().map(([key, count]) => {
      const [route = '', status = ''] = key.split(' ');
      return [{ route, status }, count];
    });
  }

  #count(key: string): void {
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
  }
}
