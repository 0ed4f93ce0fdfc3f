// 3bot contract bill
import type { Bill, Interval } from '../../src/consumer/bill.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { CONTRACT_ARGUMENT, contractMeant } from './meant.js';

export const command: CommandFile<GridFlag> = {
  about: 'Every interval that is billed, with the record that proves it: an entry of the meter confirms the time since the entry before it;\ntime that nothing confirms costs nothing. The amounts add up to what is billed, exactly. Carries the book out once more up to\nthe contract\'s newest record, so a large one takes a while.',
  arguments: [CONTRACT_ARGUMENT],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot contract bill 3f2a91c0', '3bot contract bill 3f2a91c0 --json'],
  async run(context, [text = ''], { grid: named }) {
    const { iso } = await import('../../src/base/clock.js');
    const { formatTft } = await import('../../src/base/amount.js');
    const { billOf } = await import('../../src/consumer/bill.js');
    const { gridRules } = await import('../../src/rules/all.js');
    const { openGridOf, renew } = await import('../handle.js');
    const { nowOf } = await import('../now.js');
    const { out, io, signal } = context;
    await using grid = await openGridOf(context, named);
    await renew(context, grid);
    const contract = await contractMeant(context, grid, text);
    using progress = await context.progress('working the bill out again');
    const bill = await billOf(grid.reader, gridRules, contract, nowOf(grid), { signal, onProgress: (lines, of) => progress.say(`${lines} of ${of} lines`) });
    progress.stop();
    const intervals = bill.intervals.map(({ from, to, covered_ms, amount_stroops, ...by }) => ({ from: iso(from), to: iso(to), covered_ms, amount: formatTft(amount_stroops), ...by }));
    const payments = bill.payments.map(({ at, amount_stroops, ...by }) => ({ at: iso(at), amount: formatTft(amount_stroops), ...by }));
    const { open_ms } = bill;
    out.list({
      json: { contract: contract.id, billed: formatTft(bill.billed_stroops), intervals, payments, open_ms, open: formatTft(bill.open_stroops) },
      columns: ['from', 'to', 'billed time', 'TFT', 'line', 'proven by'],
      least: ['line', 'billed time', 'proven by'],
      rows: intervals.map(({ from, to, amount, line, record }, i) => [from, to, timeText(bill.intervals[i]), amount, line, record === null ? 'so far' : io.terminal.stdout ? record.slice(0, 12) : record]),
    });
    for (const note of notes(bill)) out.note(note);
    const paidBy = intervals.findLast(({ record }) => record !== null)?.record;
    if (paidBy !== null && paidBy !== undefined) out.next(`3bot receipt get ${paidBy.slice(0, 12)}   (the proof that a line is in the book)`);

    function timeText(interval: Interval | undefined): string {
      if (interval === undefined) return '';
      const { covered_ms, amount_stroops } = interval;
      return covered_ms > 0 ? spanText(covered_ms) : amount_stroops > 0n ? 'minimum charge' : 'not confirmed';
    }

    function notes({ billed_stroops, open_stroops, payments: paid }: Bill): string[] {
      const out = paid.reduce((sum, { amount_stroops }) => sum + amount_stroops, 0n);
      return [
        `${formatTft(billed_stroops)} TFT are billed${out > 0n ? `, ${formatTft(out)} TFT of it were paid out before the end` : ''}`,
        ...(open_ms > 0 ? [`${spanText(open_ms)} since the last entry wait to be confirmed; ending it now adds ${formatTft(open_stroops)} TFT for them, with --fault nothing`] : []),
      ];
    }
  },
};

/** Exact to the millisecond, as it is billed. */
function spanText(ms: number): string {
  const parts = [[3_600_000, 'h'], [60_000, 'm'], [1_000, 's']] as const;
  let rest = ms;
  const texts = parts.flatMap(([unit, name]) => {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    return count > 0 ? [`${count}${name}`] : [];
  });
  return [...texts, ...(rest > 0 || texts.length === 0 ? [`${rest}ms`] : [])].join('');
}
