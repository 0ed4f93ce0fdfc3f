// 3bot bcdb follow
import type { CommandFile } from '../command.js';
import { GRID_FLAG, gridOptions, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & { from?: string }> = {
  about: 'Each new line once it is in the copy held here, re-checked. Goes on where it is told to, waits out a server that is away, and\nruns until it is stopped.',
  options: (c) => c
    .option('--from <line>', 'begin with this line: the last one seen and one more (default: the next that is written)')
    .option(...GRID_FLAG),
  examples: ['3bot bcdb follow', '3bot bcdb follow --from 0 --json'],
  async run(context, _args, { from, grid: named }) {
    const { openGrid } = await import('../../src/net/grid.js');
    const { followLines } = await import('../../src/net/news.js');
    const { messageOf } = await import('../../src/base/errors.js');
    const { parseCount } = await import('./when.js');
    const { shown } = await import('./shown.js');
    const { out, signal, home } = context;
    // As a guest, so that other commands and a server of this home folder are not kept out.
    await using grid = await openGrid({ ...gridOptions(context, named), isGuest: true });
    const start = from === undefined ? grid.reader.size : parseCount(from, '--from');
    const tell = { away: (problem: unknown) => out.note(`waiting: ${messageOf(problem)}`), back: () => out.note('going on') };
    for await (const found of followLines(grid, home, start, signal, tell)) {
      const record = shown(found);
      out.line(record, () => `${record.index}\t${record.at}\t${record.kind}\t${record.chain}\t${record.id}`);
    }
  },
};
