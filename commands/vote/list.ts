// 3bot vote list
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag, renew } from '../handle.js';

export const command: CommandFile<GridFlag & { open?: true }> = {
  options: (c) => c.option('--open', 'only those that are not over').option(...GRID_FLAG),
  examples: ['3bot vote list', '3bot vote list --open --json'],
  async run(context, _args, { grid: named, open }) {
    const { MAX_ROWS } = await import('../../src/base/limits.js');
    const { botInUse } = await import('../drafts.js');
    const { listVotes } = await import('../../src/people/votes.js');
    const { nowOf } = await import('../now.js');
    await using grid = await openGridOf(context, named);
    await renew(context, grid);
    const votes = listVotes(grid.reader, MAX_ROWS, await botInUse(context, grid), nowOf(grid)).filter(({ state }) => open !== true || state === 'open');
    context.out.list({
      json: votes,
      columns: ['vote', 'question', 'state', 'ends', 'cast', 'of', 'result', 'your ballot'],
      least: ['of', 'cast', 'result', 'your ballot', 'ends'], cut: 'question',
      rows: votes.map(({ id, question, state, ends_at, cast, voters, decided, ahead, mine, may_vote }) => [id.slice(0, 12), question, state, ends_at, cast, voters, state === 'closed' ? decided : ahead, mine ?? (may_vote ? 'not cast' : null)]),
      empty: 'no votes; 3bot vote create "…" begins one',
    });
  },
};
