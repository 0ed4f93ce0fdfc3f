// Where nodes stand, as JSON: what a map needs, however many nodes there are.
import type { FastifyInstance } from 'fastify';
import { iso } from '../base/clock.js';
import { MAX_ROWS, MAX_SEARCHES_PER_MINUTE } from '../base/limits.js';
import { add, NOTHING } from '../capacity/fit.js';
import { nodesOf, shownFree, type DirectoryState } from '../market/directory.js';
import { bookNamed, type RouteParts } from '../net/routes.js';
import * as wire from '../net/wire.js';
import type { MarketPlaces } from '../schema/types.js';

type Place = MarketPlaces['places'][number];

/** Adds /v1/grids/<grid>/market/places. */
export function addPlacesRoute(app: FastifyInstance, { books, clock }: RouteParts): void {
  app.get('/v1/grids/:grid/market/places', {
    config: { rateLimit: { max: MAX_SEARCHES_PER_MINUTE, timeWindow: 60_000 } },
    schema: { summary: 'Nodes by country and region, most first', params: wire.GRID, querystring: wire.NO_QUERY, response: { 200: { $ref: 'market_places.1.json#' } } },
  }, (request): MarketPlaces => {
    const { reader } = bookNamed(books, request);
    const at = Math.max(clock(), reader.lastAt);
    return { at: iso(at), size: reader.size, ...placesOf(reader, at) };
  });
}

/**
 * The places of all nodes that their farm admits.
 * @param at ms since 1970; free is what is left then
 */
export function placesOf(state: DirectoryState, at: number): Pick<MarketPlaces, 'places' | 'complete'> {
  const places = new Map<string, Place>();
  for (const node of nodesOf(state)) {
    if (node.admitted !== node.farm) continue;
    const { location: { country, region }, capacity } = node.announcement;
    const name = JSON.stringify([country, region]);
    const before = places.get(name) ?? { country, region, nodes: 0, capacity: NOTHING, free: NOTHING };
    places.set(name, { ...before, nodes: before.nodes + 1, capacity: add(before.capacity, capacity), free: add(before.free, shownFree(node, at)) });
  }
  const sorted = [...places.values()].sort((a, b) => b.nodes - a.nodes || (a.country ?? '~').localeCompare(b.country ?? '~', 'en') || (a.region ?? '').localeCompare(b.region ?? '', 'en'));
  if (sorted.length <= MAX_ROWS) return { places: sorted, complete: true };
  const rest = sorted.slice(MAX_ROWS - 1).reduce((sum, one) => ({ ...sum, nodes: sum.nodes + one.nodes, capacity: add(sum.capacity, one.capacity), free: add(sum.free, one.free) }), { country: null, region: null, nodes: 0, capacity: NOTHING, free: NOTHING } as Place);
  return { places: [...sorted.slice(0, MAX_ROWS - 1), rest], complete: false };
}
