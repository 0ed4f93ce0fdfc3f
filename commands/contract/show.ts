// 3bot contract show
import { AT_FLAG } from '../bcdb/at.js';
import { Problem } from '../../src/base/errors.js';
import type { Grid } from '../../src/net/grid.js';
import type { CommandFile, Context } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag, renew } from '../handle.js';
import { CONTRACTS_ARGUMENT, contractMeant, contractsMeant } from './meant.js';

export const command: CommandFile<GridFlag & { at?: string; history?: true; watch?: true }> = {
  arguments: [CONTRACTS_ARGUMENT],
  options: (c) => c.option('--history', 'what became of it, record by record: when, what, by whom, by how much its escrow changed').option('--watch', 'what its workloads use now, again and again: processor, memory, disk, network (one object a line with --json)').option(...AT_FLAG).option(...GRID_FLAG),
  examples: ['3bot contract show 3f2a91c0', '3bot contract show web/2', '3bot contract show 3f2a91c0 --history', '3bot contract show 3f2a91c0 --watch', '3bot contract show 3f2a91c0 --json'],
  async run(context, [text = ''], { grid: named, at, history, watch }) {
    const { existsSync } = await import('node:fs');
    const { showContract } = await import('../../src/market/contract.js');
    const { findById } = await import('../../src/market/find.js');
    const { receiptPath } = await import('../../src/consumer/keep.js');
    const { momentText, stateAt } = await import('../bcdb/at.js');
    const { showOrder } = await import('../../src/consumer/parts.js');
    const { contractText, nextStep, orderText } = await import('./text.js');
    const { out, home } = context;
    if (watch === true && (history === true || at !== undefined)) throw new Problem('usage', '--watch shows what is now, without --history and --at');
    await using grid = await openGridOf(context, named, watch === true);
    await renew(context, grid);
    if (watch === true) {
      const { watchUse } = await import('./use.js');
      return await watchUse(context, grid, await contractMeant(context, grid, text));
    }
    if (history === true) return await showHistory(context, grid, text, at);
    const then = await stateAt(context, grid.reader, at);
    // What it was then; which one is meant is said by its name of now.
    const { order, contracts } = await contractsMeant(context, grid, text);
    const shown = contracts.map(({ id }) => {
      const path = receiptPath(home, id);
      return { ...showContract(then.state, findById(then.state, 'contract', id, '3bot contract list'), then.at), receipt: existsSync(path) ? path : null };
    });
    const basis = grid.basis === null ? {} : { basis: grid.basis };
    if (order !== null) {
      const whole = showOrder(order, shown.map(({ receipt: _, ...one }) => one));
      out.one({ json: { ...whole, ...basis }, rows: shown.map((one) => [one.name, one.id, one.state, one.farm_name, one.node, one.price_per_hour]), text: () => orderText(whole) });
      return at === undefined ? out.next(`3bot contract show ${shown[0]?.name ?? ''}`) : out.note(momentText(then));
    }
    const [contract] = shown;
    if (contract === undefined) throw new Error('no contract meant');
    const { receipt } = contract;
    out.one({ json: { ...contract, ...basis }, text: () => `${contractText(contract)}${receipt === null ? '' : `\nreceipt   ${receipt}`}` });
    if (at !== undefined) return out.note(momentText(then));
    const next = nextStep(contract);
    if (next !== undefined) out.next(next);
  },
};

/** The records of the contract as a table. */
async function showHistory(context: Context, grid: Grid, text: string, at: string | undefined): Promise<void> {
  if (at !== undefined) throw new Problem('usage', '--history shows all that happened; --at a moment of it', { hint: 'leave one of them out' });
  const { timelineOf } = await import('../../src/consumer/timeline.js');
  const { gridRules } = await import('../../src/rules/all.js');
  const { nowOf } = await import('../now.js');
  const { out, io, signal } = context;
  const contract = await contractMeant(context, grid, text);
  using progress = await context.progress('carrying the book out again');
  const { happenings, complete } = await timelineOf(grid.reader, gridRules, contract, nowOf(grid), { signal, onProgress: (lines, of) => progress.say(`${lines} of ${of} lines`) });
  progress.stop();
  out.list({
    json: { contract: contract.id, complete, history: happenings },
    columns: ['line', 'at', 'what', 'TFT into escrow', 'by', 'record'],
    least: ['record', 'by', 'TFT into escrow'], cut: 'what',
    rows: happenings.map(({ line, at: when, what, amount, by, record }) => [line, when, what, amount, by.join(', '), io.terminal.stdout ? (record?.slice(0, 12) ?? null) : record]),
  });
  if (!complete) out.note(`only the beginning is shown; the others: 3bot bcdb query 'tag = contract/${contract.id}' --after …`);
  out.next(`3bot contract bill ${contract.id.slice(0, 12)}   (every interval that is billed)`);
}
