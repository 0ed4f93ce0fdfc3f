// 3bot farm claim
import { Problem } from '../../src/base/errors.js';
import type { CommandFile } from '../command.js';
import { openBuyer } from '../deal.js';
import { ACCOUNT_FLAG, type AccountFlag } from '../wallet/account.js';
import { ownFarm } from './terms.js';

export const command: CommandFile<AccountFlag> = {
  about: 'Has every contract of your farm that owes something pay what is billed so far; they go on. Needs the wallet that the farm is paid to.',
  options: (c) => c.option(...ACCOUNT_FLAG),
  examples: ['3bot farm claim', '3bot farm claim --json'],
  async run(context, _args, { account }) {
    const { formatTft } = await import('../../src/base/amount.js');
    const { findFarm } = await import('../../src/market/find.js');
    const { claim, dueTo } = await import('../../src/market/claim.js');
    const { salesOf } = await import('../../src/market/sales.js');
    const { addressOf } = await import('../../src/keys/did.js');
    const { nowOf } = await import('../now.js');
    const { home, out } = context;
    const own = ownFarm(home);
    await using session = await openBuyer(context, own.grid, account);
    const { grid, buyer } = session;
    const farm = findFarm(grid.reader, own.id);
    const payee = buyer.keyring.signer('wallet');
    const at = nowOf(grid);
    const { sales } = salesOf(grid.reader, farm, at);
    const mine = sales.filter(({ contract }) => contract.agreement.payees.some((one) => one.account === payee.key));
    if (sales.length > 0 && mine.length === 0) throw new Problem('refused', `the farm is paid to ${addressOf(farm.payout)}, which is not your account`, { reason: 'payee', hint: 'run it where that wallet is, or name it with --account' });
    const due = mine.filter(({ contract }) => dueTo(grid.reader, contract, payee.key, at) > 0n);
    const paid: { contract: string; received: string }[] = [];
    let sum = 0n;
    for (const { contract: { id } } of due) {
      const got = await claim(grid, payee, id);
      sum += got;
      if (got > 0n) paid.push({ contract: id, received: formatTft(got) });
    }
    out.list({
      json: { farm: farm.id, received: formatTft(sum), contracts: paid },
      columns: ['contract', 'TFT received'],
      rows: paid.map(({ contract, received }) => [contract, received]),
      empty: 'nothing is due: all that is billed was paid before',
    });
    if (paid.length > 0) out.note(`${formatTft(sum)} TFT received`);
    out.next('3bot farm show');
  },
};
