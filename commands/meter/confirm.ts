// 3bot meter confirm
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { openMeter } from './shared.js';

export const command: CommandFile<GridFlag> = {
  about: 'One entry of your bot as meter of a node: you say that it is up now. For cron: once a heartbeat of the grid, since the time\nbetween two entries counts if it is at most one and a half. Contracts that name your bot as meter are billed by it.',
  arguments: [['<node>', 'key, or its first digits']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot meter confirm 1c110e12', '3bot meter confirm 1c110e12 --json'],
  async run(context, [text = ''], { grid: named }) {
    const { iso } = await import('../../src/base/clock.js');
    const { confirm, nextEntryAt } = await import('../../src/market/meter.js');
    const { out } = context;
    await using metering = await openMeter(context, text, named, false);
    const { grid, signer, node } = metering;
    const entry = await confirm(grid, signer, node);
    const next = iso(nextEntryAt(grid.reader, signer.key, node));
    if (entry === null) out.note('an entry is recorded once a heartbeat; it is too early for the next one, and nothing was recorded');
    out.one({ json: { node, confirmed: entry !== null, record: entry?.id ?? null, line: entry?.index ?? null, next }, id: entry?.id ?? '', text: () => `node ${node.slice(0, 12)}: ${entry === null ? 'nothing recorded' : `confirmed in line ${entry.index}`}` });
    out.next(`3bot meter confirm ${node.slice(0, 12)}   (from ${next} on)`);
  },
};
