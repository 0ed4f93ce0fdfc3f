// What a window onto a grid shows: the market as JSON, and the page.
import type { MoreRoutes } from '../net/server.js';
import { addMarketRoutes } from './api.js';
import { addPlacesRoute } from './places.js';
import { addPage, type Page } from './serve.js';

/** Everything of the explorer for a server; without a page where none is given. */
export function explorer(page?: Page): MoreRoutes {
  return (app, parts) => {
    addMarketRoutes(app, parts);
    addPlacesRoute(app, parts);
    if (page !== undefined) addPage(app, page);
  };
}
