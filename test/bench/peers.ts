// npm run bench -- --peers: the same work next to other signed logs in JavaScript, each in a process of its own.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchBook } from './book.js';
import { figure, median, type Figure } from './measure.js';

const FOLDER = fileURLToPath(new URL('../../../test/bench/peers/', import.meta.url));
const ROUNDS = 3;
const MANY = 20_000;
const TIMEOUT_MS = 120_000;

/** Runs a peer's script; what it says it took in, a second. */
function peer(script: string, count: number): number {
  const folder = mkdtempSync(join(tmpdir(), '3bot-peer-'));
  try {
    const done = spawnSync(process.execPath, [join(FOLDER, script), `${count}`, folder], { encoding: 'utf8', timeout: TIMEOUT_MS });
    const rate = Number(done.stdout.trim().split('\n').at(-1));
    if (done.status !== 0 || !(rate > 0)) throw new Error(`${script}: ${done.stderr}`);
    return rate;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Measures batches of 1,000 in turn with ssb-db2's checked add and OrbitDB's append; installs those at the first time. */
export async function benchPeers(): Promise<Figure[]> {
  if (!existsSync(join(FOLDER, 'node_modules'))) execFileSync('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: FOLDER, stdio: 'ignore' });
  await using bench = await BenchBook.open();
  const rates: Record<'ours' | 'ssb' | 'orbit', number[]> = { ours: [], ssb: [], orbit: [] };
  for (let i = 0; i < ROUNDS; i++) {
    rates.ours.push(await bench.appendRate(await bench.records(MANY)));
    rates.ssb.push(peer('ssb.mjs', 5_000));
    rates.orbit.push(peer('orbit.mjs', 1_000));
  }
  const ours = median(rates.ours);
  return [
    figure('append, batches of 1,000', 'per_second', ours, 'ssb-db2, addBatch of 1,000, in memory', median(rates.ssb), 'at least 2'),
    figure('append, batches of 1,000', 'per_second', ours, 'OrbitDB, append to LevelDB', median(rates.orbit), 'at least 10'),
  ];
}
