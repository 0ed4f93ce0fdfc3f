// Which runtime a watcher works with; changing it is announced before anything is run.
import { Problem } from '../../src/base/errors.js';
import { updateConfig } from '../../src/home.js';
import type { Keyring } from '../../src/keys/keyring.js';
import type { Grid } from '../../src/net/grid.js';
import { announce, nodeOf, termsOf } from '../../src/node/probe/join.js';
import { contractsOn } from '../../src/rules/node.js';
import type { NodeConfig } from '../../src/schema/types.js';
import type { Context } from '../command.js';
import { ownKeys } from './keys.js';
import { lookAtMachine } from './machine.js';
import type { Runtime } from './shared.js';

/** Settings to watch with. */
export interface Settled {
  readonly config: NodeConfig;
  /** The node's capacity is declared: volumes may add up to more than the disk has. */
  readonly overcommit: boolean;
}

/**
 * The settings with the runtime that is wanted.
 * @throws Problem `refused` where another is announced and contracts count on it
 */
export async function settle(context: Context, grid: Grid, keyring: Keyring, config: NodeConfig, wanted: Runtime | undefined): Promise<Settled> {
  const node = nodeOf(grid, config.key);
  const overcommit = node?.announcement.declared === true;
  if (wanted === undefined || wanted === config.runtime || node === undefined) return { config, overcommit };
  if (contractsOn(node, context.clock()) > 0) {
    throw new Problem('refused', `contracts of this node, or data that it keeps of them, count on the runtime ${config.runtime}`, { reason: 'runtime', hint: `3bot node watch --runtime ${config.runtime}` });
  }
  const { offer } = await lookAtMachine(context, { runtime: wanted }, { grid: grid.id, key: config.key, runtime: wanted, data: config.data, announcement: node.announcement, dev: grid.dev });
  const terms = termsOf(node.announcement);
  await announce(grid, keyring, wanted === 'process' ? { ...terms, gateway: undefined } : terms, offer);
  const allow_consumers = wanted === 'process' && config.allow_consumers.length === 0 ? ownKeys(context.home) : config.allow_consumers;
  const changed: NodeConfig = { ...config, runtime: wanted, allow_consumers };
  updateConfig(context.home, (all) => {
    all.node = changed;
  });
  return { config: changed, overcommit };
}
