// How many polls that find nothing new a served book answers, next to a bare HTTP server that gives the same bytes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Grid } from '../../src/net/grid.js';
import { TestHome } from '../net/homes.js';
import { figure, type Figure } from './measure.js';

/** Answers a second, asked for by another process. */
async function rate(port: number, path: string): Promise<number> {
  const child = fork(new URL('./pollers.js', import.meta.url), [`${port}`, path], { execArgv: [] });
  const [{ answers, ms }] = (await once(child, 'message')) as [{ answers: number; ms: number }];
  child.kill();
  return (answers * 1000) / ms;
}

/** Measures empty polls over HTTP. */
export async function benchPolls(): Promise<Figure[]> {
  await using home = await TestHome.create('bench');
  await home.create();
  const { url, grids } = await home.daemon();
  const grid = [...grids.values()][0] as Grid;
  const path = `/v1/grids/${grid.id}/lines?from=${grid.reader.size}&wait=0`;
  const bytes = Buffer.from(await (await fetch(`${url}${path}`)).arrayBuffer());
  const bare = createServer((_request, response) => void response.writeHead(200, { 'content-type': 'application/x-ndjson', 'content-length': bytes.length }).end(bytes));
  await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
  const there = (bare.address() as AddressInfo).port;
  const served = Number(new URL(url).port);
  await Promise.all([rate(there, path), rate(served, path)]); // warm
  const baseline = await rate(there, path);
  const value = await rate(served, path);
  bare.close();
  return [figure('empty polls over HTTP', 'per_second', value, 'bare node:http', baseline, 'at least 20,000/s')];
}
