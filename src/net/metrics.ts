// What a bot that serves tells Prometheus, on an address of its own: behind a web server every request comes from this
// machine, so on the port that others reach it could not be kept to the owner. Counts and times only: no key, no name
// of a party, no contract.
import { createServer } from 'node:http';
import type { Clock } from '../base/clock.js';
import { messageOf, Problem } from '../base/errors.js';
import { MAX_HEAD_BYTES, REQUEST_TIMEOUT_MS } from '../base/limits.js';
import { metric, type Sample } from '../base/prometheus.js';
import { catalogTotals, type CatalogTotals } from '../bcdb/catalog.js';
import { freshness } from '../bcdb/copy.js';
import { hasCatalog } from '../bcdb/tables.js';
import type { MailOffice } from './mail/office.js';
import type { Relay } from './relay/relay.js';
import type { ServedGrid } from './server.js';
import type { Tally } from './tally.js';

/** What there is to count. */
export interface Counted {
  readonly grids: ReadonlyMap<string, Pick<ServedGrid, 'id' | 'name' | 'isHome' | 'reader'>>;
  readonly tally: Pick<Tally, 'requests' | 'connections'>;
  readonly mail: Pick<MailOffice, 'held'>;
  readonly relay: Pick<Relay, 'count'>;
  readonly clock: Clock;
  /** Of this program. */
  readonly version: string;
}

/** Prometheus allows few: one who asks, and one who looks. */
const MAX_CONNECTIONS = 8;

/** The metrics of now. */
export function servedMetrics({ grids, tally, mail, relay, clock, version }: Counted): string {
  const perGrid = (of: (grid: Pick<ServedGrid, 'id' | 'name' | 'isHome' | 'reader'>) => number): Sample[] => [...grids.values()].map((grid) => [{ grid: grid.name }, of(grid)]);
  const { letters, bytes } = mail.held;
  const markets = [...grids.values()].filter(({ reader }) => hasCatalog(reader.db)).map((grid) => ({ grid: grid.name, ...catalogTotals(grid.reader.db) }));
  const perMarket = (of: (totals: CatalogTotals) => number): Sample[] => markets.map(({ grid, ...totals }) => [{ grid }, of(totals)]);
  const perResource = (of: 'capacity' | 'taken'): Sample[] => markets.flatMap(({ grid, [of]: amounts }) => Object.entries(amounts).map(([resource, amount]): Sample => [{ grid, resource }, amount]));
  return [
    metric('gauge', 'threebot_info', 'Version of the program.', [[{ version }, 1]]),
    metric('gauge', 'threebot_book_lines', 'Lines of the book.', perGrid(({ reader }) => reader.size)),
    metric('gauge', 'threebot_book_home', 'Whether this bot numbers the lines.', perGrid(({ isHome }) => (isHome ? 1 : 0))),
    metric('gauge', 'threebot_book_checkpoint_age_seconds', 'Age of the newest checkpoint.', perGrid(({ reader }) => Math.max(0, clock() - freshness(reader, clock).time_ms) / 1_000)),
    metric('gauge', 'threebot_market_farms', 'Farms of the grid.', perMarket(({ farms }) => farms)),
    metric('gauge', 'threebot_market_nodes', 'Nodes that their farms admit.', perMarket(({ nodes }) => nodes)),
    metric('gauge', 'threebot_market_contracts', 'Contracts that have capacity of those nodes.', perMarket(({ contracts }) => contracts)),
    metric('gauge', 'threebot_market_capacity', 'Capacity of those nodes: cores, MiB, addresses.', perResource('capacity')),
    metric('gauge', 'threebot_market_sold', 'What contracts have of it.', perResource('taken')),
    metric('counter', 'threebot_http_requests_total', 'Answers since the start, by route and status.', tally.requests),
    metric('gauge', 'threebot_http_connections', 'Connections that are open.', [[{}, tally.connections]]),
    metric('gauge', 'threebot_mail_letters', 'Letters that wait in mailboxes kept here.', [[{}, letters]]),
    metric('gauge', 'threebot_mail_bytes', 'Bytes of those letters.', [[{}, bytes]]),
    metric('gauge', 'threebot_relay_nodes', 'Nodes that wait at the relay.', perGrid(({ id }) => relay.count(id).nodes)),
    metric('gauge', 'threebot_relay_sessions', 'Sessions that the relay passes on.', perGrid(({ id }) => relay.count(id).sessions)),
  ].join('');
}

/**
 * Serves `GET /metrics`; resolves once it listens.
 * @throws Problem `busy` where the address is in use, `usage` where it cannot be listened on
 */
export async function startMetrics({ host, port }: { readonly host: string; readonly port: number }, text: () => string): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer({ maxHeaderSize: MAX_HEAD_BYTES, requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    if (request.url !== '/metrics' || request.method !== 'GET') return void response.writeHead(404, { connection: 'close' }).end();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text());
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Problem(error.code === 'EADDRINUSE' ? 'busy' : 'usage', `cannot serve metrics on ${host}:${port}: ${error.code ?? messageOf(error)}`, { cause: error, hint: 'choose another address with --metrics HOST:PORT' }));
    });
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address() as { port: number };
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}/metrics`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
