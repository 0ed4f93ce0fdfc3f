// 3bot network list
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag, renew } from '../handle.js';

export const command: CommandFile<GridFlag> = {
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot network list', '3bot network list --json'],
  async run(context, _args, { grid: named }) {
    const { networksOf, showNetwork } = await import('../../src/consumer/networks.js');
    const { botInUse } = await import('../drafts.js');
    const { nowOf } = await import('../now.js');
    await using grid = await openGridOf(context, named);
    await renew(context, grid);
    const bot = await botInUse(context, grid);
    const networks = bot === null ? [] : networksOf(grid.reader, bot).map((network) => showNetwork(grid.reader, network, nowOf(grid)));
    context.out.list({
      json: networks,
      columns: ['network', 'name', 'subnet', 'devices', 'contracts'],
      least: ['contracts', 'devices', 'subnet'],
      rows: networks.map(({ id, name, subnet, devices, contracts }) => [id.slice(0, 12), name, subnet, devices.length, contracts.length]),
      empty: 'you have no private network; 3bot network create NAME makes one',
    });
  },
};
