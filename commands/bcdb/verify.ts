// 3bot bcdb verify
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

const UNITS = { hashes: 'lines hashed', lines: 'lines re-checked', states: 'lines folded again for state roots' } as const;
const LAST_STEPS = { stored: 'comparing state, index and tree', file: "looking at the database file's own structure" } as const;

export const command: CommandFile<GridFlag & { hashes?: boolean; restart?: boolean }> = {
  about: `Takes every line into an empty book again and compares all that is stored with the result: records, signatures, state,
tree and checkpoint. Exits 7 and names the first thing that does not hold.

Interrupted, it goes on where it was: the lines below are read and hashed again, and only if they are the same to the last
bit are their signatures and rules taken as checked, by a file of its own beside the book. Whoever does not trust that
file, or has another release of 3bot, begins anew (the release is noticed).

With --hashes it is ten times as fast and says less: every line is what its hashes say and continues its chain, and all
together are what the home signed. Records' own signatures, canonical form, rules and state, and the database file's own
structure, are not looked at.`,
  options: (c) => c
    .option(...GRID_FLAG)
    .option('--hashes', 'hashes, chain links, tree and checkpoint alone')
    .option('--restart', 'begin anew, whatever an interrupted run had checked'),
  examples: ['3bot bcdb verify', '3bot bcdb verify --json', '3bot bcdb verify --hashes', '3bot bcdb verify --restart'],
  async run(context, _args, { grid: named, hashes = false, restart = false }) {
    const { verifyGrid } = await import('../../src/net/check.js');
    const { counter } = await import('../../src/cli/progress.js');
    const { home, out, signal } = context;
    using progress = await context.progress('reading');
    const count = { hashes: counter(progress, UNITS.hashes), lines: counter(progress, UNITS.lines), states: counter(progress, UNITS.states) };
    const { size, signed, root, signatures, stateRoots, resumed, seconds, name, id } = await verifyGrid(home, named, {
      hashes, restart, signal,
      onProgress: (step, lines, of) => (step === 'stored' || step === 'file' ? progress.say(LAST_STEPS[step]) : count[step](lines, of)),
    });
    progress.stop();
    const what = hashes ? `the hashes of ${size} records hold; their signatures and rules were not checked` : `${size} records and ${signatures} signatures${stateRoots === 0 ? '' : `, ${stateRoots} state roots`}`;
    out.one({
      json: { ok: true, grid: id, size, signed, root, records: size, signatures, state_roots: stateRoots, resumed, hashes_only: hashes, seconds },
      text: () => [
        hashes ? `grid ${name}: ${what} (${seconds} s)` : `grid ${name} holds: ${what} in ${seconds} s`,
        ...(resumed > 0 ? [`the signatures of the first ${resumed} records were checked by the run that was interrupted; their bytes are the same`] : []),
        ...(signed < size ? [`the home's checkpoint covers the first ${signed} of them; the rest it has yet to sign`] : []),
        `root ${root}`,
      ].join('\n'),
    });
  },
};
