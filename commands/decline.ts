// 3bot decline
import { existsSync } from 'node:fs';
import type { CommandFile } from './command.js';
import { GRID_FLAG, type GridFlag } from './handle.js';

export const command: CommandFile<GridFlag & { reason?: string }> = {
  about: 'Tells the proposer and the others that you do not sign a draft, and why. Nothing is recorded, and nothing stops you from signing\nlater while it can still be used: a draft that somebody declined is usually proposed anew with other terms.',
  arguments: [['<draft>', 'a draft of 3bot inbox by the first digits of its id, or a file']],
  options: (c) => c.option('--reason <text>', 'why, for the others to read').option(...GRID_FLAG),
  examples: ['3bot decline 3f2a91c0 --reason "too dear"'],
  async run(context, [what = ''], { grid: named, reason }) {
    const { Problem } = await import('../src/base/errors.js');
    const { readEnvelope } = await import('../src/net/envelope.js');
    const { openSigner, sayUntold } = await import('./drafts.js');
    const { out, prompt } = context;
    if (reason !== undefined && reason.length > 500) throw new Problem('usage', `the reason has ${reason.length} characters, 500 are allowed`);
    const file = existsSync(what) ? readEnvelope(what) : undefined;
    await using session = await openSigner(context, named, file);
    const { desk } = session;
    if (file === undefined) await desk.collect();
    const draft = file ?? desk.drafts.find(what);
    const why = reason ?? (await prompt.text('Why?', '--reason'));
    const { id, payload } = draft.record;
    const kept = desk.drafts.get(id);
    if (kept !== undefined) desk.drafts.change(id, { mine: 'declined' });
    const untold = await desk.tellDeclined(kept ?? draft, why);
    sayUntold(context, untold);
    out.one({ json: { record: id, kind: payload.kind, chain: payload.chain, state: 'declined', reason: why, not_told: untold.map(({ party }) => party) }, id, text: () => `${payload.chain.replace('/', ' ')}: declined; ${untold.length === 0 ? 'the others are told' : `${untold.length} could not be told`}` });
  },
};
