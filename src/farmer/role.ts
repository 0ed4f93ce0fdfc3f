// The farm of a home folder as a role of its daemon: with this, `serve` sells.
import { Problem } from '../base/errors.js';
import type { OpenRole } from '../net/daemon.js';
import { readConfig } from '../home.js';
import { openPrivate } from '../private.js';
import type { TalkJoin, TalkJoined } from '../schema/types.js';
import { farmerTalk, type FarmerParts } from './talk.js';

/** Answers `join`; needs what the rest of the farm uses. */
export type OpenDoor = (parts: Omit<FarmerParts, 'admit' | 'policy'>) => (from: string, body: TalkJoin) => Promise<TalkJoined>;

/**
 * The role of the farm that config.json names; none where it names none, or where its grid is not held here.
 * @param door how nodes are let in
 */
export function farmerRole(door: OpenDoor): OpenRole {
  return async ({ home, clock, openKeyring, grids, log }) => {
    const { farm } = readConfig(home);
    const grid = farm === null ? undefined : grids.get(farm.grid);
    if (farm === null || grid === undefined) return undefined;
    const keyring = await openKeyring('farm', farm.name);
    const data = openPrivate(home);
    const parts = { grid, farm: farm.id, keyring, private: data, clock };
    const handler = farmerTalk({ ...parts, admit: door(parts), policy: () => readPolicy(home, farm.id) });
    log.info({ farm: farm.name }, 'selling');
    return { talk: new Map([[`farm/${farm.id}`, handler]]), [Symbol.asyncDispose]: async () => data[Symbol.dispose]() };
  };
}

/** Read anew for each request: what the farmer changes in config.json counts at once. */
function readPolicy(home: Parameters<typeof readConfig>[0], id: string): ReturnType<FarmerParts['policy']> {
  const { farm } = readConfig(home);
  if (farm === null || farm.id !== id) throw new Problem('not_found', 'this bot has stopped selling');
  return farm;
}
