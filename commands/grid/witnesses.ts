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
    const { saveEnvelope } = await import('../../src/net/envelope.js');
    const { deliver } = await import('../../src/net/deliver.js');
    const { missingGovernors, signStatement, statementText, witnessChange, witnessLines } = await import('../../src/net/governance.js');
    const { openGovernor, sayStatement } = await import('../governance.js');
    const { openGridOf } = await import('../handle.js');
    const { readText } = await import('../files.js');
    const { out, prompt } = context;
    if (set !== undefined && none === true) throw new Problem('usage', '--set and --none together', { hint: 'give one of them' });
    const wanted = set === undefined ? null : witnessLines(readText(set, MAX_POLICY_BYTES));
    await using grid = await openGridOf(context, named);
    if (set === undefined && none !== true) {
      const { witnesses } = readGrid(grid.reader);
      return out.one({ json: { grid: grid.id, witnesses }, text: () => witnesses?.join('\n') ?? "no witnesses: the home's word is enough" });
    }
    await grid.refresh();
    const record = witnessChange(grid, wanted);
    out.note(statementText(grid.reader, record).map(([key, text]) => `${key.padEnd(11)}${text}`).join('\n'));
    await prompt.confirm('Sign this?');
    const file = await signStatement(grid, { record, signatures: [] }, await openGovernor(context));
    const why = missingGovernors(grid, file);
    if (why === null) {
      await deliver(grid, { payload: record.text, signatures: [...file.signatures] });
      return sayStatement(context, grid, file, 'recorded', null);
    }
    const to = draft ?? `${grid.name}-witnesses.json`;
    saveEnvelope(to, record, file.signatures);
    out.note(why.message);
    await sayStatement(context, grid, file, 'signed', to);
    out.next('3bot sign FILE, by each governor; whoever signs last records it');
  },
};
