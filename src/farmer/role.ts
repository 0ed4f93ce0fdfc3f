// The farm of a home folder as a role of its daemon: with this, `serve` sells.
import { setTimeout as pause } from 'node:timers/promises';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { MAX_RETRY_MS } from '../base/limits.js';
import { readConfig, type Home } from '../home.js';
import type { Keyring } from '../keys/keyring.js';
import type { OpenRole, RoleParts } from '../net/daemon.js';
import type { Grid } from '../net/grid.js';
import { openPrivate } from '../private.js';
import { changeFarm, farmOf } from './farm.js';
import { redeem } from './invite.js';
import type { Policy } from './policy/policy.js';
import { farmerTalk, type FarmEvent } from './talk.js';
import { Telling } from './told.js';

/**
 * The role of the farm that config.json names; none where it names none, or where its grid or its keys are not here:
 * then the bot does all the rest.
 */
export const farmerRole: OpenRole = async ({ home, clock, signal, openKeyring, grids, log, url, publicUrl }) => {
  const { farm } = readConfig(home);
  const grid = farm === null ? undefined : grids.get(farm.grid);
  if (farm === null || grid === undefined) return undefined;
  const keyring = await keyringOf(farm.name, openKeyring, log);
  if (keyring === undefined) return undefined;
  const data = openPrivate(home);
  const parts = { grid, farm: farm.id, keyring, private: data, clock };
  const telling = new Telling(data, grid.id, farm.id);
  const told = (event: FarmEvent): void => {
    telling.note(event, clock());
    if (event.what === 'script') log.warn({ farm: farm.id, from: event.from, code: event.code }, event.reason);
  };
  const handler = farmerTalk({ ...parts, admit: (from, body) => redeem(parts, from, body), policy: () => readPolicy(home, farm.id), signal, told });
  const endpoint = url === null && publicUrl === null ? undefined : await tellEndpoint(grid, keyring, { url, publicUrl }, signal, log);
  return {
    talk: new Map([[`farm/${farm.id}`, handler]]),
    async [Symbol.asyncDispose]() {
      await endpoint?.later;
      telling[Symbol.dispose]();
      data[Symbol.dispose]();
    },
  };
};

/** The farm's keys; undefined where this home folder does not have them. */
async function keyringOf(name: string, openKeyring: RoleParts['openKeyring'], log: RoleParts['log']): Promise<Keyring | undefined> {
  try {
    return await openKeyring('farm', name);
  } catch (thrown) {
    if (!isProblem(thrown, 'not_found')) throw thrown;
    log.error({ farm: name, error: messageOf(thrown) }, 'this bot does not sell: the keys of its farm are not here');
    return undefined;
  }
}

/**
 * The address to record, or null to leave what is recorded: an address that somebody has named is replaced by one that
 * was named, never by where this process happens to listen.
 * @param recorded in the book now
 */
export function endpointToTell(recorded: string | null, listening: string | null, named: string | null): string | null {
  if (named !== null) return named;
  if (listening === null || EVERYWHERE.test(listening)) return null;
  return recorded === null || LOOPBACK.test(recorded) ? listening : null;
}

/** An address for all interfaces is none that anybody could call. */
const EVERYWHERE = /^http:\/\/(0\.0\.0\.0|\[::\])(:|$)/;
const LOOPBACK = /^https?:\/\/(localhost|127\.[0-9.]+|\[::1\])(:|$)/;

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
async function tellEndpoint(grid: Grid, keyring: Keyring, { url, publicUrl }: Pick<RoleParts, 'url' | 'publicUrl'>, signal: AbortSignal, log: RoleParts['log']): Promise<{ later: Promise<void> }> {
  const tell = async (): Promise<boolean> => {
    try {
      await grid.refresh();
      const farm = farmOf(grid, keyring);
      const endpoint = endpointToTell(farm.endpoint, url, publicUrl);
      if (endpoint !== null) await changeFarm(grid, keyring, farm, { endpoint }, () => Promise.reject(new Error('the payout account stays')));
      return true;
    } catch (thrown) {
      if (signal.aborted) return true;
      log.warn({ endpoint: publicUrl ?? url, error: messageOf(thrown) }, "the farm's address is not recorded yet");
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
