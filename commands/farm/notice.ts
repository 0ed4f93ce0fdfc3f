// 3bot farm notice
import type { CommandFile } from '../command.js';
import { openGridOf } from '../handle.js';
import { ownFarm } from './terms.js';

export const command: CommandFile<{ reason: string }> = {
  about: 'Ends a contract of your farm early, once the notice that it agreed on is over; until then everything goes on and is paid. What\nthe consumer has not used goes back. Nothing takes a notice back but an amendment that both sign.',
  arguments: [['<contract>', 'id, or its first digits']],
  options: (c) => c.requiredOption('--reason <text>', 'why; stands in the record'),
  examples: ['3bot farm notice 3f2a91c0 --reason "this machine is replaced in March"'],
  async run(context, [text = ''], { reason }) {
    const { iso } = await import('../../src/base/clock.js');
    const { findContract } = await import('../../src/consumer/contracts.js');
    const { durationText } = await import('../../src/market/words.js');
    const { giveNotice } = await import('../../src/farmer/notice.js');
    const { openKeyring } = await import('../../src/keys/unlock.js');
    const { home, out, prompt, flags } = context;
    const own = ownFarm(home);
    await using grid = await openGridOf(context, own.grid);
    await grid.refresh();
    const { id, agreement } = findContract(grid.reader, text);
    if (prompt.possible && !flags.yes) await prompt.confirm(`End ${id.slice(0, 12)} in ${durationText(agreement.notice_ms)}?`);
    const { contract, appended } = await giveNotice(grid, await openKeyring(context, 'farm', own.name), id, reason);
    const ends_at = contract.notice === undefined ? null : iso(contract.notice.ends_at);
    if (!appended) out.note('notice was given before; nothing was recorded');
    out.one({ json: { contract: id, ends_at, reason: contract.notice?.reason ?? null }, id, text: () => `contract ${id} ends ${ends_at ?? ''}` });
    out.next(`3bot contract show ${id.slice(0, 12)}`);
  },
};
