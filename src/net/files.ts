// Files from a plain web server: bounded in bytes and in silence, unpacked, and nothing believed of what they say.
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Agent } from 'undici';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { ANSWER_TIMEOUT_MS } from '../base/limits.js';

/** A file that a server has; `body` is to be read to its end, or destroyed. */
export interface OpenFile {
  readonly etag: string | undefined;
  readonly body: Readable;
}

/** What lies below one URL. */
export class WebFolder implements AsyncDisposable {
  /** The URL, without a slash at the end. */
  readonly url: string;
  #agent: Promise<Agent> | undefined;

  constructor(url: string) {
    this.url = url.replace(/\/$/, '');
  }

  /**
   * Asks for a file.
   * @param etag of what is here already
   * @returns `absent` where the server has no such file, `same` where it is the one that is here
   * @throws Problem `unreachable`
   */
  async open(path: string, { signal, etag }: { signal?: AbortSignal | undefined; etag?: string | undefined } = {}): Promise<OpenFile | 'absent' | 'same'> {
    try {
      const { request } = await import('undici');
      const headers = { 'accept-encoding': 'gzip, identity', ...(etag === undefined ? {} : { 'if-none-match': etag }) };
      const answer = await request(`${this.url}/${path}`, { dispatcher: await (this.#agent ??= connect()), headers, signal: signal ?? null });
      if (answer.statusCode === 200) {
        const { etag: tag, 'content-encoding': encoding } = answer.headers;
        return { etag: typeof tag === 'string' ? tag : undefined, body: encoding === 'gzip' ? pipeline(answer.body, createGunzip(), () => undefined) : answer.body };
      }
      await answer.body.dump();
      if (answer.statusCode === 304) return 'same';
      if (answer.statusCode === 404) return 'absent';
      throw this.unreachable(`answers with status ${answer.statusCode}`);
    } catch (thrown) {
      if (isProblem(thrown)) throw thrown;
      signal?.throwIfAborted();
      throw this.unreachable(`cannot be reached (${(thrown as NodeJS.ErrnoException).code ?? messageOf(thrown)})`, thrown);
    }
  }

  /** All of a file. @throws Problem `unreachable`, also above `limit` bytes */
  async bytes({ body }: OpenFile, limit: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of this.#parts(body)) {
      length += part.length;
      if (length > limit) throw this.nonsense(`more than ${limit} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  /** A file line by line; who breaks off gets no more of it. @throws Problem `unreachable`, also where a line has more than `limit` bytes */
  async *rows({ body }: OpenFile, limit: number): AsyncGenerator<string> {
    let parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of this.#parts(body)) {
      let start = 0;
      for (let end = part.indexOf(10); end >= 0; end = part.indexOf(10, start)) {
        yield Buffer.concat([...parts, part.subarray(start, end)]).toString('utf8');
        [parts, bytes, start] = [[], 0, end + 1];
      }
      parts.push(part.subarray(start));
      bytes += part.length - start;
      if (bytes > limit) throw this.nonsense(`a line of more than ${limit} bytes`);
    }
  }

  /** What is said of a server that is away. */
  unreachable(what: string, cause?: unknown): Problem {
    return new Problem('unreachable', `${this.url} ${what}`, { cause, hint: `try 'curl ${this.url}/checkpoint'; or join the grid elsewhere: 3bot grid join URL` });
  }

  /** What is said of files that are none of a log. */
  nonsense(what: string, cause?: unknown): Problem {
    return new Problem('unreachable', `${this.url} gives ${what}, not the files of a mirror`, { reason: 'nonsense', cause });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#agent)?.destroy();
  }

  async *#parts(body: Readable): AsyncGenerator<Buffer> {
    try {
      yield* body as AsyncIterable<Buffer>;
    } catch (thrown) {
      throw this.unreachable(`broke off (${messageOf(thrown)})`, thrown);
    } finally {
      body.destroy();
    }
  }
}

// Large files take their time; a server that is silent for so long does not come back.
async function connect(): Promise<Agent> {
  const { Agent } = await import('undici');
  return new Agent({ connect: { timeout: ANSWER_TIMEOUT_MS }, headersTimeout: ANSWER_TIMEOUT_MS, bodyTimeout: ANSWER_TIMEOUT_MS, keepAliveTimeout: 4_000 });
}
