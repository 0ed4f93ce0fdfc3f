// Which contract somebody means: by id, by first digits, or by the name it was reserved under.
import { isProblem } from '../../src/base/errors.js';
import type { Asking } from '../../src/consumer/contracts.js';
import type { Grid } from '../../src/net/grid.js';
import type { ContractObject } from '../../src/rules/objects.js';
import type { Context } from '../command.js';

/** The argument's text for commander. */
export const CONTRACT_ARGUMENT = ['<contract>', 'id, its first digits, or the name of one of yours in force'] as const;
/** The same, where an order of several will do as well. */
export const CONTRACTS_ARGUMENT = ['<contract>', 'id, its first digits, or the name of a contract or of an order of yours'] as const;

/**
 * The contract meant; an id wins over a name.
 * @throws Problem as `findContract`
 */
export async function contractMeant(context: Pick<Context, 'home'>, grid: Pick<Grid, 'clock' | 'reader'>, text: string): Promise<ContractObject> {
  const { findContract } = await import('../../src/consumer/contracts.js');
  return findContract(grid.reader, text, await askingOf(context, grid));
}

/** One contract, or all of an order of several. */
export interface Meant {
  /** Name of the order; null where one contract is meant. */
  readonly order: string | null;
  /** Of an order, sorted by name, as `partsOf` gives them. */
  readonly contracts: readonly ContractObject[];
}

/**
 * The contract or the order meant; a contract wins.
 * @throws Problem as `findContract`
 */
export async function contractsMeant(context: Pick<Context, 'home'>, grid: Pick<Grid, 'clock' | 'reader'>, text: string): Promise<Meant> {
  try {
    return { order: null, contracts: [await contractMeant(context, grid, text)] };
  } catch (thrown) {
    if (!isProblem(thrown, 'usage', 'order') && !isProblem(thrown, 'not_found', 'contract')) throw thrown;
    const { partsOf } = await import('../../src/consumer/parts.js');
    const asking = await askingOf(context, grid);
    const contracts = asking === undefined ? [] : partsOf(grid.reader, text, asking);
    if (contracts.length === 0) throw thrown;
    return { order: text, contracts };
  }
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
