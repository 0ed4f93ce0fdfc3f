// What meter confirm and meter watch share: the bot that meters, and the node.
import type { Signer } from '../../src/keys/ed25519.js';
import type { Grid } from '../../src/net/grid.js';
import type { Context } from '../command.js';
import { openBuyer } from '../deal.js';

/** A bot's grid, its key, and the node that it meters. */
export interface Metering extends AsyncDisposable {
  readonly grid: Grid;
  readonly signer: Signer;
  /** Node key, hex. */
  readonly node: string;
}

/** @param text key of the node, or its first digits @param isGuest for a command that runs long @throws Problem `not_found`, `refused` on a grid of rules 1 */
export async function openMeter(context: Context, text: string, named: string | undefined, isGuest: boolean): Promise<Metering> {
  const { Problem } = await import('../../src/base/errors.js');
  const { findNode } = await import('../../src/market/find.js');
  const { hasMeters } = await import('../../src/market/meter.js');
  const session = await openBuyer(context, named, undefined, isGuest);
  const { grid, buyer } = session;
  try {
    if (!hasMeters(grid.reader)) throw new Problem('refused', `grid ${grid.name} runs rules that know no meter`, { reason: 'later_release', hint: 'its governance can raise them' });
    const { key: node } = findNode(grid.reader, text);
    return { grid, signer: buyer.keyring.signer('bot'), node, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() };
  } catch (thrown) {
    await session[Symbol.asyncDispose]();
    throw thrown;
  }
}
