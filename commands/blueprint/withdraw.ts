// 3bot blueprint withdraw
import { Problem } from '../../src/base/errors.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { BLUEPRINT_ARGUMENT } from './meant.js';

export const command: CommandFile<GridFlag & { reason?: string }> = {
  about: 'No new contracts can be made from this version; those that there are keep it and its fees. It stays readable: what is in the book is there\nfor good. Without @VERSION the newest version that is not withdrawn.',
  arguments: [BLUEPRINT_ARGUMENT],
  options: (c) => c.option('--reason <text>', 'why, for those who used it').option(...GRID_FLAG),
  examples: ['3bot blueprint withdraw alice/shop@1 --reason "use version 2: the volume was not kept"'],
  async run(context, [text = ''], { grid: named, reason = '' }) {
    const { withdraw } = await import('../../src/architect/publish/publish.js');
    const { findPublished, newestOf, titleOf } = await import('../../src/market/blueprint.js');
    const { actsFor } = await import('../../src/rules/identity.js');
    const { read } = await import('../../src/rules/objects.js');
    const { openSigner } = await import('../drafts.js');
    const { out, prompt } = context;
    await using session = await openSigner(context, named);
    const { grid, keyring } = session;
    const { blueprint, ref } = findPublished(grid.reader, text);
    const title = titleOf(grid.reader, blueprint, ref.version);
    if (blueprint.by !== actsFor(grid.reader, keyring.signer('bot').key)) throw new Problem('refused', `${title} is not yours`, { reason: 'signatures' });
    if (prompt.possible) await prompt.confirm(`Take ${title} out of use, for good?`);
    await withdraw(grid, keyring, ref, reason);
    const left = newestOf(grid.reader, read(grid.reader, 'blueprint', ref.id) ?? blueprint);
    const newest = left.version.withdrawn === null ? titleOf(grid.reader, blueprint, left.ref.version) : null;
    out.one({ json: { ...ref, title, withdrawn: true, newest }, id: title, text: () => `${title} takes no new contracts; ${newest === null ? 'no version is left' : `${newest} is what people find`}` });
    if (newest === null) out.next(`3bot blueprint publish FILE --name ${blueprint.name}   (the next version)`);
  },
};
