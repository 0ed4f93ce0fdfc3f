// 3bot identity recover
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & { draft?: string }> = {
  about: 'Gives a bot whose keys are lost or stolen the key in use here, in place of all it had: run it in a new home folder, right after\n3bot identity create and grid join. A draft is written; those whom the bot has named (3bot identity recovery) sign it with 3bot sign,\nand whoever signs last records it. Contracts, farms and the name stay. The TFT of lost words does not come back: only those words spend it.',
  arguments: [['<bot>', 'name or id of the bot']],
  options: (c) => c.option('--draft <file>', 'where the draft is written (default: BOT-recover.json)').option(...GRID_FLAG),
  examples: ['3bot identity recover alice'],
  async run(context, [wanted = ''], { draft, grid: named }) {
    const { Problem } = await import('../../src/base/errors.js');
    const { makeRecord } = await import('../../src/bcdb/record.js');
    const { findParty } = await import('../../src/market/find.js');
    const { nextPayload } = await import('../../src/net/compose.js');
    const { read } = await import('../../src/rules/objects.js');
    const { openIdentity, signOrDraft } = await import('../drafts.js');
    const { openGridOf } = await import('../handle.js');
    await using grid = await openGridOf(context, named);
    await grid.refresh();
    const bot = read(grid.reader, 'bot', findParty(grid.reader, wanted).slice('bot/'.length));
    if (bot === undefined) throw new Problem('not_found', `no bot ${JSON.stringify(wanted.slice(0, 70))} on this grid`, { reason: 'party', hint: "3bot bcdb query 'kind = identity@1'" });
    if (bot.recovery === null) throw new Problem('refused', `${bot.name} has named nobody who may recover it`, { reason: 'quorum', hint: 'with a key of it left: 3bot identity recovery --members …' });
    const keyring = await openIdentity(context);
    const key = keyring.signer('bot').key;
    if (read(grid.reader, 'bot', key) !== undefined) throw new Problem('refused', `the key in use is the bot ${read(grid.reader, 'bot', key)?.name ?? ''} of this grid already`, { reason: 'key', hint: '3bot identity key create, 3bot identity use it, then recover again' });
    const { sealing = '', wallet } = keyring.public;
    const body = { keys: [{ key, kinds: ['*'], until: null }], sealing_key: sealing, ...(wallet === undefined ? {} : { account: wallet }) };
    await signOrDraft(context, grid, makeRecord(nextPayload(grid, `recovery/${bot.key}`, 'recover@1', body, context.clock())), keyring, draft ?? `${bot.name}-recover.json`);
  },
};
