// 3bot identity mailbox
import type { CommandFile, Context } from '../command.js';
import type { Grid } from '../../src/net/grid.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag> = {
  about: 'Where letters to you wait: drafts to sign, signatures, refusals. A bot that serves keeps them, sealed; you fetch them with 3bot inbox.\nWithout an address, shows where that is now. A new address is recorded for all to see; letters that wait at the old one stay there.',
  arguments: [['[url]', "address of a bot that serves this grid; none: the grid's home again"]],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot identity mailbox', '3bot identity mailbox https://bot.example', '3bot identity mailbox none'],
  async run(context, [url], { grid: named }) {
    const { openGridOf } = await import('../handle.js');
    const { moveMailbox } = await import('../../src/net/mail/place.js');
    const { openIdentity } = await import('../drafts.js');
    const { parsePublic } = await import('../listen.js');
    const endpoint = url === undefined || url === 'none' ? null : parsePublic(url);
    await using grid = await openGridOf(context, named);
    await grid.refresh();
    if (url !== undefined) await moveMailbox(grid, await openIdentity(context), endpoint);
    await show(context, grid);
    if (url !== undefined) context.out.next('3bot inbox');
  },
};

async function show({ home, out }: Context, grid: Grid): Promise<void> {
  const { findIdentity } = await import('../../src/keys/identity.js');
  const { identityInUse } = await import('../../src/keys/unlock.js');
  const { mailboxOf } = await import('../../src/net/mail/place.js');
  const { actsFor } = await import('../../src/rules/identity.js');
  const { id } = findIdentity(home, identityInUse(home));
  const { url, why } = mailboxOf(grid, `bot/${actsFor(grid.reader, id)}`);
  const whys = { identity: 'as your identity says', joined: "by way of the bot that this grid was joined from, at the grid's home", here: 'in this home folder, which is the home of the grid' };
  out.one({ json: { grid: grid.id, mailbox: url, why }, id: url ?? home.mail, text: () => `mailbox  ${url ?? home.mail}\n         ${whys[why]}` });
}
