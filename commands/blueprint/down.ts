// 3bot blueprint down
import { Problem } from '../../src/base/errors.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { openDesk, parseBlueprintName } from './planning.js';

export const command: CommandFile<GridFlag> = {
  about: `Ends every contract of a blueprint: what is used goes to the farms, the rest comes back at once. What is in volumes is left to their
nodes, which keep it for the retention that was agreed and then wipe it. An interrupted down is run again. Its private network stays.`,
  arguments: [['<name>', 'what the whole is called: its contracts are NAME/PART']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot blueprint down shop', '3bot blueprint down shop --yes --json'],
  async run(context, [text = ''], options) {
    const { formatTft } = await import('../../src/base/amount.js');
    const { endContract } = await import('../../src/consumer/change.js');
    const { findContract } = await import('../../src/consumer/contracts.js');
    const { showContract } = await import('../../src/market/contract.js');
    const { standingOf } = await import('../../src/architect/plan/standing.js');
    const { out, prompt } = context;
    const name = parseBlueprintName(text);
    await using desk = await openDesk(context, options);
    const { session: { grid, buyer }, bot, now, revisions } = desk;
    const standing = standingOf(grid.reader, bot, name, now());
    const [last] = revisions.of(name);
    if (standing.length === 0) {
      if (last === undefined) throw new Problem('not_found', `nothing runs that is called ${name}`, { reason: 'blueprint', hint: '3bot blueprint list' });
      out.note(`nothing of ${name} runs any more`);
    } else if (prompt.possible) {
      const back = standing.reduce((sum, one) => sum + one.refundable_stroops, 0n);
      await prompt.confirm(`End ${standing.length} contract${standing.length === 1 ? '' : 's'} of ${name}? About ${formatTft(back)} TFT come back, what runs is stopped`);
    }
    const ended = [];
    // What depends on others goes first: parts were made in the order of the plan.
    const order = last?.agreed.plan.parts.map(({ part }) => part) ?? [];
    for (const { part, contract } of [...standing].sort((a, b) => order.indexOf(b.part) - order.indexOf(a.part))) {
      await endContract(grid, buyer.keyring, contract.id, `blueprint ${name} down`);
      const { id, billed, refunded, data_until } = showContract(grid.reader, findContract(grid.reader, contract.id), now());
      ended.push({ part, contract: id, billed, refunded, data_until });
    }
    if (last !== undefined) revisions.end(last, 'down', null, now());
    out.list({ json: { name, ended }, columns: ['part', 'contract', 'used', 'came back', 'data is kept until'], rows: ended.map((one) => [one.part, one.contract, one.billed, one.refunded, one.data_until]) });
    if (ended.length > 0) out.note('volumes are left to their nodes, which wipe them after that time');
  },
};
