// The market as JSON, from the copy that is served: who sells what, farms, contracts.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { iso } from '../base/clock.js';
import { MAX_LONG_POLL_MS, MAX_ROWS, MAX_SEARCHES_PER_MINUTE } from '../base/limits.js';
import type { Reader } from '../bcdb/reader.js';
import { showContract } from '../market/contract.js';
import { nodesOf, reasonText, search, shownFree } from '../market/directory.js';
import { findById, findFarm, findNode, nameOfBot } from '../market/find.js';
import { nearestShown } from '../market/nearest.js';
import { farmShown, machineShown, nodeShown } from '../market/shown.js';
import { whyNode } from '../market/why.js';
import { bookNamed, news, type RouteParts } from '../net/routes.js';
import * as wire from '../net/wire.js';
import { contractsOn, drainOf } from '../rules/node.js';
import type { FarmObject, NodeObject } from '../rules/objects.js';
import type { MarketContract, MarketEvents, MarketFarms, MarketMachine, MarketNodes, MarketSeller, MarketSupply } from '../schema/types.js';
import { FILTERS, wantedOf, type Asked } from './asked.js';
import { eventsOf } from './events.js';
import { Supplies } from './supply.js';

/** Nodes in one answer that does not say how many. */
const NODES = 100;
/** Lines in one answer that does not say how many. */
const EVENTS = 50;
/** Stands for a time that does not come. */
const MAX_TIME_MS = 8_640_000_000_000_000;

const SKIP = { type: 'string', pattern: '^(0|[1-9][0-9]{0,6})$', description: 'leaves out so many of the cheapest' };
const GRID_AND_KEY = wire.strict({ grid: wire.HASH, key: { type: 'string', pattern: '^[0-9a-f]{4,64}$' } }, ['grid', 'key']);
const GRID_AND_FARM = wire.strict({ grid: wire.HASH, id: { type: 'string', pattern: '^[a-z0-9-]{3,50}$' } }, ['grid', 'id']);
const GRID_AND_ID = wire.strict({ grid: wire.HASH, id: { type: 'string', pattern: '^[0-9a-f]{4,40}$' } }, ['grid', 'id']);

/** Adds the routes below /v1/grids/<grid>/market. */
export function addMarketRoutes(app: FastifyInstance, { books, clock, polls }: RouteParts): void {
  const supplies = new Supplies();
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

  app.get('/v1/grids/:grid/market/nodes/:key', {
    config: searches,
    schema: { summary: 'A node, and each check of what is asked for; the first digits of its key will do', params: GRID_AND_KEY, querystring: wire.strict(FILTERS), response: { 200: { $ref: 'market_machine.1.json#' } } },
  }, (request): MarketMachine => {
    const { reader, at } = readerOf(request);
    const node = findNode(reader, (request.params as { key: string }).key);
    const { search: wanted } = wantedOf(reader, request.query as Asked, at);
    const { farm, farm_name, fits, checks } = whyNode(reader, wanted, node);
    const drain = drainOf(node, at);
    return {
      at: iso(at), size: reader.size, node: node.key, farm, farm_name, admitted: node.admitted === node.farm, drained_until: drain === undefined ? null : (drain.until ?? MAX_TIME_MS),
      announcement: node.announcement, free: shownFree(node, at), contracts: contractsOn(node, at), fits, checks: [...checks],
    };
  });

  app.get('/v1/grids/:grid/market/farms/:id', {
    config: searches,
    schema: { summary: 'A farm with its nodes; by name, id or its first digits', params: GRID_AND_FARM, querystring: wire.NO_QUERY, response: { 200: { $ref: 'market_seller.1.json#' } } },
  }, (request): MarketSeller => {
    const { reader, at } = readerOf(request);
    const farm = findFarm(reader, (request.params as { id: string }).id);
    const nodes = nodesOfFarm(reader, farm.id);
    return {
      at: iso(at), size: reader.size, farm: farmShown(reader, farm, nodes, at), contracts: nodes.reduce((sum, node) => sum + contractsOn(node, at), 0),
      machines: nodes.slice(0, MAX_ROWS).map((node) => machineShown(node, at)),
    };
  });

  app.get('/v1/grids/:grid/market/supply', {
    config: searches,
    schema: {
      summary: 'What there was to sell and what was sold, over time',
      params: wire.GRID, querystring: wire.strict({ since: { ...wire.NUMBER, description: 'ms since 1970' }, points: { type: 'string', pattern: '^([2-9]|[1-9][0-9]|[1-4][0-9]{2}|500)$', description: '2 to 500; 60 where left out' } }), response: { 200: { $ref: 'market_supply.1.json#' } },
    },
  }, (request): Promise<MarketSupply> => {
    const { since = '0', points = '60' } = request.query as { since?: string; points?: string };
    const { reader, at } = readerOf(request);
    return supplies.of(reader, at, Number(since), Number(points));
  });

  app.get('/v1/grids/:grid/market/events', {
    schema: {
      summary: 'The newest lines in words; waits for news',
      params: wire.GRID, querystring: wire.strict({ after: { ...wire.NUMBER, description: 'a line; left out: the newest ones' }, limit: wire.LIMIT, wait: { ...wire.NUMBER, description: 'ms to wait for a line after that one, at most 30,000' } }), response: { 200: { $ref: 'market_events.1.json#' } },
    },
  }, async (request): Promise<MarketEvents> => {
    const { after, limit = `${EVENTS}`, wait = '0' } = request.query as { after?: string; limit?: string; wait?: string };
    const book = bookNamed(books, request);
    const wait_ms = Math.min(Number(wait), MAX_LONG_POLL_MS);
    if (wait_ms > 0 && after !== undefined && Number(after) >= book.reader.size - 1) await news(polls.of(book), wait_ms, request);
    return { size: book.reader.size, events: eventsOf(book.reader, after === undefined ? undefined : Number(after), Number(limit)) };
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

/** The nodes that a farm has admitted, in order of key. */
function nodesOfFarm(reader: Reader, farm: string): NodeObject[] {
  return [...nodesOf(reader)].filter(({ admitted }) => admitted === farm);
}
