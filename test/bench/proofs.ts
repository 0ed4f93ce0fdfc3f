// How long a proof takes in a log of a million lines, its tiles in an SQLite file as a book keeps them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { leafHash, nodeHash } from '../../src/tlog/merkle.js';
import { Tree } from '../../src/tlog/tree.js';
import { figure, median, type Figure } from './measure.js';

const LINES = 1_000_000;
const RUNS = 2_000;

/** Median of many, ms. */
function each(work: () => unknown): number {
  const times = Array.from({ length: RUNS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return median(times);
}

/** Measures inclusion and consistency proofs at random places, each next to hashing one tile. */
export function benchProofs(): Figure[] {
  const folder = mkdtempSync(join(tmpdir(), '3bot-bench-'));
  const db = new Database(join(folder, 'tiles.sqlite'));
  try {
    db.pragma('journal_mode = WAL');
    db.exec('CREATE TABLE tile (level INTEGER NOT NULL, n INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, n)) STRICT, WITHOUT ROWID');
    const [get, put] = [db.prepare('SELECT hashes FROM tile WHERE level = ? AND n = ?').pluck(), db.prepare('INSERT OR REPLACE INTO tile VALUES (?, ?, ?)')];
    const tree = Tree.open({ get: (level, n) => get.get(level, n) as Buffer | undefined, put: (level, n, hashes) => void put.run(level, n, hashes) }, 0);
    db.transaction(() => {
      for (let from = 0; from < LINES; from += 10_000) tree.append(Array.from({ length: 10_000 }, (_, i) => leafHash(`line ${from + i}`)));
    })();
    const some = (below: number): number => Math.floor(Math.random() * below);
    const leaf = leafHash('baseline');
    const oneTile = (): void => {
      for (let i = 0; i < 255; i++) nodeHash(leaf, leaf);
    };
    each(oneTile); // warm
    const baseline = each(oneTile);
    return [
      figure('inclusion proof, 1,000,000 lines', 'ms', each(() => tree.inclusionProof(some(LINES))), 'hashing one tile', baseline, 'below 1 ms'),
      figure('consistency proof, 1,000,000 lines', 'ms', each(() => tree.consistencyProof(1 + some(LINES - 1))), 'hashing one tile', baseline, 'below 1 ms'),
    ];
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
}
