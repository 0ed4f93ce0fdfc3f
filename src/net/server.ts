// The HTTP server: what one bot answers to others, and a daemon to the commands of its own home folder.
//
// Every input is hostile: bounded in head, body, time and number, then checked against the route's schema; every
// failure is a problem answer (RFC 9457), and nothing a client does ends the process.
import { chmodSync } from 'node:fs';
import type { Socket } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from 'fastify';
import type { Clock } from '../base/clock.js';
import { messageOf, Problem } from '../base/errors.js';
import { MAX_BODY_BYTES, MAX_BUFFERED_BYTES, MAX_GETS_PER_MINUTE, REQUEST_TIMEOUT_MS } from '../base/limits.js';
import type { Reader, StoredCheckpoint } from '../bcdb/reader.js';
import type { Outcome } from '../bcdb/sequencer.js';
import type { ProblemDetails, SealedTalk, SignedRecord } from '../schema/types.js';
import type { FollowState } from './follow.js';
import { Budget } from './answers.js';
import { crowdServer, placeOf } from './crowd.js';
import type { PostOffice } from './mail/office.js';
import { countAnswers } from './held.js';
import { addOpenApi } from './openapi.js';
import { Polls } from './polls.js';
import type { Relay } from './relay/relay.js';
import { answerByStatus, answerOf, PROBLEM_TYPE } from './problems.js';
import type { Prover } from './prover.js';
import { addRoutes, type RouteParts } from './routes.js';
import type { Tally } from './tally.js';
import { addSchemas } from './wire.js';
import type { WitnessHandler } from './witnesses.js';

/** A book as it is served: a home or a copy; `Grid` is one. */
export interface ServedGrid {
  readonly id: string;
  readonly name: string;
  readonly dev: boolean;
  readonly isHome: boolean;
  readonly reader: Reader;
  /** How it is kept up to date; null where this process does not. */
  readonly state: FollowState | null;
  /** Appends, or forwards to the home. */
  submit(records: readonly SignedRecord[], together?: boolean): Promise<Outcome[]>;
  /** Follows to the home's newest checkpoint; nothing to do at the home. */
  refresh(): Promise<void>;
  /** At a home: what it has signed and its witnesses have yet to cosign. No reader may take that for committed. */
  pending(): StoredCheckpoint | undefined;
  /** Calls back after every change that the reader shows; returns how to stop that. */
  onNews(listener: () => void): () => void;
}

/** Answers a sealed message. @throws Problem */
export type TalkHandler = (sealed: SealedTalk) => Promise<SealedTalk>;

/** Where to listen: TCP (port 0: any free one), or a Unix socket, which becomes 0600. */
export type Listen = { readonly host: string; readonly port: number } | { readonly socket: string };

/** Adds routes of a higher rank to a server, such as the market's and a page; they are bounded and answered for as ours. */
export type MoreRoutes = (app: FastifyInstance, parts: RouteParts) => void;

/** What a server is made of. */
export interface ServerParts {
  readonly listen: Listen;
  /** By grid id; may change while the server runs. */
  readonly books: ReadonlyMap<string, ServedGrid>;
  /** What proves objects of those books to light clients, by grid id; may be fewer than the books. */
  readonly provers?: ReadonlyMap<string, Prover>;
  /** By the party that a message is addressed to (`farm/<id>`, `bot/<key>`). */
  readonly talk: ReadonlyMap<string, TalkHandler>;
  /** By the name in the address; none if left out. */
  readonly witnesses?: ReadonlyMap<string, WitnessHandler>;
  /** Joins operators with nodes; none if left out. Ends with the server. */
  readonly relay?: Relay;
  /** Counts what is answered; nothing does if left out. */
  readonly tally?: Tally;
  /** Keeps mailboxes; none if left out. */
  readonly mail?: PostOffice;
  /** Further routes; none if left out. */
  readonly more?: MoreRoutes | undefined;
  readonly clock: Clock;
  readonly version: string;
  readonly log: FastifyBaseLogger;
  /** Test only: shorter than REQUEST_TIMEOUT_MS. */
  readonly requestTimeoutMs?: number;
  /** Test only: fewer than the system allows. */
  readonly maxConnections?: number;
  /** Test only: fewer than MAX_POSTS_PER_MINUTE. */
  readonly maxPostsPerMinute?: number;
}

/** A server that listens. */
export interface Server extends AsyncDisposable {
  /** `http://host:port`, or the socket's path. */
  readonly address: string;
}

/**
 * Starts to serve; resolves once it listens.
 * @throws Problem `busy` where the address is in use, `usage` where it cannot be listened on
 */
export async function startServer(parts: ServerParts): Promise<Server> {
  const requestTimeout = parts.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const ending = new AbortController();
  const buffered = new Budget(MAX_BUFFERED_BYTES);
  const polls = new Polls({ books: parts.books, buffered, ending: ending.signal });
  const app: FastifyInstance = Fastify({
    loggerInstance: parts.log,
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 200 },
    serverFactory: (handler) => crowdServer(handler, polls, parts, requestTimeout),
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false, strict: true, strictTypes: false } },
    clientErrorHandler: refuseConnection,
    frameworkErrors: (thrown, _request, reply) => void refuse(reply, answerOf(thrown)),
  });
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((thrown, request, reply) => {
    const answer = answerOf(thrown);
    if (answer.status === 500) request.log.warn({ error: messageOf(thrown), url: request.url }, 'request failed');
    return refuse(reply, answer);
  });
  app.setNotFoundHandler((request, reply) => refuse(reply, answerByStatus(404, `nothing is served at ${request.method} ${request.url.slice(0, 200)}`)));
  const { relay } = parts;
  if (relay !== undefined) app.server.on('upgrade', (request, socket, head) => relay.upgrade(request, socket, head));
  app.addHook('preClose', async () => {
    ending.abort();
    relay?.[Symbol.dispose]();
  });
  parts.tally?.watch(app);
  addSchemas(app);
  // What a schema says of an answer is for those who read it: tests hold answers against it, nothing is cut off here.
  app.setSerializerCompiler(() => JSON.stringify);
  countAnswers(app, buffered);
  const isLocal = 'socket' in parts.listen;
  // Whoever can open the socket owns the home folder; only strangers are counted.
  if (!isLocal) await app.register(rateLimit, { max: MAX_GETS_PER_MINUTE, timeWindow: 60_000, keyGenerator: ({ ip }) => placeOf(ip) });
  await addOpenApi(app, parts.version);
  await app.register(async (scope) => {
    const routed: RouteParts = { ...parts, isLocal, ending: ending.signal, buffered, polls };
    addRoutes(scope, routed);
    parts.more?.(scope, routed);
  });
  const address = await listen(app, parts.listen);
  return { address, [Symbol.asyncDispose]: () => app.close() };
}

function refuse(reply: FastifyReply, answer: ProblemDetails): FastifyReply {
  // As bytes: to a text the library would add a charset, which this type does not have.
  return reply.code(answer.status).type(PROBLEM_TYPE).send(Buffer.from(JSON.stringify(answer)));
}

async function listen(app: FastifyInstance, where: Listen): Promise<string> {
  try {
    if ('socket' in where) {
      await app.listen({ path: where.socket });
      chmodSync(where.socket, 0o600);
      return where.socket;
    }
    await app.listen({ host: where.host, port: where.port });
  } catch (cause) {
    await app.close();
    const code = (cause as NodeJS.ErrnoException).code;
    const place = 'socket' in where ? where.socket : `${where.host}:${where.port}`;
    if (code === 'EADDRINUSE') throw new Problem('busy', `${place} is in use by another program`, { cause, hint: 'choose another port with --listen HOST:PORT' });
    throw new Problem('usage', `cannot listen on ${place} (${code ?? messageOf(cause)})`, { cause, hint: 'give an address of this machine with --listen HOST:PORT' });
  }
  const { port } = app.server.address() as { port: number };
  return `http://${where.host.includes(':') ? `[${where.host}]` : where.host}:${port}`;
}

/** Bytes that never became a request: too large a head, too slow, or no HTTP at all. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const { title, ...rest } = answerByStatus(status, status === 408 ? 'the request did not arrive in time' : status === 431 ? 'the head of the request is too large' : 'this is no HTTP request');
  const body = JSON.stringify({ title, ...rest });
  socket.end(`HTTP/1.1 ${status} ${title}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
  // A peer that does not close its side must not keep the socket.
  setTimeout(() => socket.destroy(), 1_000).unref();
}
