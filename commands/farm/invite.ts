// 3bot farm invite
import { parseDuration } from '../../src/base/duration.js';
import { Problem } from '../../src/base/errors.js';
import { MAX_INVITATION_MS } from '../../src/base/limits.js';
import type { CommandFile } from '../command.js';
import { openGridOf } from '../handle.js';
import { drawQr, QR_FLAG, type QrFlag } from '../qr.js';
import { ownFarm } from './terms.js';

export const command: CommandFile<QrFlag & { for?: number }> = {
  about: 'Whoever has the text can add one node to your farm; the text is shown once and kept nowhere.\nYour 3bot serve answers it.',
  options: (c) => c.option('--for <span>', 'how long it can be used (default: 24h, at most 30d)', parseSpan).option(...QR_FLAG),
  examples: ['3bot farm invite', '3bot farm invite --for 10m | ssh node 3bot node join -'],
  async run(context, _args, options) {
    const { iso } = await import('../../src/base/clock.js');
    const { invite } = await import('../../src/farmer/invite.js');
    const { findFarm } = await import('../../src/market/find.js');
    const { invitationText } = await import('../../src/market/invitation.js');
    const { openPrivate } = await import('../../src/private.js');
    const { home, out, clock } = context;
    const own = ownFarm(home);
    await using grid = await openGridOf(context, own.grid);
    await grid.refresh();
    using kept = openPrivate(home);
    const invitation = invite(kept, grid, findFarm(grid.reader, own.id), options.for ?? 24 * 3_600_000, clock());
    const text = invitationText(invitation);
    const { url, farm, expires } = invitation;
    out.one({ json: { invitation: text, url, grid: grid.id, farm, expires_at: iso(expires) }, id: text, text: () => text });
    if (options.qr === true) await drawQr(context, text);
    out.note(`for one node, until ${iso(expires)}`);
    out.next('on the node: 3bot node join INVITATION');
  },
};

function parseSpan(text: string): number {
  const span = parseDuration(text);
  if (span < 1_000 || span > MAX_INVITATION_MS) throw new Problem('usage', `an invitation lasts from a second to 30 days, not ${text}`);
  return span;
}
