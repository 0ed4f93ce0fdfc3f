// A second process in a home folder: opens the grid beside the one that holds the lock, writes and reads.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/base/clock.js';
import { openHome } from '../../src/home.js';
import { openGrid } from '../../src/net/grid.js';

/** Runs this file as a process of its own; gives what it printed. */
export async function beside(home: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(import.meta.url), home]);
  return JSON.parse(stdout);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { signal } = new AbortController();
  await using grid = await openGrid({ home: openHome(process.argv[2]), clock: systemClock, signal, openKeyring: () => Promise.reject(new Error('no keys here')) });
  await grid.refresh();
  const { payload, signatures } = grid.reader.line(1);
  const [outcome] = await grid.submit([{ payload, signatures }]);
  if (outcome?.ok !== true) throw new Error('refused');
  process.stdout.write(JSON.stringify({ size: grid.reader.size, index: outcome.index, known: outcome.known }));
}
