// 3bot wallet show
import { AT_FLAG } from '../bcdb/at.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & { at?: string }> = {
  about: "The balance is that of this grid's own TFT, not yet of Stellar's.",
  options: (c) => c.option(...AT_FLAG).option(...GRID_FLAG),
  examples: ['3bot wallet show', '3bot wallet show --at 2h --json'],
  async run(context, _args, options) {
    const { formatTft } = await import('../../src/base/amount.js');
    const { ADDRESS_NOTE, findIdentity } = await import('../../src/keys/identity.js');
    const { identityInUse } = await import('../../src/keys/unlock.js');
    const { balanceOf } = await import('../../src/market/account.js');
    const { momentText, stateAt } = await import('../bcdb/at.js');
    const { home, out } = context;
    const { account, address, name } = findIdentity(home, identityInUse(home));
    await using grid = await openGridOf(context, options.grid);
    await grid.refresh();
    const then = await stateAt(context, grid.reader, options.at);
    const { balance_stroops, escrowed_stroops } = balanceOf(then.state, account);
    const wallet = { address, balance: formatTft(balance_stroops), escrowed: formatTft(escrowed_stroops), account, identity: name, grid: grid.id, grid_name: grid.name, ...(grid.basis === null ? {} : { basis: grid.basis }) };
    out.one({
      json: wallet,
      text: () => [
        `wallet    of ${name}, on grid ${grid.name}`,
        `address   ${address}`,
        `          ${ADDRESS_NOTE}`,
        `balance   ${wallet.balance} TFT`,
        `escrowed  ${wallet.escrowed} TFT, held in contracts`,
      ].join('\n'),
    });
    if (options.at !== undefined) out.note(momentText(then));
    else if (balance_stroops === 0n && grid.dev) out.next('3bot wallet faucet');
  },
};
