// 3bot wallet faucet
import type { CommandFile } from '../command.js';
import { ACCOUNT_FLAG, accountOf, openWallet, type AccountFlag } from './account.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & AccountFlag> = {
  about: 'On development grids only, and once for each wallet: the rules of other grids refuse it.',
  options: (c) => c.option(...ACCOUNT_FLAG).option(...GRID_FLAG),
  examples: ['3bot wallet faucet'],
  async run(context, _args, options) {
    const { formatTft } = await import('../../src/base/amount.js');
    const { balanceOf } = await import('../../src/market/account.js');
    const { takeFromFaucet } = await import('../../src/market/wallet.js');
    const { out } = context;
    await using grid = await openGridOf(context, options.grid);
    await grid.refresh();
    const keyring = await openWallet(context, await accountOf(context, options.account));
    const { id, index, amount } = await takeFromFaucet(grid, keyring);
    const given = formatTft(amount);
    const balance = formatTft(balanceOf(grid.reader, keyring.public['wallet'] ?? '').balance_stroops);
    out.one({ json: { record: id, index, amount: given, balance }, id, text: () => `the faucet of grid ${grid.name} gave ${given} TFT; the balance is ${balance} TFT` });
    out.next('3bot explore');
  },
};
