// 3bot wallet use
import { GRID_MONEY } from '../../src/base/amount.js';
import type { CommandFile } from '../command.js';

export const command: CommandFile = {
  about: 'Commands that read or spend money use this account where no --account is given. The account of index 0 is called main.',
  arguments: [['<account>', 'name or address']],
  examples: ['3bot wallet use savings', '3bot wallet use main'],
  async run({ home, out }, [wanted = '']) {
    const { useAccount } = await import('../../src/keys/accounts.js');
    const { findIdentity } = await import('../../src/keys/identity.js');
    const { identityInUse } = await import('../../src/keys/unlock.js');
    const account = useAccount(home, findIdentity(home, identityInUse(home)), wanted);
    out.one({ json: account, id: account.name, text: () => `commands now use the account ${account.name}, ${account.address} (${GRID_MONEY})` });
    out.next('3bot wallet show');
  },
};
