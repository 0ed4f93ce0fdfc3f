// Which account a command works with, and the keyring that pays from it.
import type { Account } from '../../src/keys/accounts.js';
import type { Identity } from '../../src/keys/identity.js';
import type { Keyring } from '../../src/keys/keyring.js';
import type { Context } from '../command.js';

/** Option of every command that reads or spends money. */
export interface AccountFlag {
  readonly account?: string;
}

/** The flag's text for commander. */
export const ACCOUNT_FLAG = ['--account <account>', 'name or address of an account (default: the one in use)'] as const;

/** An account of the identity in use. */
export interface Chosen {
  readonly identity: Identity;
  readonly account: Account;
}

/** @param wanted what `--account` said; any address will do: it may be an account of which one has a key @throws Problem `not_found` */
export async function accountOf({ home }: Context, wanted: string | undefined): Promise<Chosen> {
  const { accountsOf, findAccount, foreignAccount } = await import('../../src/keys/accounts.js');
  const { findIdentity } = await import('../../src/keys/identity.js');
  const { identityInUse } = await import('../../src/keys/unlock.js');
  const identity = findIdentity(home, identityInUse(home));
  const known = wanted === undefined || !/^G[A-Z2-7]{55}$/.test(wanted) || accountsOf(home, identity).some(({ address }) => address === wanted);
  return { identity, account: known ? findAccount(home, identity, wanted) : foreignAccount(wanted) };
}

/** The identity's keyring; what it signs as `wallet` is this account's. @throws Problem as `openKeyring` */
export async function openWallet(context: Context, { identity, account }: Chosen): Promise<Keyring> {
  const { payingWith } = await import('../../src/keys/accounts.js');
  const { openKeyring } = await import('../../src/keys/unlock.js');
  return payingWith(await openKeyring(context, 'identity', identity.name), account);
}
