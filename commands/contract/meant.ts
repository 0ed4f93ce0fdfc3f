// Which contract somebody means: by id, by first digits, or by the name it was reserved under.
import type { Asking } from '../../src/consumer/contracts.js';
import type { Grid } from '../../src/net/grid.js';
import type { ContractObject } from '../../src/rules/objects.js';
import type { Context } from '../command.js';

/** The argument's text for commander. */
export const CONTRACT_ARGUMENT = ['<contract>', 'id, its first digits, or the name of one of yours in force'] as const;

/**
 * The contract meant; an id wins over a name.
 * @throws Problem as `findContract`
 */
export async function contractMeant(context: Pick<Context, 'home'>, grid: Pick<Grid, 'clock' | 'reader'>, text: string): Promise<ContractObject> {
  const { findContract } = await import('../../src/consumer/contracts.js');
  return findContract(grid.reader, text, await askingOf(context, grid));
}

/** The identity in use; undefined on a machine without one, where no contract has a name. */
async function askingOf({ home }: Pick<Context, 'home'>, grid: Pick<Grid, 'clock' | 'reader'>): Promise<Asking | undefined> {
  const { readConfig } = await import('../../src/home.js');
  const { identity } = readConfig(home);
  if (identity === null) return undefined;
  const { findBotKeys } = await import('../../src/keys/identity.js');
  const { actsFor } = await import('../../src/rules/identity.js');
  const { nowOf } = await import('../now.js');
  return { bot: actsFor(grid.reader, findBotKeys(home, identity).id), at: nowOf(grid) };
}
