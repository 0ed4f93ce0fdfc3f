// 3bot contract show
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag> = {
  arguments: [['<contract>', 'id, or its first digits']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot contract show 3f2a91c0', '3bot contract show 3f2a91c0 --json'],
  async run(context, [text = ''], { grid: named }) {
    const { existsSync } = await import('node:fs');
    const { findContract, showContract } = await import('../../src/consumer/contracts.js');
    const { receiptPath } = await import('../../src/consumer/keep.js');
    const { nowOf } = await import('../now.js');
    const { contractText } = await import('./text.js');
    const { out, home } = context;
    await using grid = await openGridOf(context, named);
    await grid.refresh();
    const contract = showContract(grid.reader, findContract(grid.reader, text), nowOf(grid));
    const path = receiptPath(home, contract.id);
    const receipt = existsSync(path) ? path : null;
    out.one({ json: { ...contract, receipt }, text: () => `${contractText(contract)}${receipt === null ? '' : `\nreceipt   ${receipt}`}` });
  },
};
