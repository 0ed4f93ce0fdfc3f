// A server with the explorer's routes over a book that is put together by hand.
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import type { Reader } from '../../src/bcdb/reader.js';
import { explorer } from '../../src/explorer/routes.js';
import { startServer, type ServedGrid } from '../../src/net/server.js';
import { AT } from '../market/listed.js';

/** Asks for a path below the grid: status and JSON of the answer. */
export type Get = (path: string) => Promise<{ status: number; json: any }>;

export const GRID = 'ab'.repeat(32);

/** Serves the book until the test is over. @param below what paths begin with: the grid's own */
export async function serve(t: TestContext, reader: Reader, { below = `/v1/grids/${GRID}`, clock = (): number => AT } = {}): Promise<Get> {
  const book: ServedGrid = { id: GRID, name: 'tested', dev: true, isHome: true, reader, state: null, submit: () => Promise.resolve([]), refresh: () => Promise.resolve(), pending: () => undefined, onNews: () => () => undefined };
  const server = await startServer({ listen: { host: '127.0.0.1', port: 0 }, books: new Map([[GRID, book]]), talk: new Map(), clock, version: '0', log: pino({ level: 'silent' }), more: explorer() });
  t.after(() => server[Symbol.asyncDispose]());
  return async (path) => {
    const answer = await fetch(`${server.address}${below}${path}`);
    return { status: answer.status, json: await answer.json() };
  };
}
