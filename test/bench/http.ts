// How fast a home takes records in from many clients over HTTP, next to the same from callers in its own process.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { ensureIdentity } from '../../src/net/compose.js';
import type { Grid } from '../../src/net/grid.js';
import type { SignedRecord } from '../../src/schema/types.js';
import { TestHome } from '../net/homes.js';
import { figure, seconds, type Figure } from './measure.js';
import { foundFarms, pieces } from './records.js';

const CLIENTS = 64;

/** Sends each client's requests from another process; seconds. */
async function overHttp(url: string, grid: string, requests: readonly SignedRecord[][][]): Promise<number> {
  const child = fork(new URL('./clients.js', import.meta.url), { execArgv: [] });
  try {
    child.send({ url, path: `/v1/grids/${grid}/records`, requests: requests.map((of) => of.map((records) => JSON.stringify({ records }))) });
    await once(child, 'message');
    child.send('go');
    const [{ ms, refused }] = (await once(child, 'message')) as [{ ms: number; refused: number }];
    if (refused > 0) throw new Error(`${refused} requests were refused`);
    return ms / 1000;
  } finally {
    child.kill();
  }
}

async function inProcess(grid: Grid, requests: readonly SignedRecord[][][]): Promise<number> {
  return seconds(() => Promise.all(requests.map(async (of) => {
    for (const records of of) if (!(await grid.submit(records)).every(({ ok }) => ok)) throw new Error('a record was refused');
  })));
}

/** Measures a home with its server and its index for queries, as `3bot serve` runs it. */
export async function benchHttp(): Promise<Figure[]> {
  await using home = await TestHome.create('bench');
  await home.create();
  const { url, grids } = await home.daemon();
  const grid = [...grids.values()][0] as Grid;
  await ensureIdentity(grid, home.identity);
  const farms = await foundFarms({ grid: grid.id, owner: home.identity.signer('bot') }, CLIENTS, (records) => grid.submit(records));
  const figures: Figure[] = [];
  for (const [name, size, count] of [['20 records a request', 20, 300], ['a record a request', 1, 80]] as const) {
    const next = async (): Promise<SignedRecord[][][]> => Promise.all(farms.map(async (farm) => pieces(await farm.changes(count), size)));
    await inProcess(grid, await next()); // warm
    const here = (CLIENTS * count) / (await inProcess(grid, await next()));
    await overHttp(url, grid.id, await next()); // warm
    const there = (CLIENTS * count) / (await overHttp(url, grid.id, await next()));
    figures.push(figure(`${CLIENTS} clients over HTTP, ${name}`, 'per_second', there, 'the same in process', here, 'at least 0.5'));
  }
  return figures;
}
