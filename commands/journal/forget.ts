// 3bot journal forget
import { Problem } from '../../src/base/errors.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & { all?: true }> = {
  about: 'Contracts that run are forgotten too: what becomes of them later is not taken in again.',
  arguments: [['[farm]', 'name, or first digits of the id']],
  options: (c) => c.option('--all', 'every farm').option(...GRID_FLAG),
  examples: ['3bot journal forget windy', '3bot journal forget --all'],
  async run(context, [named], { grid: where, all }) {
    const { findFarm } = await import('../../src/market/find.js');
    const { openJournal } = await import('./shared.js');
    if ((named === undefined) === (all !== true)) throw new Problem('usage', 'which farm is missing', { hint: '3bot journal forget FARM, or --all' });
    await using grid = await openGridOf(context, where);
    const farm = named === undefined ? null : findFarm(grid.reader, named).id;
    using journal = await openJournal(context, grid);
    journal.book.learn(grid.reader, context.clock());
    journal.book.forget(farm);
    context.out.one({ json: { farm }, text: () => (farm === null ? 'everything is forgotten' : `farm ${named ?? ''} is forgotten`) });
  },
};
