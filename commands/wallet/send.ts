// 3bot wallet send
import { parseTft } from '../../src/base/amount.js';
import type { CommandFile } from '../command.js';
import { ACCOUNT_FLAG, accountOf, openWallet, type AccountFlag } from './account.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & AccountFlag & { memo?: string; max?: bigint }> = {
  about: 'TO is an address (G…), an account key in hex, or a bot: its name on the grid or its did:key.\nWhen the answer is lost, the same command again settles the same transfer: it is never paid twice.',
  arguments: [['<to>', 'who gets it'], ['<amount>', 'TFT, with at most 7 decimal places']],
  options: (c) => c.option(...ACCOUNT_FLAG).option(...GRID_FLAG)
    .option('--memo <text>', 'up to 100 characters; everybody can read them')
    .option('--max <amount>', 'send up to this much TFT without asking', parseTft),
  examples: ['3bot wallet send bob 2.5', "3bot wallet send GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7 40 --max 40 --memo 'thank you'"],
  async run(context, [to = '', amountText = ''], { grid: named, account: wanted, memo = '', max }) {
    const { formatTft } = await import('../../src/base/amount.js');
    const { balanceOf } = await import('../../src/market/account.js');
    const { checkTransfer, send, settleUnsent } = await import('../../src/market/wallet.js');
    const { addressOf } = await import('../../src/keys/did.js');
    const { findPayee } = await import('../../src/market/find.js');
    const { Unsent } = await import('../../src/market/unsent.js');
    const { openPrivate } = await import('../../src/private.js');
    const { allowSpending } = await import('../spending.js');
    const { home, out, flags } = context;
    const amount = parseTft(amountText);
    const chosen = await accountOf(context, wanted);
    const { key: account } = chosen.account;
    await using grid = await openGridOf(context, named);
    await grid.refresh();
    const payee = findPayee(grid.reader, to);
    const transfer = { from: account, to: payee.account, amount, memo };
    const address = addressOf(payee.account);
    const whom = payee.name === null ? address : `${payee.name} (${address})`;
    using data = openPrivate(home);
    const unsent = new Unsent(data, grid.id);
    const settled = await settleUnsent(grid, unsent, transfer);
    const before = settled.find(({ isWanted }) => isWanted);
    const notes = settled.filter(({ isWanted }) => !isWanted).map((one) => `an earlier transfer of ${formatTft(one.amount)} TFT to ${addressOf(one.to)} ${one.index === null ? 'was not recorded and never will be' : `is recorded as line ${one.index}`}`);
    if (before !== undefined) notes.push('this is the transfer of the command before, whose answer was lost: it is paid once; to pay once more run the command again');
    if (!flags.json) for (const note of notes) out.note(note);
    if (before === undefined) {
      checkTransfer(grid.reader, transfer);
      await allowSpending(context, { amount, question: `Send ${formatTft(amount)} TFT of grid ${grid.name} to ${whom}?`, flag: '--max', max });
    }
    const { id, index } = before ?? await send(grid, await openWallet(context, chosen), unsent, transfer);
    const balance = formatTft(balanceOf(grid.reader, account).balance_stroops);
    out.one({
      json: { record: id, index, amount: formatTft(amount), to: payee.account, address, name: payee.name, memo, balance, resumed: before !== undefined },
      id,
      text: () => `sent ${formatTft(amount)} TFT to ${whom}; ${balance} TFT are left\nrecord ${id}, line ${index}`,
    });
    out.next(`3bot receipt get ${id.slice(0, 12)}`);
  },
};
