// 3bot contract show
import { AT_FLAG } from '../bcdb/at.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & { at?: string }> = {
  arguments: [['<contract>', 'id, or its first digits']],
  options: (c) => c.option(...AT_FLAG).option(...GRID_FLAG),
  examples: ['3bot contract show 3f2a91c0', '3bot contract show 3f2a91c0 --json'],
  async run(context, [text = ''], { grid: named, at }) {
    const { existsSync } = await import('node:fs');
    const { findContract, showContract } = await import('../../src/consumer/contracts.js');
    const { receiptPath } = await import('../../src/consumer/keep.js');
    const { momentText, stateAt } = await import('../bcdb/at.js');
    const { contractText } = await import('./text.js');
    const { out, home } = context;
    await using grid = await openGridOf(context, named);
    await grid.refresh();
    const then = await stateAt(context, grid.reader, at);
    const contract = showContract(then.state, findContract(then.state, text), then.at);
    const path = receiptPath(home, contract.id);
    const receipt = existsSync(path) ? path : null;
    out.one({ json: { ...contract, receipt, ...(grid.basis === null ? {} : { basis: grid.basis }) }, text: () => `${contractText(contract)}${receipt === null ? '' : `\nreceipt   ${receipt}`}` });
    if (at !== undefined) out.note(momentText(then));
  },
};
