// 3bot vote cast
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag> = {
  about: 'Records your ballot, on your own chain, for all to see. Until the vote ends a later one takes its place.',
  arguments: [['<vote>', 'id, or its first digits'], ['<option>', 'one of its options, word for word']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot vote cast 3f2a91c0 yes'],
  async run(context, [text = '', option = ''], { grid: named }) {
    const { Problem } = await import('../../src/base/errors.js');
    const { appendSigned } = await import('../../src/net/compose.js');
    const { findVote, viewVote, voteText } = await import('../../src/people/votes.js');
    const { openSigner } = await import('../drafts.js');
    const { out, flags, clock } = context;
    await using session = await openSigner(context, named);
    const { grid, keyring, desk } = session;
    const vote = findVote(grid.reader, text);
    if (!vote.options.includes(option)) throw new Problem('usage', `${JSON.stringify(option.slice(0, 100))} is no option of this vote`, { reason: 'option', hint: vote.options.map((one) => JSON.stringify(one)).join(' or ') });
    const isSame = viewVote(grid.reader, vote, desk.bot, clock()).mine === option;
    if (isSame && !flags.json) out.note('that is your ballot already; nothing was recorded');
    if (!isSame) await appendSigned(grid, { chain: desk.me, kind: 'ballot@1', body: { vote: vote.id, option } }, [keyring.signer('bot')]);
    const view = viewVote(grid.reader, vote, desk.bot, clock());
    out.one({ json: view, id: vote.id, text: () => voteText(view) });
    out.next(`3bot vote show ${vote.id.slice(0, 12)}`);
  },
};
