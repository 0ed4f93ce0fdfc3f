// The farm keys and the farm settings of this home folder.
import { Problem } from '../../src/base/errors.js';
import { updateConfig, readConfig, type Home } from '../../src/home.js';
import type { Keyring } from '../../src/keys/keyring.js';
import { listKeystores } from '../../src/keys/keystore.js';
import { createKeyring, openKeyring } from '../../src/keys/unlock.js';
import { farmNamed } from '../../src/market/find.js';
import type { Grid } from '../../src/net/grid.js';
import type { FarmObject } from '../../src/rules/objects.js';
import type { Context } from '../command.js';

/** Longest contract that a new farm sells; a farmer changes it in config.json. */
const MAX_TERM_MS = 366 * 24 * 3_600_000;

/**
 * Keys for a farm that is to be founded: those of an interrupted run, or new ones.
 * @throws Problem `usage` where this home has a farm on the grid already; `refused` where the name is another's
 */
export async function farmKeyring(context: Context, grid: Grid, name: string): Promise<Keyring> {
  const { farm } = readConfig(context.home);
  if (farm !== null && farm.grid === grid.id) {
    throw new Problem('usage', `this home folder has the farm ${farm.name} on grid ${grid.name} already`, { reason: 'exists', hint: farm.name === name ? '3bot farm update, or 3bot farm price' : 'give another folder with --home' });
  }
  const mine = listKeystores(context.home, 'farm').find((listed) => listed.name === name);
  const taken = farmNamed(grid.reader, name);
  if (taken !== undefined && mine?.file?.public['farm'] !== taken.farm_key) {
    throw new Problem('refused', `the name ${name} is taken by another farm on grid ${grid.name}`, { reason: 'name', hint: 'choose another name' });
  }
  return mine === undefined ? createKeyring(context, 'farm', name) : openKeyring(context, 'farm', name);
}

/** Makes a farm the one of this home folder, with a policy that sells to everybody. */
export function noteFarm(home: Home, grid: string, { id, name }: FarmObject): void {
  updateConfig(home, (config) => {
    config.farm = { id, grid, name, allow_registries: [], allow_consumers: null, deny_consumers: [], max_term_ms: MAX_TERM_MS };
  });
}
