// New lines of a grid as they come, for a command that streams them: read from the own copy, so re-checked.
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isProblem } from '../base/errors.js';
import { MAX_LONG_POLL_MS, MAX_RETRY_MS, MIN_RETRY_MS, MIRROR_POLL_MS } from '../base/limits.js';
import { recordAt, type Found } from '../bcdb/record-at.js';
import { runtimePath, type Home } from '../home.js';
import { Client } from './client.js';
import type { Grid } from './grid.js';
import { answers, socketPath } from './lock.js';

/** How often the own file is looked at where nobody can be asked to wait for news. */
const LOOK_MS = 500;

/** What is told of a way in that is lost and found again. */
export interface Tell {
  away(problem: unknown): void;
  back(): void;
}

/**
 * Lines from number `from` on, for ever; ends with the signal. Whoever serves the grid may go away and come back.
 * @param grid opened as a guest
 * @throws Problem `integrity` where what comes does not hold
 */
export async function* followLines(grid: Grid, home: Home, from: number, signal: AbortSignal, tell: Tell): AsyncGenerator<Found> {
  let next = from;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await grid.refresh();
      if (failures > 0) tell.back();
      failures = 0;
    } catch (thrown) {
      if (signal.aborted) return;
      if (!isProblem(thrown, 'unreachable') && !isProblem(thrown, 'busy')) throw thrown;
      if (failures === 0) tell.away(thrown);
      failures += 1;
    }
    for (; next < grid.reader.size; next += 1) yield recordAt(grid.reader, next);
    await (failures > 0 ? rest(Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** Math.min(failures - 1, 10)), signal) : news(grid, home, signal));
  }
}

/** Resolves when there may be news: after a long poll at this home's daemon or the bot that is followed, or a moment. */
async function news(grid: Grid, home: Home, signal: AbortSignal): Promise<void> {
  const socket = existsSync(runtimePath(home)) ? socketPath(home) : undefined;
  const address = socket !== undefined && (await answers(socket, signal)) ? { socket } : grid.url === null ? undefined : { url: grid.url };
  if (address === undefined) return rest(grid.mirror === null ? LOOK_MS : MIRROR_POLL_MS, signal);
  await using client = new Client(address);
  try {
    // What it answers is not used: `refresh` fetches and checks it.
    await client.lines(grid.id, grid.reader.size, { wait: MAX_LONG_POLL_MS, signal });
  } catch (thrown) {
    if (!signal.aborted && !isProblem(thrown)) throw thrown;
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
