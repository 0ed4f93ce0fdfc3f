// The market as JSON, from the copy that is served: who sells what, farms, contracts.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { iso } from '../base/clock.js';
import { MAX_ROWS, MAX_SEARCHES_PER_MINUTE } from '../base/limits.js';
import type { Reader } from '../bcdb/reader.js';
import { showContract } from '../market/contract.js';
import { nodesOf, reasonText, search } from '../market/directory.js';
import { findById, nameOfBot } from '../market/find.js';
import { nearestShown } from '../market/nearest.js';
import { farmShown, nodeShown } from '../market/shown.js';
import { bookNamed, type RouteParts } from '../net/routes.js';
import * as wire from '../net/wire.js';
import type { FarmObject, NodeObject } from '../rules/objects.js';
import type { MarketContract, MarketFarms, MarketNodes } from '../schema/types.js';
import { FILTERS, wantedOf, type Asked } from './asked.js';

/** Nodes in one answer that does not say how many. */
const NODES = 100;

const SKIP = { type: 'string', pattern: '^(0|[1-9][0-9]{0,6})$', description: 'leaves out so many of the cheapest' };
const GRID_AND_ID = wire.strict({ grid: wire.HASH, id: { type: 'string', pattern: '^[0-9a-f]{4,40}$' } }, ['grid', 'id']);

/** Adds the routes below /v1/grids/<grid>/market. */
export function addMarketRoutes(app: FastifyInstance, { books, clock }: RouteParts): void {
  const searches = { rateLimit: { max: MAX_SEARCHES_PER_MINUTE, timeWindow: 60_000 } };
  const readerOf = (request: FastifyRequest): { reader: Reader; at: number } => {
    const { reader } = bookNamed(books, request);
    return { reader, at: Math.max(clock(), reader.lastAt) };
  };

  app.get('/v1/grids/:grid/market/nodes', {
    config: searches,
    schema: {
      summary: 'Nodes that fit, cheapest first, and why the others do not',
      params: wire.GRID, querystring: wire.strict({ ...FILTERS, limit: wire.LIMIT, skip: SKIP }), response: { 200: { $ref: 'market_nodes.1.json#' } },
    },
  }, (request): MarketNodes => {
    const { limit = `${NODES}`, skip = '0', ...asked } = request.query as Asked & { limit?: string; skip?: string };
    const { reader, at } = readerOf(request);
    const { search: wanted, isPriced } = wantedOf(reader, asked, at);
    const from = Number(skip);
    const { matches, fitting, considered, excluded, nearest } = search(reader, wanted, { skip: from, limit: Number(limit) });
    const next = from + matches.length;
    return {
      at: iso(at), size: reader.size,
      nodes: matches.map((match) => nodeShown(match, isPriced)), fitting, next: matches.length > 0 && next < fitting ? next : null,
      considered, excluded: excluded.map((one) => ({ ...one, text: reasonText(one) })), nearest: nearest.map(nearestShown),
    };
  });

  app.get('/v1/grids/:grid/market/farms', {
    config: searches,
    schema: {
      summary: 'Farms, in order of id',
      params: wire.GRID, querystring: wire.strict({ limit: wire.LIMIT, after: { type: 'string', pattern: '^[0-9a-f]{40}$' } }), response: { 200: { $ref: 'market_farms.1.json#' } },
    },
  }, (request): MarketFarms => {
    const { limit = `${MAX_ROWS}`, after } = request.query as { limit?: string; after?: string };
    const { reader, at } = readerOf(request);
    const farms = reader.objects('farm/', Number(limit) + 1, after === undefined ? undefined : `farm/${after}`).map(({ value }) => value as unknown as FarmObject);
    const nodes = nodesOfFarms(reader);
    const shown = farms.slice(0, Number(limit)).map((farm) => farmShown(reader, farm, nodes.get(farm.id) ?? [], at));
    return { at: iso(at), size: reader.size, farms: shown, next: farms.length > shown.length ? (shown.at(-1)?.farm ?? null) : null };
  });

  app.get('/v1/grids/:grid/market/contracts/:id', {
    schema: { summary: 'A contract as anybody may see it; the first digits of its id will do', params: GRID_AND_ID, querystring: wire.NO_QUERY, response: { 200: { $ref: 'market_contract.1.json#' } } },
  }, (request): MarketContract => {
    const { reader, at } = readerOf(request);
    const contract = findById(reader, 'contract', (request.params as { id: string }).id, 'contracts are found by their whole id, or its first digits');
    const { agreement: { by }, record } = contract;
    const { workloads, ...shown } = showContract(reader, contract, at);
    return { at: iso(at), size: reader.size, ...shown, consumer: by, consumer_name: nameOfBot(reader, by), record, workloads: workloads.map((one) => ({ ...one, web: [...one.web], ports: [...one.ports] })) };
  });
}

/** The nodes that farms have admitted, by farm. */
function nodesOfFarms(reader: Reader): Map<string, NodeObject[]> {
  const nodes = new Map<string, NodeObject[]>();
  for (const node of nodesOf(reader)) {
    if (node.admitted === null) continue;
    const of = nodes.get(node.admitted);
    if (of === undefined) nodes.set(node.admitted, [node]);
    else of.push(node);
  }
  return nodes;
}
