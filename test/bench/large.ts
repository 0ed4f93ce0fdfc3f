// npm run bench -- --large[=LINES]: a book of a million lines, made once in a temporary folder. How fast it still takes
// records in, how fast it is read and checked again, and whether commands notice its size.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findRecord, query } from '../../src/bcdb/query.js';
import type { Store } from '../../src/bcdb/store.js';
import { ensureIdentity } from '../../src/net/compose.js';
import type { Grid } from '../../src/net/grid.js';
import type { SignedRecord } from '../../src/schema/types.js';
import { sha256Hex } from '../../src/base/hash.js';
import { TestHome } from '../net/homes.js';
import { bareChecks } from './baseline.js';
import { benchChecks } from './checks.js';
import { figure, median, seconds, type Figure } from './measure.js';
import { foundFarms, pieces, type BenchFarm } from './records.js';

const BIN = fileURLToPath(new URL('../../../bin/3bot.js', import.meta.url));
/** Keys that sign, each with a farm and a chain of its own. */
const FARMS = 1_000;
/** Lines signed at once, then taken in; signing is not measured. */
const ROUND = 20_000;
const READS = 5_000;
const STARTS = 7;

/** A home with a book; `ids` are of some of its records. */
interface Large {
  readonly home: TestHome;
  readonly grid: Grid;
  readonly farms: readonly BenchFarm[];
  readonly ids: string[];
}

async function begin(name: string): Promise<Large> {
  const home = await TestHome.create(name);
  await home.create();
  const grid = await home.grid();
  await ensureIdentity(grid, home.identity);
  const farms = await foundFarms({ grid: grid.id, owner: home.identity.signer('bot') }, FARMS, (records) => grid.submit(records));
  return { home, grid, farms, ids: [] };
}

/** Takes a round of lines in; records a second of that alone, and bare checks of the same signatures. */
async function round({ grid, farms, ids }: Large): Promise<{ rate: number; bare: number }> {
  const records = (await Promise.all(farms.map((farm) => farm.changes(ROUND / FARMS)))).flat();
  ids.push(sha256Hex((records[ids.length % ROUND] as SignedRecord).payload));
  const taken = await seconds(async () => {
    const outcomes = (await Promise.all(pieces(records, 1_000).map((some) => grid.submit(some)))).flat();
    if (!outcomes.every(({ ok }) => ok)) throw new Error('a record was refused');
  });
  return { rate: ROUND / taken, bare: await bareChecks(records.slice(0, 5_000)) };
}

/** Median time of one call, ms. */
function each(count: number, call: (i: number) => unknown): number {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    call(i);
    times.push(performance.now() - start);
  }
  return median(times);
}

function reads({ grid, farms, ids }: Large, lines: number): Figure[] {
  const reader = grid.reader as Store;
  const { size } = reader;
  const any = (i: number): number => (i * 7_919_777) % size;
  const found = ids.map((id) => findRecord(reader, id).id); // also brings the index up to the book
  if (found.some((id, i) => id !== ids[i])) throw new Error('a record was not found');
  const one = each(READS, (i) => reader.line(any(i)));
  const of = (name: string, value: number, wanted: string): Figure => figure(`${name}, ${lines.toLocaleString('en')} lines`, 'ms', value, 'a row by its number', one, wanted);
  return [
    of('get by id', each(READS, (i) => findRecord(reader, ids[i % ids.length] as string)), 'below 0.02 ms'),
    of('newest 20 by signer', each(READS, (i) => query(reader, { signer: (farms[i % FARMS] as BenchFarm).key.key, limit: 20 })), 'below 0.02 ms'),
    of('poll with nothing new', each(READS, () => reader.refresh() || [...reader.lines(size, size + 1_000)].length), 'below 0.02 ms'),
    of('inclusion proof', each(READS, (i) => reader.tree.inclusionProof(any(i))), 'below 1 ms'),
    of('consistency proof', each(READS, (i) => reader.tree.consistencyProof(1 + any(i))), 'below 1 ms'),
  ];
}

/** Median time of a whole command on a home folder, ms. */
function start(home: TestHome, args: readonly string[]): number {
  return each(STARTS, () => {
    const done = spawnSync(process.execPath, [BIN, ...args], { env: { ...process.env, THREEBOT_HOME: home.home.path }, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${args.join(' ')}: ${done.stderr}`);
  });
}

/** Makes the book and measures it. @param onProgress lines so far */
export async function benchLarge(lines: number, onProgress: (done: number) => void): Promise<Figure[]> {
  const large = await begin('bench-large');
  const small = await begin('bench-small');
  await using _large = large.home;
  await using _small = small.home;
  const rounds: { rate: number; bare: number }[] = [];
  while (large.grid.reader.size < lines) {
    rounds.push(await round(large));
    onProgress(large.grid.reader.size);
  }
  const middle = (some: typeof rounds): { rate: number; bare: number } => ({ rate: median(some.map(({ rate }) => rate)), bare: median(some.map(({ bare }) => bare)) });
  const first = middle(rounds.slice(0, 5));
  const last = middle(rounds.slice(-5));
  const command = ['bcdb', 'get', '3', '--json'];
  return [
    figure('append, batches, first 100,000', 'per_second', first.rate, 'bare checks, two threads', first.bare, 'at least 0.6'),
    figure(`append, batches, up to ${lines.toLocaleString('en')}`, 'per_second', last.rate, 'bare checks, two threads', last.bare, 'at least 0.48'),
    ...reads(large, lines),
    figure(`3bot ${command.join(' ')}`, 'ms', start(large.home, command), 'the same on 1,000 lines', start(small.home, command), 'about 1'),
    ...(await benchChecks(large.home)),
  ];
}
