// How fast a book is checked again, and in how much memory: verify, hashes alone, and a copy that joins over HTTP.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { ensureIdentity } from '../../src/net/compose.js';
import type { Grid } from '../../src/net/grid.js';
import { TestHome } from '../net/homes.js';
import { bareChecks } from './baseline.js';
import type { Check, Checking } from './checker.js';
import { figure, type Figure } from './measure.js';
import { foundFarms, pieces } from './records.js';

const LINES = 100_000;
const FARMS = 100;
/** Lines made at once. */
const ROUND = 20_000;
/** Signatures of the baseline. */
const SAMPLE = 20_000;
const ALLOWED_MIB = 300;

async function inProcess(check: Check): Promise<Checking> {
  const child = fork(new URL('./checker.js', import.meta.url), { execArgv: [] });
  child.send(check);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${check.what} ended with ${code as number}`);
  });
  const [done] = (await Promise.race([once(child, 'message'), ended])) as [Checking];
  await ended.catch(() => undefined);
  return done;
}

/** Measures the book of a home, which serves it meanwhile; each check next to bare checks right before it. */
export async function benchChecks(of: TestHome): Promise<Figure[]> {
  await of.close();
  const { url, grids } = await of.daemon();
  const grid = [...grids.values()][0] as Grid;
  const { home } = of;
  const sample = [...grid.reader.lines(grid.reader.size - SAMPLE, grid.reader.size)];
  const size = grid.reader.size.toLocaleString('en');
  await bareChecks(sample.slice(0, 2_000)); // warm
  const figures: Figure[] = [];
  const checks: [string, Check, string][] = [
    [`bcdb verify, ${size} lines`, { what: 'verify', home: home.path }, 'at least 0.8'],
    [`bcdb verify --hashes, ${size} lines`, { what: 'hashes', home: home.path }, 'at least 200,000/s'],
    [`grid join, ${size} lines`, { what: 'join', url }, 'at least 0.8'],
  ];
  for (const [name, check, goal] of checks) {
    const bare = await bareChecks(sample);
    const { lines, ms, mib } = await inProcess(check);
    figures.push(figure(name, 'per_second', (lines * 1_000) / ms, 'bare checks, two threads', bare, goal));
    figures.push(figure(`${name}: memory`, 'mib', mib, 'allowed', ALLOWED_MIB, 'below 1'));
  }
  return figures;
}

/** Makes a book and measures how it is checked. */
export async function benchCheck(lines = LINES): Promise<Figure[]> {
  await using home = await TestHome.create('bench-check');
  await home.create();
  const grid = await home.grid();
  await ensureIdentity(grid, home.identity);
  const farms = await foundFarms({ grid: grid.id, owner: home.identity.signer('bot') }, FARMS, (records) => grid.submit(records));
  while (grid.reader.size < lines) {
    const records = (await Promise.all(farms.map((farm) => farm.changes(Math.min(ROUND, lines) / FARMS)))).flat();
    const outcomes = (await Promise.all(pieces(records, 1_000).map((some) => grid.submit(some)))).flat();
    if (!outcomes.every(({ ok }) => ok)) throw new Error('a record was refused');
  }
  return await benchChecks(home);
}
