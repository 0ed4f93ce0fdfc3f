// 3bot contract cancel
import type { ContractShown } from '../../src/market/contract.js';
import type { CommandFile } from '../command.js';
import { openBuyer } from '../deal.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { CONTRACT_ARGUMENT, contractMeant } from './meant.js';

export const command: CommandFile<GridFlag & { reason?: string; fault?: true }> = {
  about: 'Ends and settles in one record: what is used goes to the farm, the rest comes back at once. The node keeps the data until its\nretention is over, or for as long as what was used pays for the disk, then wipes it. A contract that time has ended is settled the same way.',
  arguments: [CONTRACT_ARGUMENT],
  options: (c) => c.option('--reason <text>', 'why; stands in the record').option('--fault', 'the node fails you: the time since its meter last confirmed any is not paid').option(...GRID_FLAG),
  examples: ['3bot contract cancel 3f2a91c0', '3bot contract cancel 3f2a91c0 --reason "no longer needed" --json', '3bot contract cancel 3f2a91c0 --fault --reason "unreachable since noon"'],
  async run(context, [text = ''], { grid: named, reason = '', fault }) {
    const { endContract } = await import('../../src/consumer/change.js');
    const { findContract } = await import('../../src/consumer/contracts.js');
    const { showContract } = await import('../../src/market/contract.js');
    const { nowOf } = await import('../now.js');
    const { contractText } = await import('./text.js');
    const { out, prompt, flags } = context;
    await using session = await openBuyer(context, named);
    const { grid, buyer } = session;
    const before = showContract(grid.reader, await contractMeant(context, grid, text), nowOf(grid));
    if (prompt.possible && before.state !== 'ended') await prompt.confirm(question(before, fault));
    const ended = await endContract(grid, buyer.keyring, before.id, reason, fault);
    const contract = showContract(grid.reader, findContract(grid.reader, before.id), nowOf(grid));
    if (!ended && !flags.json) out.note('it was settled already; nothing was recorded');
    out.one({ json: contract, id: contract.id, text: () => contractText(contract) });
    out.next(`3bot contract bill ${contract.id.slice(0, 12)}   (what was used, interval by interval)`);
  },
};

function question({ id, billed, open, refundable }: ContractShown, fault: true | undefined): string {
  const last = open === '0.0000000' ? '' : fault === true ? `, the last ${open} TFT are not paid` : ` and ${open} TFT since the last heartbeat`;
  return `End ${id.slice(0, 12)}? ${billed} TFT are used${last}, about ${refundable} TFT ${fault === true ? 'and those ' : ''}come back, what runs is stopped`;
}
