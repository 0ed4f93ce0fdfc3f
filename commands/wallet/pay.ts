// 3bot wallet pay
import { parseTft } from '../../src/base/amount.js';
import type { CommandFile } from '../command.js';
import { openGridOf } from '../handle.js';
import { ACCOUNT_FLAG, accountOf, type AccountFlag } from './account.js';
import { payAndShow } from './transfer.js';

export const command: CommandFile<AccountFlag & { max?: bigint; dryRun?: true; draft?: string }> = {
  about: 'Shows what a payment request says and pays it, on the grid that it names. From this home folder the same request is paid once,\nhowever often the command is run.',
  arguments: [['<request>', 'web+3bot:pay?…, as wallet request prints it']],
  options: (c) => c.option(...ACCOUNT_FLAG)
    .option('--max <amount>', 'pay up to this much TFT without asking', parseTft)
    .option('--draft <file>', 'where the draft is written if the account has further keys that must sign')
    .option('--dry-run', 'only show what it says'),
  examples: ["3bot wallet pay 'web+3bot:pay?grid=…&destination=G…&amount=12.5000000&memo=invoice-7&id=…'", '3bot wallet pay "$request" --max 20'],
  async run(context, [text = ''], { account: wanted, max, dryRun, draft }) {
    const { formatTft } = await import('../../src/base/amount.js');
    const { iso } = await import('../../src/base/clock.js');
    const { Problem } = await import('../../src/base/errors.js');
    const { readConfig } = await import('../../src/home.js');
    const { addressOf } = await import('../../src/keys/did.js');
    const { ADDRESS_NOTE } = await import('../../src/keys/identity.js');
    const { requestKey } = await import('../../src/market/once.js');
    const { parseRequest } = await import('../../src/market/request.js');
    const { home, out, clock, flags } = context;
    const { grid: id, to, amount, memo, expires, id: nonce } = parseRequest(text.trim());
    if (!readConfig(home).grids.some((grid) => grid.id === id)) {
      throw new Problem('not_found', `the request is of grid ${id.slice(0, 12)}…, which this home folder does not have`, { reason: 'grid', hint: `3bot grid join URL --genesis ${id}` });
    }
    const chosen = await accountOf(context, wanted);
    await using grid = await openGridOf(context, id);
    const said = { grid: id, grid_name: grid.name, address: addressOf(to), amount: formatTft(amount), memo, expires: expires === null ? null : iso(expires), id: nonce };
    const words = [`asks for  ${said.amount} TFT of grid ${grid.name} (${id.slice(0, 12)}…)`, `to        ${said.address}`, `          ${ADDRESS_NOTE}`, `memo      ${memo}`, `until     ${said.expires ?? 'no end'}`].join('\n');
    if (dryRun === true) return out.one({ json: said, text: () => words });
    if (!flags.json) out.note(words);
    await grid.refresh();
    const check = (): void => {
      if (expires !== null && clock() > expires) throw new Problem('refused', `the request could be paid until ${iso(expires)}`, { reason: 'deadline', hint: 'ask for a new one' });
    };
    await payAndShow(context, grid, chosen, { payee: { account: to, name: null }, amount, memo, key: requestKey(nonce), max, check, draft });
  },
};
