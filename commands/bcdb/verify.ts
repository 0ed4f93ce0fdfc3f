// 3bot bcdb verify
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag> = {
  about: 'Takes every line into an empty book again and compares all that is stored with the result: records, signatures, state,\ntree and checkpoint. Exits 7 and names the first thing that does not hold.',
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot bcdb verify', '3bot bcdb verify --json'],
  async run(context, _args, { grid: named }) {
    const { verifyGrid } = await import('../../src/net/check.js');
    const { home, out } = context;
    using progress = await context.progress('reading');
    const { size, signed, root, signatures, stateRoots, seconds, name, id } = await verifyGrid(home, named, (lines, of) => progress.say(`${lines} of ${of} lines re-checked`));
    progress.stop();
    out.one({
      json: { ok: true, grid: id, size, signed, root, records: size, signatures, state_roots: stateRoots, seconds },
      text: () => `grid ${name} holds: ${size} records and ${signatures} signatures${stateRoots === 0 ? '' : `, ${stateRoots} state roots`} in ${seconds} s${signed < size ? `\nthe home's checkpoint covers the first ${signed} of them; the rest it has yet to sign` : ''}\nroot ${root}`,
    });
  },
};
