// 3bot wallet request
import { parseTft } from '../../src/base/amount.js';
import { parseDuration } from '../../src/base/duration.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';
import { drawQr, QR_FLAG, type QrFlag } from '../qr.js';
import { ACCOUNT_FLAG, accountOf, type AccountFlag } from './account.js';

export const command: CommandFile<GridFlag & AccountFlag & QrFlag & { memo?: string; expires?: number }> = {
  about: 'Prints a text that asks for a payment to your account: grid, address, amount, memo, end and an id of its own. Send it to whoever\nshall pay; 3bot wallet pay shows what it says and pays it once. It is not signed: who receives it checks whom it names.',
  arguments: [['<amount>', 'TFT, with at most 7 decimal places']],
  options: (c) => c.option(...ACCOUNT_FLAG).option(...QR_FLAG).option(...GRID_FLAG)
    .option('--memo <text>', 'up to 100 characters, recorded with the payment (default: request and the first digits of its id)')
    .option('--expires <duration>', 'how long it can be paid, for example 12h or 30d (default: no end)', parseDuration),
  examples: ['3bot wallet request 12.5 --memo invoice-7', '3bot wallet request 3 --expires 7d --account till --qr'],
  async run(context, [amountText = ''], { grid: named, account: wanted, memo, expires, qr }) {
    const { randomBytes } = await import('node:crypto');
    const { formatTft } = await import('../../src/base/amount.js');
    const { iso } = await import('../../src/base/clock.js');
    const { ADDRESS_NOTE } = await import('../../src/keys/identity.js');
    const { parseRequest, requestText } = await import('../../src/market/request.js');
    const { out, clock } = context;
    const { account } = await accountOf(context, wanted);
    await using grid = await openGridOf(context, named);
    const id = randomBytes(16).toString('hex');
    const asked = requestText({ grid: grid.id, to: account.key, amount: parseTft(amountText), memo: memo ?? `request ${id.slice(0, 8)}`, expires: expires === undefined ? null : clock() + expires, id });
    // What cannot be paid is not asked for.
    const request = parseRequest(asked);
    const until = request.expires === null ? null : iso(request.expires);
    out.one({
      json: { request: asked, grid: grid.id, grid_name: grid.name, address: account.address, amount: formatTft(request.amount), memo: request.memo, expires: until, id },
      id: asked,
      text: () => asked,
    });
    if (!context.flags.json) out.note(`asks for ${formatTft(request.amount)} TFT of grid ${grid.name} to ${account.address}${until === null ? '' : ` until ${until}`}\n${ADDRESS_NOTE}`);
    if (qr === true) await drawQr(context, asked);
    out.next('3bot wallet pay REQUEST   (whoever shall pay)');
  },
};
