// 3bot contract cancel
import type { OrderShown } from '../../src/consumer/parts.js';
import type { ContractShown } from '../../src/market/contract.js';
import type { CommandFile } from '../command.js';
import { openBuyer } from '../deal.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { CONTRACTS_ARGUMENT, contractsMeant } from './meant.js';

export const command: CommandFile<GridFlag & { reason?: string; fault?: true }> = {
  about: 'Ends and settles in one record: what is used goes to the farm, the rest comes back at once. The node keeps the data until its\nretention is over, or for as long as what was used pays for the disk, then wipes it. A contract that time has ended is settled the same way.\nThe name of an order of several ends all of them; ORDER/PART ends one.',
  arguments: [CONTRACTS_ARGUMENT],
  options: (c) => c.option('--reason <text>', 'why; stands in the record').option('--fault', 'the node fails you: the time since its meter last confirmed any is not paid').option(...GRID_FLAG),
  examples: ['3bot contract cancel 3f2a91c0', '3bot contract cancel 3f2a91c0 --reason "no longer needed" --json', '3bot contract cancel web --yes', '3bot contract cancel 3f2a91c0 --fault --reason "unreachable since noon"'],
  async run(context, [text = ''], { grid: named, reason = '', fault }) {
    const { endContract } = await import('../../src/consumer/change.js');
    const { findContract } = await import('../../src/consumer/contracts.js');
    const { showOrder } = await import('../../src/consumer/parts.js');
    const { showContract } = await import('../../src/market/contract.js');
    const { nowOf } = await import('../now.js');
    const { contractText, orderText } = await import('./text.js');
    const { out, prompt, flags } = context;
    await using session = await openBuyer(context, named);
    const { grid, buyer } = session;
    const { order, contracts } = await contractsMeant(context, grid, text);
    const before = contracts.map((contract) => showContract(grid.reader, contract, nowOf(grid)));
    const [first, ...more] = before;
    if (first === undefined) throw new Error('no contract meant');
    if (prompt.possible && before.some(({ state }) => state !== 'ended')) await prompt.confirm(order === null ? question(first, fault) : orderQuestion(showOrder(order, before)));
    using progress = await context.progress(`ending ${text}`);
    let ended = 0;
    for (const { id } of before) {
      if (more.length > 0) progress.say(`ending ${ended + 1} of ${before.length}`);
      if (await endContract(grid, buyer.keyring, id, reason, fault)) ended += 1;
    }
    progress.stop();
    const after = before.map(({ id }) => showContract(grid.reader, findContract(grid.reader, id), nowOf(grid)));
    if (ended === 0 && !flags.json) out.note('it was settled already; nothing was recorded');
    if (order !== null) {
      const whole = showOrder(order, after);
      out.one({ json: whole, id: order, text: () => orderText(whole) });
      return out.next(`3bot contract list --order ${order}`);
    }
    const contract = after[0] ?? first;
    out.one({ json: contract, id: contract.id, text: () => contractText(contract) });
    out.next(`3bot contract bill ${contract.id.slice(0, 12)}   (what was used, interval by interval)`);
  },
};

function orderQuestion({ order, contracts, billed, refundable }: OrderShown): string {
  return `End all ${contracts.filter(({ state }) => state !== 'ended').length} contracts of ${order}? ${billed} TFT are used, about ${refundable} TFT come back, what runs is stopped`;
}

function question({ id, billed, open, refundable }: ContractShown, fault: true | undefined): string {
  const last = open === '0.0000000' ? '' : fault === true ? `, the last ${open} TFT are not paid` : ` and ${open} TFT since the last heartbeat`;
  return `End ${id.slice(0, 12)}? ${billed} TFT are used${last}, about ${refundable} TFT ${fault === true ? 'and those ' : ''}come back, what runs is stopped`;
}
