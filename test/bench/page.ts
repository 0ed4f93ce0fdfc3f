// How long the explorer's page takes until it can be used, in a browser on this machine: 10,000 nodes beside 10.
import type { TestContext } from 'node:test';
import pino from 'pino';
import { explorer } from '../../src/explorer/routes.js';
import { readPage } from '../../src/explorer/serve.js';
import { startServer, type ServedGrid } from '../../src/net/server.js';
import { openBrowser } from '../explorer/browser.js';
import { AT, book, farmOf, nodeOf } from '../market/listed.js';
import { figure, median, seconds, type Figure } from './measure.js';

const NODES = 10_000;
const FARMS = 100;
const FEW = 10;
const RUNS = 5;
const GRID = 'ab'.repeat(32);
const COUNTRIES = ['BE', 'NL', 'DE', 'FR', 'IT', 'ES', 'PT', 'GB', 'IE', 'SE', 'NO', 'FI', 'PL', 'CZ', 'AT', 'CH', 'US', 'CA', 'MX', 'BR', 'AR', 'ZA', 'KE', 'EG', 'TZ', 'IN', 'JP', 'KR', 'SG', 'AU'] as const;

/** What is looked at, and what shows that it can be used. */
const VIEWS = [
  ['page: overview with map, cold', '#/', '.map a'],
  ['page: nodes, found and listed, cold', '#/nodes?cpu=2&ssd=10', 'td a[href^="#/node/"]'],
] as const;

/** Median ms from going there to usable, with nothing cached, view by view. */
async function timed(nodes: number): Promise<number[]> {
  const ends: (() => void)[] = [];
  const farms = Array.from({ length: FARMS }, (_, n) => farmOf(n));
  const reader = book({ after: (end: () => void) => ends.push(end) } as unknown as TestContext, farms, Array.from({ length: nodes }, (_, n) => nodeOf(n, n % FARMS, {}, { location: { country: COUNTRIES[n % COUNTRIES.length] ?? null, region: null } })));
  const served: ServedGrid = { id: GRID, name: 'measured', dev: true, isHome: true, reader, state: null, submit: () => Promise.resolve([]), refresh: () => Promise.resolve(), pending: () => undefined, onNews: () => () => undefined };
  await using server = await startServer({ listen: { host: '127.0.0.1', port: 0 }, books: new Map([[GRID, served]]), talk: new Map(), clock: () => AT, version: '0', log: pino({ level: 'silent' }), more: explorer(readPage()) });
  await using browser = await openBrowser();
  const medians: number[] = [];
  for (const [, hash, usable] of VIEWS) {
    const times: number[] = [];
    for (let run = 0; run <= RUNS; run++) {
      const context = await browser.newContext();
      const page = await context.newPage();
      const taken = await seconds(async () => {
        await page.goto(`${server.address}/${hash}`);
        await page.locator(usable).first().waitFor();
      });
      if (run > 0) times.push(taken * 1_000);
      await context.close();
    }
    medians.push(median(times));
  }
  for (const end of ends) end();
  return medians;
}

export async function benchPage(): Promise<Figure[]> {
  const few = await timed(FEW);
  const many = await timed(NODES);
  return VIEWS.map(([name], i) => figure(`${name}, ${NODES} nodes`, 'ms', many[i] ?? NaN, `${FEW} nodes`, few[i] ?? NaN, 'below 1 s'));
}
