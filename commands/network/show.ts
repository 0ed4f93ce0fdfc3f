// 3bot network show
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag> = {
  about: 'Who is in it, at which address, and where its nodes are reached.',
  arguments: [['<network>', 'its name, or id']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot network show home', '3bot network show home --json'],
  async run(context, [text = ''], { grid: named }) {
    const { findNetwork, showNetwork } = await import('../../src/consumer/networks.js');
    const { botInUse } = await import('../drafts.js');
    const { openGridOf, renew } = await import('../handle.js');
    const { nowOf } = await import('../now.js');
    const { networkText } = await import('./text.js');
    await using grid = await openGridOf(context, named);
    await renew(context, grid);
    const shown = showNetwork(grid.reader, findNetwork(grid.reader, (await botInUse(context, grid)) ?? '', text), nowOf(grid));
    context.out.one({ json: shown, text: () => networkText(shown) });
  },
};
