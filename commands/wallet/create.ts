// 3bot wallet create
import { parseCount } from '../bcdb/when.js';
import type { CommandFile } from '../command.js';

export const command: CommandFile<{ index?: number }> = {
  about: "A further account of the identity in use: a key of its own, from the same 24 words by its SEP-0005 index (m/44'/148'/INDEX').\nNothing is written to a grid; the name is this home folder's own. With the words and the index it comes back anywhere.",
  arguments: [['<name>', '1 to 50 of a-z, 0-9 and -']],
  options: (c) => c.option('--index <index>', 'SEP-0005 index, 0 to 2147483647 (default: the first that is free)', (text: string) => parseCount(text, '--index')),
  examples: ['3bot wallet create savings', '3bot wallet create till --index 7 --json'],
  async run(context, [name = ''], { index }) {
    const { addAccount, checkAccountName, freeIndex } = await import('../../src/keys/accounts.js');
    const { ADDRESS_NOTE, findIdentity } = await import('../../src/keys/identity.js');
    const { identityInUse, openKeyring } = await import('../../src/keys/unlock.js');
    const { Problem } = await import('../../src/base/errors.js');
    const { MAX_ACCOUNT_INDEX } = await import('../../src/base/limits.js');
    const { home, out } = context;
    checkAccountName(name);
    if (index !== undefined && index > MAX_ACCOUNT_INDEX) throw new Problem('usage', `an index is a number from 0 to ${MAX_ACCOUNT_INDEX}`);
    const identity = findIdentity(home, identityInUse(home));
    const chosen = index ?? freeIndex(home, identity);
    const keyring = await openKeyring(context, 'identity', identity.name);
    const account = addAccount(home, identity, { name, index: chosen, key: await keyring.account(chosen) });
    out.one({
      json: { ...account, identity: identity.name },
      id: account.address,
      text: () => [`account  ${name} of ${identity.name}, index ${chosen}`, `address  ${account.address}`, `         ${ADDRESS_NOTE}`].join('\n'),
    });
    out.next(`3bot wallet use ${name}   (or --account ${name} with a command)`);
  },
};
