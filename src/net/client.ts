// Asks another bot over HTTP, or this home's own daemon over its socket. Whatever comes back is hostile.
import { isAscii } from 'node:buffer';
import type { Agent, Dispatcher } from 'undici';
import { isProblem, Problem, messageOf } from '../base/errors.js';
import { ANSWER_TIMEOUT_MS, MAX_ANSWER_BYTES, OFFER_TIMEOUT_MS } from '../base/limits.js';
import type { Batch } from '../bcdb/copy.js';
import type { Outcome } from '../bcdb/sequencer.js';
import type { Change, FoundRecords, GridList, Health, Letter, Line, MailKept, MailPage, Outcomes, QueryRequest, SchemaName, SealedTalk, SignedMailboxRequest, SignedRecord, StateProof, Trailer } from '../schema/types.js';
import { shapeError } from '../schema/validate.js';
import { isLine } from './lines.js';
import { problemFrom } from './problems.js';
import type { Statements } from './trustfile.js';

/** Where a bot is: its base URL (`http://host:port`), or the path of its socket. */
export type Address = { readonly url: string } | { readonly socket: string };

interface Call {
  readonly body?: object;
  /** How long the other side may let us wait on purpose, ms. */
  readonly wait?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A connection pool to one bot. */
export class Client implements AsyncDisposable {
  /** What messages call the other side. */
  readonly name: string;
  readonly #base: string;
  readonly #socket: string | undefined;
  #agent: Promise<Agent> | undefined;

  constructor(address: Address) {
    this.#base = 'url' in address ? address.url.replace(/\/$/, '') : 'http://localhost';
    this.#socket = 'socket' in address ? address.socket : undefined;
    this.name = this.#socket ?? this.#base;
  }

  async health(signal?: AbortSignal): Promise<Health> {
    return this.#shaped<Health>('health@1', await this.#json('/v1/health', { signal }));
  }

  /** The books that are served there. */
  async grids(signal?: AbortSignal): Promise<GridList['grids']> {
    return this.#shaped<GridList>('grids@1', await this.#json('/v1/grids', { signal })).grids;
  }

  /** Line 0 of a book; nothing of it is checked but its shape. */
  async genesis(grid: string, signal?: AbortSignal): Promise<Line> {
    return this.#shaped<Line>('line@1', await this.#json(`/v1/grids/${grid}/genesis`, { signal }));
  }

  /** What is trusted of a grid there; nothing of it is checked but its shape (`checkTrust` does). */
  async trust(grid: string, signal?: AbortSignal): Promise<Statements> {
    const [first, ...changes] = this.#rows(await this.#call(`/v1/grids/${grid}/trust`, { signal }));
    return { genesis: this.#shaped<Line>('line@1', first), changes: changes.map((row) => this.#shaped<Change>('change@1', row)) };
  }

  /**
   * Lines from number `from` on, with the checkpoint they lead to.
   * @param wait how long to wait for news where there is none, ms, at most 30 s
   * @param limit of lines; as many as fit an answer where left out
   * @param pending also those that the grid's witnesses have yet to cosign; a home gives them
   */
  async lines(grid: string, from: number, { wait = 0, limit, pending = false, signal }: { wait?: number; limit?: number; pending?: boolean; signal?: AbortSignal | undefined } = {}): Promise<Batch> {
    const rows = this.#rows(await this.#call(`/v1/grids/${grid}/lines?from=${from}&wait=${wait}${limit === undefined ? '' : `&limit=${limit}`}${pending ? '&pending=true' : ''}`, { wait, signal }));
    const trailer = this.#shaped<Trailer>('trailer@1', rows.pop());
    if (!rows.every(isLine)) throw this.#nonsense('a line that is none');
    return { lines: rows, trailer };
  }

  /** Objects by the beginning of their id, at most 1,000; what they hold has no shape that was checked. */
  async objects(grid: string, prefix: string, signal?: AbortSignal): Promise<unknown> {
    return this.#json(`/v1/grids/${grid}/objects?prefix=${encodeURIComponent(prefix)}`, { signal });
  }

  /** What shows an object of the state; nothing of it is checked but its shape (`verifyStateProof` does). */
  async state(grid: string, id: string, from: number, signal?: AbortSignal): Promise<StateProof> {
    return this.#shaped<StateProof>('state_proof@1', await this.#json(`/v1/grids/${grid}/state/${id.split('/').map(encodeURIComponent).join('/')}?from=${from}`, { signal }));
  }

  /** Runs a query there; nothing of the records is checked but their shape. */
  async query(grid: string, wanted: QueryRequest, signal?: AbortSignal): Promise<FoundRecords> {
    return this.#shaped<FoundRecords>('found@1', await this.#json(`/v1/grids/${grid}/query`, { body: wanted, signal }));
  }

  /** Receipt of a record, `.tlog-proof` text; nothing of it is checked. */
  async receipt(grid: string, record: string, signal?: AbortSignal): Promise<string> {
    return (await this.#call(`/v1/grids/${grid}/receipts/${record}`, { signal })).toString('utf8');
  }

  /** Hands records in; each has a verdict of its own, in the order given. @param together all of them or none */
  async submit(grid: string, records: readonly SignedRecord[], together = false, signal?: AbortSignal): Promise<Outcome[]> {
    const answer = this.#shaped<Outcomes>('outcomes@1', await this.#json(`/v1/grids/${grid}/records`, { body: { records, ...(together ? { together } : {}) }, signal }));
    if (answer.outcomes.length !== records.length) throw this.#nonsense(`${answer.outcomes.length} verdicts on ${records.length} records`);
    return answer.outcomes.map((outcome) => {
      if ('index' in outcome) return { ok: true, id: outcome.id, index: outcome.index, known: outcome.known };
      return { ok: false, problem: problemFrom(outcome) ?? this.#nonsense('a verdict that is none') };
    });
  }

  /** Hands over a sealed message and gives the sealed answer. */
  async talk(sealed: SealedTalk, signal?: AbortSignal): Promise<SealedTalk> {
    return this.#shaped<SealedTalk>('sealed@1', await this.#json('/v1/talk', { body: sealed, wait: OFFER_TIMEOUT_MS - ANSWER_TIMEOUT_MS, signal }));
  }

  /** Hands over a letter; once it is answered, it is on disk there. */
  async mail(letter: Letter, signal?: AbortSignal): Promise<MailKept> {
    return this.#shaped<MailKept>('mail_kept@1', await this.#json('/v1/mail', { body: letter, signal }));
  }

  /** Letters of an own mailbox; waits for one up to `wait` ms, at most 30 s. Nothing of the letters is checked but their shape. */
  async mailbox(asked: SignedMailboxRequest, wait: number, signal?: AbortSignal): Promise<MailPage> {
    return this.#shaped<MailPage>('mail_page@1', await this.#json(`/v1/mail/fetch?wait=${wait}`, { body: asked, wait, signal }));
  }

  /** Asks this home's daemon to follow its grid to the newest checkpoint; on its socket only. */
  async follow(grid: string, signal?: AbortSignal): Promise<void> {
    await this.#call(`/v1/grids/${grid}/follow`, { body: {}, wait: ANSWER_TIMEOUT_MS, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#agent)?.destroy();
  }

  async #json(path: string, call: Call): Promise<unknown> {
    return this.#parse((await this.#call(path, call)).toString('utf8'));
  }

  #rows(bytes: Buffer): unknown[] {
    // Mostly it is ASCII, which is quicker to read.
    return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8').split('\n').filter((row) => row !== '').map((row) => this.#parse(row));
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw this.#nonsense('no JSON');
    }
  }

  #shaped<T>(name: SchemaName, value: unknown): T {
    const wrong = shapeError(name, value);
    if (wrong !== null) throw this.#nonsense(`what does not have its shape: ${wrong}`);
    return value as T;
  }

  /** One request; the bytes of a good answer, or the other side's Problem thrown. */
  async #call(path: string, { body, wait = 0, signal }: Call): Promise<Buffer> {
    const limit = AbortSignal.timeout(wait + ANSWER_TIMEOUT_MS);
    const ended = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    let status: number;
    let bytes: Buffer;
    try {
      const { request } = await import('undici');
      const answer = await request(`${this.#base}${path}`, {
        dispatcher: await (this.#agent ??= this.#connect()),
        method: body === undefined ? 'GET' : 'POST',
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        signal: ended,
      });
      status = answer.statusCode;
      bytes = await this.#read(answer.body);
    } catch (thrown) {
      if (signal?.aborted === true) throw signal.reason;
      if (isProblem(thrown)) throw thrown;
      throw this.#unreachable(limit.aborted ? 'did not answer in time' : `cannot be reached (${reasonOf(thrown)})`, thrown);
    }
    if (status === 200) return bytes;
    const problem = problemOf(bytes);
    throw problem ?? this.#unreachable(`answered with status ${status}, not as a 3bot`);
  }

  async #read(body: Dispatcher.ResponseData['body']): Promise<Buffer> {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of body as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > MAX_ANSWER_BYTES) throw this.#nonsense(`more than ${MAX_ANSWER_BYTES} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  async #connect(): Promise<Agent> {
    const { Agent } = await import('undici');
    return new Agent({
      connect: { timeout: ANSWER_TIMEOUT_MS, ...(this.#socket === undefined ? {} : { socketPath: this.#socket }) },
      // Below the server's, so that a request is not sent into a connection that is just being closed.
      keepAliveTimeout: 4_000,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  #unreachable(what: string, cause?: unknown): Problem {
    return new Problem('unreachable', `${this.name} ${what}`, { cause, hint: this.#socket === undefined ? `try 'curl ${this.#base}/v1/health'; if the bot has moved, '3bot grid join URL' with its new address` : 'run the command again' });
  }

  #nonsense(what: string): Problem {
    return new Problem('unreachable', `${this.name} answers with ${what}, not as a 3bot`, { reason: 'nonsense' });
  }
}

function problemOf(bytes: Buffer): Problem | undefined {
  try {
    return problemFrom(JSON.parse(bytes.toString('utf8')));
  } catch {
    return undefined;
  }
}

/** The system's word (`ECONNREFUSED`) where there is one. */
function reasonOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : messageOf(thrown);
}
