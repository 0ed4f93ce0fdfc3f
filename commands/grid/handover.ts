// 3bot grid handover
import type { SignedFile } from '../../src/net/envelope.js';
import type { Grid } from '../../src/net/grid.js';
import type { CommandFile, Context } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & { draft?: string }> = {
  about: 'This copy becomes the home of its grid, without the old home\'s help, if the grid\'s governance says so. What the old home may\nhave signed beyond the lines held here is cut off: look first that no other copy has more.\nA sole governor signs at once. Where several govern, a draft is written; they sign it with 3bot sign, and the command is run\nagain with the file. Copies follow the new home after: 3bot grid join URL.',
  arguments: [['[file]', 'the draft, signed by enough governors']],
  options: (c) => c.option('--draft <file>', 'where a draft is written (default: GRID-handover.json)').option(...GRID_FLAG),
  examples: ['3bot grid handover', '3bot grid handover valley-handover.json --yes'],
  async run(context, [path], { grid: named, draft }) {
    const { isProblem } = await import('../../src/base/errors.js');
    const { readEnvelope, saveEnvelope } = await import('../../src/net/envelope.js');
    const { missingGovernors } = await import('../../src/net/governance.js');
    const { draftText, pastStanding, standingOf } = await import('../../src/people/draft.js');
    const { begunHandover, takeOver } = await import('../../src/net/handover.js');
    const { sayDraft } = await import('../drafts.js');
    const { gridOptions, openGridOf } = await import('../handle.js');
    const { out, prompt } = context;
    const options = gridOptions(context, named);
    await using grid = await openGridOf(context, named);
    await grid.refresh().catch((thrown: unknown) => {
      if (!isProblem(thrown, 'unreachable')) throw thrown;
      out.note(`3bot: note: ${thrown.message}; the hand-over is made from the ${grid.reader.size} lines held here`);
    });
    const begun = await begunHandover(grid, options.openKeyring);
    const file = begun ?? (path === undefined ? await drafted(context, grid) : readEnvelope(path));
    const why = begun === undefined ? missingGovernors(grid, file) : null;
    if (why !== null) {
      const to = path ?? draft ?? `${grid.name}-handover.json`;
      if (path === undefined) saveEnvelope(to, file.record, file.signatures);
      out.note(why.message);
      await sayDraft(context, grid, file, file.signatures.length === 0 ? 'draft' : 'signed', { file: to });
      return out.next('3bot sign FILE, by each governor; then 3bot grid handover FILE, here');
    }
    out.note(draftText(grid.reader, file, begun === undefined ? standingOf(grid.reader, file, context.clock()) : pastStanding(file), undefined));
    await prompt.confirm('From now on this home folder numbers the lines. Is the old home stopped for good?');
    await grid[Symbol.asyncDispose]();
    const { line, log_key } = await takeOver(grid.id, file, options);
    out.one({
      json: { grid: grid.id, kind: 'handover@1', record: file.record.id, state: 'recorded', line, log_key },
      id: file.record.id,
      text: () => `grid ${grid.name}: this home folder numbers the lines, from line ${line} on\nlog key ${log_key}`,
    });
    out.next('3bot serve --listen HOST:PORT   (and on every copy: 3bot grid join URL)');
  },
};

/** The statement for this copy as it stands, signed where the identity in use has a say. */
async function drafted(context: Context, grid: Grid): Promise<SignedFile> {
  const { isProblem } = await import('../../src/base/errors.js');
  const { draftHandover } = await import('../../src/net/handover.js');
  const { signStatement } = await import('../../src/net/governance.js');
  const { openIdentity } = await import('../drafts.js');
  const { gridOptions } = await import('../handle.js');
  const draft: SignedFile = { record: await draftHandover(grid, gridOptions(context)), signatures: [] };
  try {
    return await signStatement(grid, draft, await openIdentity(context));
  } catch (thrown) {
    if (!isProblem(thrown, 'refused', 'key')) throw thrown;
    return draft;
  }
}
