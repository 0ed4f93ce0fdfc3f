// 3bot farm list
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag, renew } from '../handle.js';
import { shownPrices } from './terms.js';

export const command: CommandFile<GridFlag> = {
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot farm list', '3bot farm list --json'],
  async run(context, _args, options) {
    const { farmsOf, pricesOf } = await import('../../src/market/directory.js');
    const { nodeCounts } = await import('../../src/market/survey.js');
    const { home, out, io } = context;
    const { readConfig } = await import('../../src/home.js');
    await using grid = await openGridOf(context, options.grid);
    await renew(context, grid);
    const nodes = nodeCounts(grid.reader);
    const own = readConfig(home).farm?.id;
    const farms = [...farmsOf(grid.reader)].map((farm) => ({
      farm: farm.id, name: farm.name, place: farm.place, endpoint: farm.endpoint, nodes: nodes.get(farm.id) ?? 0, prices: shownPrices(pricesOf(grid.reader, farm)), own: farm.id === own,
    }));
    out.list({
      json: farms,
      columns: ['name', 'id', 'place', 'nodes', 'CU', 'SU', 'endpoint', 'yours'],
      least: ['endpoint', 'place', 'SU', 'CU', 'nodes'],
      rows: farms.map(({ farm, name, place, nodes: count, prices, endpoint, own: mine }) => [name, io.terminal.stdout ? farm.slice(0, 12) : farm, place, count, prices.cu, prices.su, endpoint, mine ? 'yes' : '']),
      empty: `no farm on grid ${grid.name} yet: 3bot farm create NAME`,
    });
  },
};
