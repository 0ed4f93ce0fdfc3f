// 3bot contract cancel
import type { CommandFile } from '../command.js';
import { openBuyer } from '../deal.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & { reason?: string }> = {
  about: 'Ends and settles in one record: what is used goes to the farm, the rest comes back at once. The node keeps the data until its\nretention is over, then wipes it. A contract that time has ended is settled the same way.',
  arguments: [['<contract>', 'id, or its first digits']],
  options: (c) => c.option('--reason <text>', 'why; stands in the record').option(...GRID_FLAG),
  examples: ['3bot contract cancel 3f2a91c0', '3bot contract cancel 3f2a91c0 --reason "no longer needed" --json'],
  async run(context, [text = ''], { grid: named, reason = '' }) {
    const { endContract } = await import('../../src/consumer/change.js');
    const { findContract, showContract } = await import('../../src/consumer/contracts.js');
    const { nowOf } = await import('../now.js');
    const { contractText } = await import('./text.js');
    const { out, prompt, flags } = context;
    await using session = await openBuyer(context, named);
    const { grid, buyer } = session;
    const before = showContract(grid.reader, findContract(grid.reader, text), nowOf(grid));
    if (prompt.possible && before.state !== 'ended') await prompt.confirm(`End ${before.id.slice(0, 12)}? ${before.billed} TFT are used, about ${before.refundable} TFT come back, what runs is stopped`);
    const ended = await endContract(grid, buyer.keyring, before.id, reason);
    const contract = showContract(grid.reader, findContract(grid.reader, before.id), nowOf(grid));
    if (!ended && !flags.json) out.note('it was settled already; nothing was recorded');
    out.one({ json: contract, id: contract.id, text: () => contractText(contract) });
  },
};
