// A process that checks a book once and says how long it took, and the most memory it had.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHome } from '../../src/home.js';
import { verifyGrid } from '../../src/net/check.js';
import { joinGrid } from '../../src/net/join.js';

/** What is to be done: with the book of a home folder, or with the one that is served at an address. */
export type Check = { readonly what: 'verify' | 'hashes'; readonly home: string } | { readonly what: 'join'; readonly url: string };

/** How it went. */
export interface Checking {
  readonly lines: number;
  readonly ms: number;
  /** Resident memory at its highest, of this whole process. */
  readonly mib: number;
}

async function run(check: Check): Promise<number> {
  if (check.what !== 'join') return (await verifyGrid(openHome(check.home), undefined, { hashes: check.what === 'hashes', restart: true })).size;
  const folder = mkdtempSync(join(tmpdir(), '3bot-bench-join-'));
  try {
    const { size } = await joinGrid({ home: openHome(folder), clock: Date.now, signal: AbortSignal.timeout(600_000), url: check.url });
    return size;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.once('message', (check: Check) => {
  const start = performance.now();
  void run(check).then((lines) => {
    const done: Checking = { lines, ms: performance.now() - start, mib: process.resourceUsage().maxRSS / 1_024 };
    process.send?.(done, () => process.disconnect());
  });
});
