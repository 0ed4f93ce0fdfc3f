// 3bot blueprint search
import { formatPercent } from '../../src/capacity/percent.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag, renew } from '../handle.js';

export const command: CommandFile<GridFlag & { all?: true }> = {
  about: 'Published blueprints whose name, architect or description begin all these words, those with the most contracts first. Answered from the\nown copy. How many contracts were made from one says what it is used for, not whether it is good: anybody can buy from a farm of their own.',
  arguments: [['[words...]', 'all of them if left out']],
  options: (c) => c.option('--all', 'those, too, of which every version is withdrawn').option(...GRID_FLAG),
  examples: ['3bot blueprint search', '3bot blueprint search postgres backup --json'],
  async run(context, words, { grid: named, all }) {
    const { searchBlueprints } = await import('../../src/architect/publish/search.js');
    await using grid = await openGridOf(context, named);
    await renew(context, grid);
    const found = searchBlueprints(grid.reader, words, all === true);
    context.out.list({
      json: found,
      columns: ['blueprint', 'fee', 'contracts', 'about'],
      least: ['contracts', 'fee'], cut: 'about',
      rows: found.map(({ title, fee_ppm, contracts, about, withdrawn }) => [title, fee_ppm === 0 ? 'free' : formatPercent(fee_ppm), contracts, withdrawn ? `withdrawn: ${about}` : about]),
      empty: words.length === 0 ? 'nothing is published on this grid; 3bot blueprint publish FILE begins' : 'nothing published has all these words; 3bot blueprint search lists all, 3bot task list the recipes of this bot',
    });
    const [first] = found;
    if (first !== undefined) context.out.next(`3bot blueprint get ${first.title}   (the file; 3bot blueprint plan ${first.title} says what it would cost)`);
  },
};
