// 3bot grid witnesses
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & { set?: string; none?: true; draft?: string }> = {
  about: 'Shows whose cosignatures a checkpoint needs before anything below it counts as committed.\nGovernance changes them: the checkpoint that first covers the change still needs the old quorum, every later one the new.\nA sole governor signs at once; where several govern, a draft is written for 3bot sign, and whoever signs last records it.',
  options: (c) => c
    .option('--set <file>', 'a policy (C2SP tlog-policy: lines witness, group, quorum) that takes the place of the present one')
    .option('--none', 'from now on the word of the home is enough')
    .option('--draft <file>', 'where a draft is written (default: GRID-witnesses.json)')
    .option(...GRID_FLAG),
  examples: ['3bot grid witnesses', '3bot grid witnesses --set witnesses.txt'],
  async run(context, _args, { grid: named, set, none, draft }) {
    const { MAX_POLICY_BYTES } = await import('../../src/base/limits.js');
    const { Problem } = await import('../../src/base/errors.js');
    const { readGrid } = await import('../../src/rules/objects.js');
    const { witnessChange, witnessLines } = await import('../../src/net/governance.js');
    const { openIdentity, signOrDraft } = await import('../drafts.js');
    const { openGridOf } = await import('../handle.js');
    const { readText } = await import('../files.js');
    const { out } = context;
    if (set !== undefined && none === true) throw new Problem('usage', '--set and --none together', { hint: 'give one of them' });
    const wanted = set === undefined ? null : witnessLines(readText(set, MAX_POLICY_BYTES));
    await using grid = await openGridOf(context, named);
    if (set === undefined && none !== true) {
      const { witnesses } = readGrid(grid.reader);
      return out.one({ json: { grid: grid.id, witnesses }, text: () => witnesses?.join('\n') ?? "no witnesses: the home's word is enough" });
    }
    await grid.refresh();
    await signOrDraft(context, grid, witnessChange(grid, wanted), await openIdentity(context), draft ?? `${grid.name}-witnesses.json`);
  },
};
