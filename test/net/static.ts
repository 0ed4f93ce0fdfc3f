// A web server that knows nothing but files: what a mirror must do with.
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

/** A folder on a free port of loopback. */
export class StaticServer implements AsyncDisposable {
  readonly folder: string;
  /** Paths that were asked for, in order. */
  readonly asked: string[] = [];
  readonly #server = createServer(({ url = '', method }, answer) => {
    const path = join(this.folder, normalize(url));
    this.asked.push(url);
    if (method !== 'GET' || !existsSync(path) || !statSync(path).isFile()) answer.writeHead(404).end('<h1>Not Found</h1>');
    else answer.end(readFileSync(path));
  });

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async start(folder: string): Promise<StaticServer> {
    const made = new StaticServer(folder);
    made.#server.listen(0, '127.0.0.1');
    await once(made.#server, 'listening');
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
