// 3bot journal
import type { CommandFile } from './command.js';
import { GRID_FLAG, openGridOf, renew, type GridFlag } from './handle.js';

export const command: CommandFile<GridFlag> = {
  about: 'Of the last 90 days, in this home folder alone, and never sent: how farms answered, how long nodes took from order to running, what\nfailed by their fault. Offers are ranked by price × (1 + penalty): 20 % × failed / (failed + fine + 1) of contracts on the node,\nand 5 % × silent / (silent + answered + 1) of requests to the farm. Prices stay what they are; --cheapest of quote and reserve ranks by them alone.',
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot journal', '3bot journal --json'],
  async run(context, _args, { grid: named }) {
    const { formatDuration } = await import('../src/base/duration.js');
    const { formatPercent } = await import('../src/capacity/percent.js');
    const { penaltyPpm } = await import('../src/consumer/experience.js');
    const { read } = await import('../src/rules/objects.js');
    const { openJournal } = await import('./journal/shared.js');
    const { nowOf } = await import('./now.js');
    await using grid = await openGridOf(context, named);
    await renew(context, grid);
    using journal = await openJournal(context, grid);
    const at = nowOf(grid);
    journal.book.learn(grid.reader, at);
    const all = journal.book.all(at).map((one) => ({ farm_name: read(grid.reader, 'farm', one.farm)?.name ?? null, ...one, penalty_ppm: penaltyPpm(one) }));
    const span = (ms: number | null): string => (ms === null ? '' : ms < 1_000 ? `${ms}ms` : formatDuration(ms));
    context.out.list({
      json: all,
      columns: ['farm', 'node', 'answered', 'refused', 'silent', 'false', 'answers in', 'ran', 'failed', 'running in', 'counts as'],
      least: ['false', 'answers in', 'running in', 'silent', 'refused', 'answered', 'ran', 'failed'],
      rows: all.map((one) => [
        one.farm_name ?? one.farm, one.node === null ? '' : context.io.terminal.stdout ? one.node.slice(0, 12) : one.node,
        ...(one.node === null
          ? [`${one.answered}`, Object.entries(one.refused).map(([code, count]) => `${count} ${code}`).join(', '), `${one.silent}`, `${one.false_answers}`, span(one.answer_ms), '', '', '']
          : ['', '', '', '', '', `${one.fine}`, `${one.failed}`, span(one.running_ms)]),
        one.penalty_ppm === 0 ? 'its price' : `${formatPercent(one.penalty_ppm)} dearer`,
      ]),
      empty: 'nothing yet; 3bot quote asks farms, and what becomes of a contract is remembered',
    });
    if (!context.flags.json) for (const { farm_name, farm, faults } of all) for (const { contract, fault } of faults) context.out.note(`${farm_name ?? farm}, contract ${contract.slice(0, 12)}: ${fault}`);
    if (all.length > 0) context.out.next('3bot journal forget FARM   (to begin anew with one)');
  },
};
