// A second process in a home folder: opens the grid beside the one that holds the lock, writes and reads.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/base/clock.js';
import { lockHome, openHome, type Home } from '../../src/home.js';
import { openGrid } from '../../src/net/grid.js';
import { daemonAnswers } from '../../src/net/lock.js';

/** Runs this file as a process of its own, which looks, says `ready`, waits for a line, and looks again; gives what it printed last. */
export async function beside(home: string, meanwhile: () => Promise<void> = async () => undefined): Promise<unknown> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), home], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, 'ready');
  await meanwhile();
  child.stdin.end('go\n');
  return JSON.parse((await lines.next()).value ?? 'null');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const home = openHome(process.argv[2]);
  await using grid = await openGrid({ home, clock: systemClock, signal: new AbortController().signal, isGuest: true, openKeyring: () => Promise.reject(new Error('no keys here')) });
  await grid.refresh();
  process.stdout.write('ready\n');
  await once(process.stdin, 'data');
  await grid.refresh();
  const { payload, signatures } = grid.reader.line(1);
  const [outcome] = await grid.submit([{ payload, signatures }]);
  if (outcome?.ok !== true) throw new Error('refused');
  // It gives the home folder back after each piece of work, so that a daemon can start beside it.
  const isFree = (await daemonAnswers(home)) || isFreeNow(home);
  process.stdout.write(`${JSON.stringify({ size: grid.reader.size, index: outcome.index, known: outcome.known, isFree })}\n`);
  process.stdin.destroy();
}

function isFreeNow(home: Home): boolean {
  lockHome(home)[Symbol.dispose]();
  return true;
}
