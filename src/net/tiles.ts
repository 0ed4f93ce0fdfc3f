// C2SP tlog-tiles under /log/<grid>/: the checkpoint, and files that never change once they are there.
import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import { negotiate } from '@fastify/accept-negotiator';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { GZIP_BYTES, PIECE_BYTES } from '../base/limits.js';
import { bookTile, entriesOf, hashesOf, recordsOf, type BookTile } from '../bcdb/bundles.js';
import { milestonesText } from '../bcdb/mirror.js';
import type { Reader, StoredCheckpoint } from '../bcdb/reader.js';
import type { Budget } from './answers.js';
import * as wire from './wire.js';

/** What these routes work with. */
export interface TileParts {
  /** The book that a request names. @throws Problem `not_found` */
  readonly bookOf: (request: FastifyRequest) => { readonly reader: Reader };
  /** The newest checkpoint; nothing above it is served. @throws Problem `busy` */
  readonly signed: (reader: Reader) => StoredCheckpoint;
  /** Bytes that wait for their readers. */
  readonly buffered: Budget;
}

const FOR_EVER = 'public, max-age=31536000, immutable';
// A cache takes load off; 5 s do not matter to a reader who takes anything under 10 min for fresh.
const FOR_SECONDS = 'public, max-age=5';
const NOT_YET = 'no-store';
const gzipped = promisify(gzip);

/** Adds `checkpoint`, `milestones` and `tile/…`. */
export function addTileRoutes(app: FastifyInstance, { bookOf, signed, buffered }: TileParts): void {
  app.get('/log/:grid/checkpoint', { exposeHeadRoute: true, schema: { params: wire.GRID, querystring: wire.NO_QUERY } }, (request, reply) => {
    const { note } = signed(bookOf(request).reader);
    if (isKnown(request, reply.header('cache-control', FOR_SECONDS), tagOf(note))) return reply.code(304).send();
    return reply.type('text/plain; charset=utf-8').send(note);
  });

  app.get('/log/:grid/milestones', { exposeHeadRoute: true, schema: { params: wire.GRID, querystring: wire.NO_QUERY } }, (request, reply) => {
    const text = milestonesText(bookOf(request).reader);
    if (isKnown(request, reply.header('cache-control', FOR_SECONDS), tagOf(text))) return reply.code(304).send();
    return reply.type('application/x-ndjson').send(text);
  });

  app.get('/log/:grid/tile/*', { exposeHeadRoute: true, schema: { params: wire.GRID_AND_TILE, querystring: wire.NO_QUERY } }, (request, reply) => {
    reply.header('cache-control', NOT_YET);
    const { reader } = bookOf(request);
    const path = `tile/${(request.params as { '*': string })['*']}`;
    const tile = bookTile(path, signed(reader).size);
    if (tile === undefined) throw new Problem('not_found', `no ${path.slice(0, 100)} below the checkpoint of this log`, { reason: 'tile' });
    const level = typeof tile.of === 'number' ? tile.of : 0;
    const hashes = hashesOf(reader, level, tile);
    // Its hashes name what is in a bundle, too.
    if (isKnown(request, reply, tagOf(`${tile.of}`, hashes))) return reply.header('cache-control', FOR_EVER).code(304).send();
    return typeof tile.of === 'number'
      ? reply.header('cache-control', FOR_EVER).type('application/octet-stream').send(hashes)
      : sendBundle(request, reply, reader, tile, buffered);
  });
}

async function sendBundle(request: FastifyRequest, reply: FastifyReply, reader: Reader, tile: BookTile, buffered: Budget): Promise<FastifyReply> {
  if (buffered.isFull) throw new Problem('busy', 'too many answers wait for their readers here', { reason: 'buffered', hint: 'try again in a moment' });
  const zips = negotiate(request.headers['accept-encoding'] ?? '', ['gzip', 'identity']) === 'gzip';
  reply.header('cache-control', FOR_EVER).header('vary', 'accept-encoding');
  if (zips) reply.header('content-encoding', 'gzip');
  if (tile.of === 'entries') {
    const bundle = entriesOf(reader, tile);
    return reply.type('application/octet-stream').send(zips ? await gzipped(bundle) : bundle);
  }
  const pieces = Readable.from(piecesOf(recordsOf(reader, tile), buffered, zips ? GZIP_BYTES : 0), { highWaterMark: 1 });
  // Whichever end goes away, the other must not stay.
  return reply.type('application/x-ndjson').send(zips ? pipeline(pieces, createGzip(), () => undefined) : pieces);
}

/** Rows put together to pieces that are worth a call, counted while they wait. @param besides bytes that the answer holds all the time */
function* piecesOf(rows: Iterable<string>, buffered: Budget, besides: number): Generator<string> {
  using share = buffered.share();
  let piece = '';
  for (const row of rows) {
    piece += row;
    if (piece.length < PIECE_BYTES) continue;
    share.hold(piece.length + besides);
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

/** A tag of what is sent, whatever its encoding: weak, as RFC 9110 8.8.1 wants it. */
function tagOf(...parts: (string | Buffer)[]): string {
  return `W/"${sha256Hex(Buffer.concat(parts.map((part) => Buffer.from(part)))).slice(0, 32)}"`;
}

/** Whether the asker has it already; says what it is in any case. */
function isKnown(request: FastifyRequest, reply: FastifyReply, tag: string): boolean {
  reply.header('etag', tag);
  const held = request.headers['if-none-match'];
  return held !== undefined && (held === '*' || held.split(',').some((one) => one.trim().replace(/^(W\/)?/, 'W/') === tag));
}
