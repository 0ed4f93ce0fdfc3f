// 3bot wallet show
import { AT_FLAG } from '../bcdb/at.js';
import type { CommandFile } from '../command.js';
import { ACCOUNT_FLAG, accountOf, type AccountFlag } from './account.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';
import { drawQr, QR_FLAG, type QrFlag } from '../qr.js';

export const command: CommandFile<GridFlag & AccountFlag & QrFlag & { at?: string }> = {
  about: "The balance is that of this grid's own TFT, not yet of Stellar's.",
  options: (c) => c.option(...ACCOUNT_FLAG).option(...AT_FLAG).option(...QR_FLAG).option(...GRID_FLAG),
  examples: ['3bot wallet show', '3bot wallet show --account savings', '3bot wallet show --qr', '3bot wallet show --at 2h --json'],
  async run(context, _args, options) {
    const { formatTft } = await import('../../src/base/amount.js');
    const { ADDRESS_NOTE } = await import('../../src/keys/identity.js');
    const { balanceOf } = await import('../../src/market/account.js');
    const { momentText, stateAt } = await import('../bcdb/at.js');
    const { out } = context;
    const { identity: { name }, account: { key: account, name: which, index, address } } = await accountOf(context, options.account);
    await using grid = await openGridOf(context, options.grid);
    await grid.refresh();
    const then = await stateAt(context, grid.reader, options.at);
    const { balance_stroops, escrowed_stroops } = balanceOf(then.state, account);
    const wallet = { address, balance: formatTft(balance_stroops), escrowed: formatTft(escrowed_stroops), account, name: which, index, identity: name, grid: grid.id, grid_name: grid.name, ...(grid.basis === null ? {} : { basis: grid.basis }) };
    out.one({
      json: wallet,
      text: () => [
        `wallet    ${which === 'main' ? '' : `${which} `}of ${name}, on grid ${grid.name}`,
        `address   ${address}`,
        `          ${ADDRESS_NOTE}`,
        `balance   ${wallet.balance} TFT`,
        `escrowed  ${wallet.escrowed} TFT, held in contracts`,
      ].join('\n'),
    });
    if (options.qr === true) await drawQr(context, address);
    if (options.at !== undefined) out.note(momentText(then));
    else if (balance_stroops === 0n && grid.dev) out.next('3bot wallet faucet');
  },
};
