// 3bot task list
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag, renew } from '../handle.js';

interface Row {
  readonly task: string;
  readonly title: string;
  readonly by: string;
  readonly fee_ppm: number;
  readonly contracts: number | null;
}

export const command: CommandFile<GridFlag> = {
  about: 'What this bot knows how to get done: the recipes that it came with, and the blueprints that others have published on the grid.',
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot task list', '3bot task list --json'],
  async run(context, _words, { grid: named }) {
    const { recipeNamed, recipeNames } = await import('../../src/architect/recipes.js');
    const { formatPercent } = await import('../../src/capacity/percent.js');
    const { readConfig } = await import('../../src/home.js');
    const { out } = context;
    const own = recipeNames().map((task): Row => ({ task, title: recipeNamed(task).title, by: '3bot', fee_ppm: 0, contracts: null }));
    // Recipes are there on a fresh machine, too: one of them makes a farmer of it.
    const others = readConfig(context.home).grids.length === 0 ? [] : await published();
    const rows = [...own, ...others];
    out.list({
      json: rows,
      columns: ['task', 'what', 'by', 'fee', 'contracts'],
      least: ['contracts', 'by', 'fee'], cut: 'what',
      rows: rows.map(({ task, title, by, fee_ppm, contracts }) => [task, title, by, fee_ppm === 0 ? 'free' : formatPercent(fee_ppm), contracts]),
    });
    out.next('3bot task show NAME   (what it asks, does and checks)');

    async function published(): Promise<Row[]> {
      const { searchBlueprints } = await import('../../src/architect/publish/search.js');
      await using grid = await openGridOf(context, named);
      await renew(context, grid);
      return searchBlueprints(grid.reader, [], false).map(({ title, about, architect, architect_name, fee_ppm, contracts }) => ({ task: title, title: about, by: architect_name ?? architect, fee_ppm, contracts }));
    }
  },
};
