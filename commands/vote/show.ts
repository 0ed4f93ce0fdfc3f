// 3bot vote show
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag, renew } from '../handle.js';

export const command: CommandFile<GridFlag> = {
  about: 'The result as it stands, worked out from the ballots in the book; decided once the vote is over.',
  arguments: [['<vote>', 'id, or its first digits']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot vote show 3f2a91c0', '3bot vote show 3f2a91c0 --json'],
  async run(context, [text = ''], { grid: named }) {
    const { botInUse } = await import('../drafts.js');
    const { findVote, viewVote, voteText } = await import('../../src/people/votes.js');
    const { nowOf } = await import('../now.js');
    await using grid = await openGridOf(context, named);
    await renew(context, grid);
    const vote = findVote(grid.reader, text);
    const view = viewVote(grid.reader, vote, await botInUse(context, grid), nowOf(grid));
    context.out.one({ json: view, text: () => voteText(view) });
    if (view.state === 'open' && view.may_vote && view.mine === null) context.out.next(`3bot vote cast ${vote.id.slice(0, 12)} ${JSON.stringify(vote.options[0])}`);
  },
};
