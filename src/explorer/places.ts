// Where nodes stand, as JSON: what a map needs, however many nodes there are.
import type { FastifyInstance } from 'fastify';
import { iso } from '../base/clock.js';
import { MAX_SEARCHES_PER_MINUTE } from '../base/limits.js';
import { placesOf } from '../market/places.js';
import { bookNamed, type RouteParts } from '../net/routes.js';
import * as wire from '../net/wire.js';
import type { MarketPlaces } from '../schema/types.js';

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
