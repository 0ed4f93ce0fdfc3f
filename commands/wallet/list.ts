// 3bot wallet list
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag> = {
  about: 'The accounts of the identity in use, with what each has on the grid.',
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot wallet list', '3bot wallet list --json'],
  async run(context, _args, options) {
    const { formatTft } = await import('../../src/base/amount.js');
    const { accountsOf } = await import('../../src/keys/accounts.js');
    const { ADDRESS_NOTE, findIdentity } = await import('../../src/keys/identity.js');
    const { identityInUse } = await import('../../src/keys/unlock.js');
    const { balanceOf } = await import('../../src/market/account.js');
    const { home, out } = context;
    const accounts = accountsOf(home, findIdentity(home, identityInUse(home)));
    await using grid = await openGridOf(context, options.grid);
    await grid.refresh();
    const shown = accounts.map((account) => {
      const { balance_stroops, escrowed_stroops } = balanceOf(grid.reader, account.key);
      return { ...account, balance: formatTft(balance_stroops), escrowed: formatTft(escrowed_stroops) };
    });
    out.list({
      json: shown,
      columns: ['name', 'index', 'address', 'TFT', 'escrowed', 'in use'],
      least: ['index', 'escrowed'],
      rows: shown.map(({ name, index, address, balance, escrowed, in_use }) => [name, index, address, balance, escrowed, in_use ? 'yes' : '']),
    });
    if (!context.flags.json) out.note(ADDRESS_NOTE);
  },
};
