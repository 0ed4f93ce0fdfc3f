// The routes: ours under /v1, C2SP's under /log. Each names its schemas; what comes back is JSON unless it says so.
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../base/errors.js';
import { MAX_LINES, MAX_LONG_POLL_MS, MAX_POSTS_PER_MINUTE, MAX_ROWS } from '../base/limits.js';
import { freshness } from '../bcdb/copy.js';
import { findRecord } from '../bcdb/query.js';
import { receiptOf } from '../bcdb/prove.js';
import type { Reader, StoredCheckpoint } from '../bcdb/reader.js';
import type { Outcome } from '../bcdb/sequencer.js';
import type { Following, GridList, Health, Outcomes, QueryRequest, SealedTalk, StateProof, Submission } from '../schema/types.js';
import { type Budget, linesText, objectsAnswer, queryAnswer } from './answers.js';
import { addMailRoutes } from './mail/routes.js';
import type { Polls, Waiting } from './polls.js';
import { answerOf } from './problems.js';
import type { ServedGrid, ServerParts } from './server.js';
import { addWitnessRoutes } from './witnesses.js';
import { addTileRoutes } from './tiles.js';
import { trustText } from './trustfile.js';
import * as wire from './wire.js';

/** What routes work with. */
export interface RouteParts extends ServerParts {
  /** Served on this home's own socket. */
  readonly isLocal: boolean;
  /** Ends when the server does. */
  readonly ending: AbortSignal;
  readonly buffered: Budget;
  readonly polls: Polls;
}

const NDJSON = 'application/x-ndjson';

/** Adds every route to a server. */
export function addRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { books, talk, clock, version, buffered } = parts;
  const posts = { rateLimit: { max: parts.maxPostsPerMinute ?? MAX_POSTS_PER_MINUTE, timeWindow: 60_000 } };

  const bookOf = (request: FastifyRequest): ServedGrid => bookNamed(books, request);

  app.get('/v1/health', { schema: wire.route('Which release this is, and how its books are kept up to date', { querystring: wire.NO_QUERY }, wire.answer('health.1')) }, (): Health => ({ ok: true, version, time: clock(), grids: [...books.values()].map(following) }));

  app.get('/v1/grids', { schema: wire.route('The books that are served here', { querystring: wire.NO_QUERY }, wire.answer('grids.1')) }, (): GridList => ({
    grids: [...books.values()].map(({ id, name, dev, isHome, reader }) => ({ id, name, dev, home: isHome, size: reader.size, time: freshness(reader, clock).time_ms })),
  }));

  app.get('/v1/grids/:grid/genesis', { schema: wire.route('Line 0 of a book', { params: wire.GRID, querystring: wire.NO_QUERY }, wire.answer('line.1')) }, (request) => bookOf(request).reader.line(0));

  app.get('/v1/grids/:grid/trust', { schema: wire.route('Genesis, and every statement of governance since: whose word counts', { params: wire.GRID, querystring: wire.NO_QUERY }, wire.textAnswer(NDJSON, 'a line a statement (line.1)')) }, (request, reply) => reply.type(NDJSON).send(trustText(bookOf(request).reader)));

  app.get('/v1/grids/:grid/lines', { schema: wire.route('Lines, then the checkpoint that proves them; waits for news', { params: wire.GRID, querystring: wire.LINES_QUERY }, wire.textAnswer(NDJSON, 'lines (line.1), then the trailer (trailer.1)')) }, async (request, reply) => {
    const { from, limit = `${MAX_LINES}`, wait = '0', pending = 'false' } = request.query as { from: string; limit?: string; wait?: string; pending?: string };
    const book = bookOf(request);
    const wait_ms = Math.min(Number(wait), MAX_LONG_POLL_MS);
    if (wait_ms > 0 && Number(from) >= signed(book.reader).size) await news(parts.polls.of(book), wait_ms, request);
    if (buffered.isFull) throw new Problem('busy', 'too many answers wait for their readers here', { reason: 'buffered', hint: 'try again in a moment' });
    const newest = (pending === 'true' ? book.pending() : undefined) ?? signed(book.reader);
    const text = linesText(book.reader, newest, Number(from), Number(limit), buffered);
    return reply.type(NDJSON).send(Readable.from(text, { highWaterMark: 1 }));
  });

  app.post('/v1/grids/:grid/records', { config: posts, schema: wire.route('Hands records in; a copy forwards them to the home', { params: wire.GRID, querystring: wire.NO_QUERY, body: wire.SUBMIT_BODY }, wire.answer('outcomes.1')) }, async (request): Promise<Outcomes> => {
    const { records, together = false } = request.body as Submission;
    const outcomes = await bookOf(request).submit(records, together);
    return { outcomes: outcomes.map(outcomeAnswer) };
  });

  app.get('/v1/grids/:grid/records/:id', { schema: wire.route('A record by its id or the first digits of it', { params: wire.GRID_AND_RECORD, querystring: wire.NO_QUERY }, wire.RECORD_ANSWER) }, (request) =>
    findRecord(bookOf(request).reader, (request.params as { id: string }).id));

  app.get('/v1/grids/:grid/receipts/:id', { schema: wire.route('Its receipt (C2SP tlog-proof)', { params: wire.GRID_AND_RECORD, querystring: wire.NO_QUERY }, wire.textAnswer('text/plain', 'a tlog-proof')) }, (request, reply) => {
    const { reader } = bookOf(request);
    const { id } = findRecord(reader, (request.params as { id: string }).id);
    return reply.type('text/plain; charset=utf-8').send(receiptOf(reader, id));
  });

  app.get('/v1/grids/:grid/objects', { schema: wire.route('Objects of the state whose id begins so', { params: wire.GRID, querystring: wire.OBJECTS_QUERY }, wire.OBJECTS_ANSWER) }, (request) => {
    const { prefix, after, limit = `${MAX_ROWS}` } = request.query as { prefix: string; after?: string; limit?: string };
    return objectsAnswer(bookOf(request).reader, prefix, Number(limit), after);
  });

  app.get('/v1/grids/:grid/objects/*', { schema: wire.route('An object of the state', { params: wire.GRID_AND_OBJECT, querystring: wire.NO_QUERY }, wire.OBJECT_ANSWER) }, (request) => {
    const { '*': id } = request.params as { '*': string };
    const value = bookOf(request).reader.get(id);
    if (value === undefined) throw new Problem('not_found', `no object ${id} in this book`);
    return { id, value };
  });

  app.get('/v1/grids/:grid/state/*', { schema: wire.route('An object of the state, proven by the newest state root', { params: wire.GRID_AND_OBJECT, querystring: wire.STATE_QUERY }, wire.answer('state_proof.1')) }, async (request): Promise<StateProof> => {
    const { '*': id } = request.params as { '*': string };
    const { from = '0' } = request.query as { from?: string };
    const prover = parts.provers?.get(bookOf(request).id);
    if (prover === undefined) throw new Problem('not_found', 'this bot proves no state', { reason: 'state_root', hint: 'ask another bot that serves the grid' });
    return prover.prove(id, Number(from));
  });

  app.post('/v1/grids/:grid/query', { config: posts, schema: wire.route('Asks a book, as 3bot bcdb query does', { params: wire.GRID, querystring: wire.NO_QUERY, body: wire.QUERY_BODY }, wire.QUERY_ANSWER) }, (request) =>
    queryAnswer(bookOf(request).reader, request.body as QueryRequest));

  // Most bots serve one grid, and who asks need not know its id.
  app.post('/v1/query', { config: posts, schema: wire.route('The same, of the one book that is served or of the grid that is named', { querystring: wire.NO_QUERY, body: wire.QUERY_BODY }, wire.QUERY_ANSWER) }, (request) => {
    const asked = request.body as QueryRequest;
    const [only, ...more] = [...books.values()];
    const book = asked.grid === undefined ? only : books.get(asked.grid);
    if (asked.grid === undefined && more.length > 0) throw new Problem('usage', 'this bot serves several grids: say which', { hint: 'GET /v1/grids lists them; then {"grid": ID, "query": …}' });
    if (book === undefined) throw new Problem('not_found', `this bot holds no copy of grid ${asked.grid ?? ''}`.trimEnd(), { reason: 'grid' });
    return queryAnswer(book.reader, asked);
  });

  // The same for a browser and a shell.
  app.get('/v1/grids/:grid/query', { schema: wire.route('The same from an address', { params: wire.GRID, querystring: wire.QUERY_QUERY }, wire.QUERY_ANSWER) }, (request) => {
    const { q = '', limit, after } = request.query as { q?: string; limit?: string; after?: string };
    return queryAnswer(bookOf(request).reader, { query: q, ...(limit === undefined ? {} : { limit: Number(limit) }), ...(after === undefined ? {} : { after }) });
  });

  addWitnessRoutes(app, parts.witnesses ?? new Map());

  addTileRoutes(app, { bookOf, signed, buffered });

  app.post('/v1/talk', { config: posts, schema: wire.route('A sealed message to a bot that answers here', { querystring: wire.NO_QUERY, body: wire.SEALED_BODY }, wire.answer('sealed.1')) }, async (request) => {
    const sealed = request.body as SealedTalk;
    const handler = talk.get(sealed.to);
    if (handler === undefined) throw new Problem('not_found', `nobody here answers for ${sealed.to}`, { reason: 'party' });
    return handler(sealed);
  });

  addMailRoutes(app, parts.mail, posts);

  if (parts.isLocal) {
    app.post('/v1/grids/:grid/follow', { schema: wire.route('Follows to the home\'s newest checkpoint; on this home\'s own socket alone', { params: wire.GRID, querystring: wire.NO_QUERY, body: wire.EMPTY_BODY }, wire.EMPTY_ANSWER) }, async (request) => {
      await bookOf(request).refresh();
      return {};
    });
  }
}

/** The book that a path names. @throws Problem `not_found` */
export function bookNamed(books: RouteParts['books'], request: FastifyRequest): ServedGrid {
  const { grid } = request.params as { grid: string };
  const book = books.get(grid);
  if (book === undefined) throw new Problem('not_found', `this bot holds no copy of grid ${grid}`, { reason: 'grid' });
  return book;
}

/** The newest checkpoint; what is served ends with it. */
function signed(reader: Reader): StoredCheckpoint {
  const checkpoint = reader.checkpoint();
  if (checkpoint === undefined) throw new Problem('busy', 'this book has no checkpoint yet', { hint: 'try again in a moment' });
  return checkpoint;
}

/** Resolves at the next change, after the time, or when either side goes away. */
export async function news(waiting: Waiting, wait_ms: number, request: FastifyRequest): Promise<void> {
  const { socket } = request.raw;
  await new Promise<void>((resolve) => {
    const gone = (): void => {
      stop();
      resolve();
    };
    // One connection asks again and again, for days.
    const stop = waiting.add(wait_ms, () => {
      socket.off('close', gone);
      resolve();
    });
    socket.once('close', gone);
  });
}

function following({ id, state }: ServedGrid): Following {
  return { id, follows: state?.ended !== true, problem: state === null || state.problem === null ? null : answerOf(state.problem) };
}

function outcomeAnswer(outcome: Outcome): Outcomes['outcomes'][number] {
  return outcome.ok ? { id: outcome.id, index: outcome.index, known: outcome.known } : answerOf(outcome.problem);
}

