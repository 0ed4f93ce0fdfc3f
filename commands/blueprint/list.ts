// 3bot blueprint list
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { partsShown } from './shown.js';
import { openView } from './view.js';

export const command: CommandFile<GridFlag> = {
  about: 'Blueprints of which something runs, by the book alone, and those that were applied with this home folder.',
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot blueprint list', '3bot blueprint list --json'],
  async run(context, _args, { grid: named }) {
    const { formatTft } = await import('../../src/base/amount.js');
    const { blueprintsOf, standingOf } = await import('../../src/architect/plan/standing.js');
    const { workloadState } = await import('../../src/market/contract.js');
    const { out } = context;
    await using view = await openView(context, named);
    const { grid, bot, at, revisions } = view;
    const names = [...new Set([...blueprintsOf(grid.reader, bot, at), ...revisions.names()])].sort();
    const found = await Promise.all(names.map(async (name) => {
      const standing = standingOf(grid.reader, bot, name, at);
      const services = (await partsShown(grid.reader, standing, at)).flatMap(({ contract }) => contract.workloads);
      const [last] = revisions.of(name);
      return {
        name, revision: last?.revision ?? null, state: last?.state ?? null, from: last?.origin.from ?? null, parts: standing.length, services: services.length,
        running: services.filter((one) => workloadState(one) === 'running').length, price_per_hour: formatTft(standing.reduce((sum, one) => sum + one.per_hour_stroops, 0n)),
      };
    }));
    out.list({
      json: found,
      columns: ['name', 'revision', 'state', 'parts', 'running', 'services', 'TFT/h', 'from'],
      least: ['from', 'revision', 'services', 'TFT/h'], cut: 'from',
      rows: found.map((one) => [one.name, one.revision, one.state, one.parts, one.running, one.services, one.price_per_hour, one.from]),
      empty: 'no blueprint of yours runs, and none was applied here: 3bot blueprint apply FILE',
    });
  },
};
