// 3bot contract list
import type { ContractShown } from '../../src/market/contract.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag, renew } from '../handle.js';
import { parseLimit } from '../limit.js';

export const command: CommandFile<GridFlag & { limit: number; state?: string; order?: string }> = {
  options: (c) => c
    .option('--state <state>', 'only those in this state: committed, active, paused or ended')
    .option('--order <order>', 'only those of this order')
    .option('--limit <count>', 'at most so many, newest first', parseLimit, 100)
    .option(...GRID_FLAG),
  examples: ['3bot contract list', '3bot contract list --state active --json', '3bot contract list --order web'],
  async run(context, _args, { grid: named, limit, state, order }) {
    const { Problem } = await import('../../src/base/errors.js');
    const { contractsOf } = await import('../../src/consumer/contracts.js');
    const { showContract, workloadState } = await import('../../src/market/contract.js');
    const { grouped, partOf } = await import('../../src/consumer/parts.js');
    const { findBotKeys } = await import('../../src/keys/identity.js');
    const { identityInUse } = await import('../../src/keys/unlock.js');
    const { nowOf } = await import('../now.js');
    const { stateText } = await import('./text.js');
    const { out, home } = context;
    if (state !== undefined && !['committed', 'active', 'paused', 'ended'].includes(state)) throw new Problem('usage', `not a state: ${JSON.stringify(state.slice(0, 50))}`, { hint: 'committed, active, paused or ended' });
    const { actsFor } = await import('../../src/rules/identity.js');
    const { id: key } = findBotKeys(home, identityInUse(home));
    await using grid = await openGridOf(context, named);
    await renew(context, grid);
    const found: ContractShown[] = [];
    for (const contract of contractsOf(grid.reader, actsFor(grid.reader, key))) {
      if (order !== undefined && contract.agreement.order !== order && partOf(contract.agreement.order)?.order !== order) continue;
      const shown = showContract(grid.reader, contract, nowOf(grid));
      if (state === undefined || shown.state === state) found.push(shown);
      if (found.length === limit) break;
    }
    const contracts = grouped(found);
    out.list({
      json: contracts,
      columns: ['contract', 'state', 'name', 'farm', 'TFT/h', 'used', 'in escrow', 'until', 'workloads'],
      least: ['used', 'in escrow', 'farm', 'TFT/h', 'workloads'], cut: 'workloads',
      rows: contracts.map((one) => [
        context.io.terminal.stdout ? one.id.slice(0, 12) : one.id, context.io.terminal.stdout ? stateText(one.state === 'active' ? { ...one, reason: null } : one) : one.state, one.name, one.farm_name, one.price_per_hour, one.billed, one.escrow, one.state === 'active' ? one.funded_until : one.expires_at,
        one.workloads.map((workload) => `${workload.name} ${workloadState(workload)}`).join(', '),
      ]),
      empty: order !== undefined ? `no contracts of an order ${order}` : 'no contracts yet; 3bot reserve --cpu 4 --sru 100 makes one',
    });
  },
};
