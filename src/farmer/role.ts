// The farm of a home folder as a role of its daemon: with this, `serve` sells.
import { setTimeout as pause } from 'node:timers/promises';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { MAX_RETRY_MS } from '../base/limits.js';
import { readConfig, type Home } from '../home.js';
import type { Keyring } from '../keys/keyring.js';
import type { OpenRole, RoleParts } from '../net/daemon.js';
import type { Grid } from '../net/grid.js';
import { openPrivate } from '../private.js';
import type { Policy } from './decide.js';
import { changeFarm, farmOf } from './farm.js';
import { redeem } from './invite.js';
import { farmerTalk } from './talk.js';

/** The role of the farm that config.json names; none where it names none, or where its grid is not held here. */
export const farmerRole: OpenRole = async ({ home, clock, signal, openKeyring, grids, log, publicUrl }) => {
  const { farm } = readConfig(home);
  const grid = farm === null ? undefined : grids.get(farm.grid);
  if (farm === null || grid === undefined) return undefined;
  const keyring = await openKeyring('farm', farm.name);
  const data = openPrivate(home);
  const parts = { grid, farm: farm.id, keyring, private: data, clock };
  const handler = farmerTalk({ ...parts, admit: (from, body) => redeem(parts, from, body), policy: () => readPolicy(home, farm.id) });
  const told = publicUrl === null ? undefined : await tellEndpoint(grid, keyring, publicUrl, signal, log);
  return {
    talk: new Map([[`farm/${farm.id}`, handler]]),
    async [Symbol.asyncDispose]() {
      await told?.later;
      data[Symbol.dispose]();
    },
  };
};

/** Read anew for each request: what the farmer changes in config.json counts at once. */
function readPolicy(home: Home, id: string): Policy {
  const { farm } = readConfig(home);
  if (farm === null || farm.id !== id) throw new Problem('not_found', 'this bot has stopped selling');
  return farm;
}

/**
 * Records where the farm is reached, where that has changed: before anybody is told that it serves, or, with the
 * home of the grid away, as soon as it is back.
 */
async function tellEndpoint(grid: Grid, keyring: Keyring, endpoint: string, signal: AbortSignal, log: RoleParts['log']): Promise<{ later: Promise<void> }> {
  const tell = async (): Promise<boolean> => {
    try {
      await grid.refresh();
      await changeFarm(grid, keyring, farmOf(grid, keyring), { endpoint }, () => Promise.reject(new Error('the payout account stays')));
      return true;
    } catch (thrown) {
      if (signal.aborted) return true;
      log.warn({ endpoint, error: messageOf(thrown) }, "the farm's address is not recorded yet");
      if (!isProblem(thrown, 'unreachable') && !isProblem(thrown, 'busy')) throw thrown;
      return false;
    }
  };
  if (await tell()) return { later: Promise.resolve() };
  const retry = async (): Promise<void> => {
    do await pause(MAX_RETRY_MS, undefined, { signal }).catch(() => undefined);
    while (!(await tell().catch(() => true)));
  };
  return { later: retry() };
}
