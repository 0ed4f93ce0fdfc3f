// The farm of a home folder as a role of its daemon: with this, `serve` sells.
import { Problem } from '../base/errors.js';
import type { OpenRole } from '../net/daemon.js';
import { readConfig } from '../home.js';
import { openPrivate } from '../private.js';
import { redeem } from './invite.js';
import { farmerTalk, type FarmerParts } from './talk.js';

/** The role of the farm that config.json names; none where it names none, or where its grid is not held here. */
export const farmerRole: OpenRole = async ({ home, clock, openKeyring, grids, log }) => {
  const { farm } = readConfig(home);
  const grid = farm === null ? undefined : grids.get(farm.grid);
  if (farm === null || grid === undefined) return undefined;
  const keyring = await openKeyring('farm', farm.name);
  const data = openPrivate(home);
  const parts = { grid, farm: farm.id, keyring, private: data, clock };
  const handler = farmerTalk({ ...parts, admit: (from, body) => redeem(parts, from, body), policy: () => readPolicy(home, farm.id) });
  log.info({ farm: farm.name }, 'selling');
  return { talk: new Map([[`farm/${farm.id}`, handler]]), [Symbol.asyncDispose]: async () => data[Symbol.dispose]() };
};

/** Read anew for each request: what the farmer changes in config.json counts at once. */
function readPolicy(home: Parameters<typeof readConfig>[0], id: string): ReturnType<FarmerParts['policy']> {
  const { farm } = readConfig(home);
  if (farm === null || farm.id !== id) throw new Problem('not_found', 'this bot has stopped selling');
  return farm;
}
