// 3bot contract claim
import { Problem } from '../../src/base/errors.js';
import type { CommandFile } from '../command.js';
import { openBuyer } from '../deal.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { CONTRACT_ARGUMENT, contractMeant } from './meant.js';
import { ACCOUNT_FLAG, type AccountFlag } from '../wallet/account.js';

export const command: CommandFile<GridFlag & AccountFlag> = {
  about: 'For a payee of the contract (farmer, architect, grid): pays all of them what is billed so far, without ending it. Claiming once or\ndaily adds up to the same.',
  arguments: [CONTRACT_ARGUMENT],
  options: (c) => c.option(...ACCOUNT_FLAG).option(...GRID_FLAG),
  examples: ['3bot contract claim 3f2a91c0', '3bot contract claim 3f2a91c0 --json'],
  async run(context, [text = ''], { grid: named, account }) {
    const { formatTft } = await import('../../src/base/amount.js');
    const { claim } = await import('../../src/market/claim.js');
    const { out } = context;
    await using session = await openBuyer(context, named, account);
    const { grid, buyer } = session;
    const { id, agreement } = await contractMeant(context, grid, text);
    const payee = buyer.keyring.signer('wallet');
    if (!agreement.payees.some((one) => one.account === payee.key)) throw new Problem('refused', 'your account gets nothing of this contract', { reason: 'payee', hint: `3bot contract show ${id.slice(0, 12)}, or --account with the one that does` });
    const got = await claim(grid, payee, id);
    out.one({ json: { contract: id, received: formatTft(got) }, id: formatTft(got), text: () => (got > 0n ? `${formatTft(got)} TFT received` : 'nothing is due: all that is billed was paid before') });
    out.next(`3bot contract bill ${id.slice(0, 12)}`);
  },
};
