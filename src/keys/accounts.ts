// Accounts of an identity: keys of its words by SEP-0005 index, each with a name of this home folder. Index 0 is `main`.
//
// The names are in config.json; what they stand for is in the words. A lost config is made again with
// `wallet create NAME --index N`, and a key that was altered there is found before anything is signed with it.
import { Problem } from '../base/errors.js';
import { MAX_ACCOUNT_INDEX, MAX_ACCOUNTS } from '../base/limits.js';
import { readConfig, updateConfig, type Home } from '../home.js';
import type { NamedAccount } from '../schema/types.js';
import { addressOf, parseKey } from './did.js';
import type { Identity } from './identity.js';
import { accountRole, type Keyring } from './keyring.js';

/** Name of account 0, which every identity has. */
export const MAIN = 'main';

/** An account of an identity. */
export interface Account {
  readonly name: string;
  /** SEP-0005: the path is `m/44'/148'/<index>'`; null: not of this identity's words. */
  readonly index: number | null;
  /** Hex, as records name it. */
  readonly key: string;
  /** `G…` */
  readonly address: string;
  /** The one that commands use where none is named. */
  readonly in_use: boolean;
}

/** The accounts of an identity that this home folder knows, by index. */
export function accountsOf(home: Home, { id, account }: Identity): Account[] {
  const named = (readConfig(home).accounts ?? []).filter(({ identity }) => identity === id);
  const main: NamedAccount = { identity: id, name: MAIN, index: 0, key: account, in_use: named.every(({ in_use }) => in_use !== true) };
  return [main, ...named].sort((a, b) => a.index - b.index).map(({ name, index, key, in_use }) => ({ name, index, key, address: addressOf(key), in_use: in_use === true }));
}

/**
 * An account by its name, its address or its key; the one in use if none is named.
 * @throws Problem `not_found`
 */
export function findAccount(home: Home, identity: Identity, wanted?: string): Account {
  const all = accountsOf(home, identity);
  const found = wanted === undefined ? all.find(({ in_use }) => in_use) : all.find(({ name, address, key }) => [name, address, key].includes(wanted));
  if (found === undefined) throw new Problem('not_found', `${identity.name} has no account ${JSON.stringify((wanted ?? '').slice(0, 100))} in this home folder`, { reason: 'account', hint: '3bot wallet list' });
  return found;
}

/** An account of somebody's words, of which the identity may have one of several keys; known by its address alone. */
export function foreignAccount(address: string): Account {
  return { name: address, index: null, key: parseKey(address), address, in_use: false };
}

/** An index that no account of the identity has yet: the smallest. */
export function freeIndex(home: Home, identity: Identity): number {
  const taken = new Set(accountsOf(home, identity).map(({ index }) => index));
  let index = 0;
  while (taken.has(index)) index += 1;
  return index;
}

/**
 * Notes an account under a name.
 * @param key its public key, hex, as the identity's keyring gives it
 * @throws Problem `usage` where name or index is taken, or out of form; `refused`, reason `bound`
 */
export function addAccount(home: Home, identity: Identity, { name, index, key }: { readonly name: string; readonly index: number; readonly key: string }): Account {
  checkAccountName(name);
  if (!Number.isInteger(index) || index < 0 || index > MAX_ACCOUNT_INDEX) throw new Problem('usage', `an index is a number from 0 to ${MAX_ACCOUNT_INDEX}`);
  updateConfig(home, (config) => {
    const accounts = (config.accounts ??= []);
    const own = [{ name: MAIN, index: 0 }, ...accounts.filter((one) => one.identity === identity.id)];
    if (own.some((one) => one.name === name)) throw new Problem('usage', `${identity.name} has an account named ${name} already`, { reason: 'exists', hint: '3bot wallet list' });
    const same = own.find((one) => one.index === index);
    if (same !== undefined) throw new Problem('usage', `index ${index} is the account ${same.name} already`, { reason: 'exists', hint: '3bot wallet list' });
    if (accounts.length >= MAX_ACCOUNTS) throw new Problem('refused', `this home folder knows ${MAX_ACCOUNTS} accounts; it takes no more`, { reason: 'bound' });
    accounts.push({ identity: identity.id, name, index, key });
  });
  return findAccount(home, identity, name);
}

/** Makes an account the one that commands use where none is named. @throws Problem `not_found` */
export function useAccount(home: Home, identity: Identity, wanted: string): Account {
  const { name } = findAccount(home, identity, wanted);
  updateConfig(home, (config) => {
    for (const one of (config.accounts ?? []).filter(({ identity: of }) => of === identity.id)) {
      if (one.name === name) one.in_use = true;
      else delete one.in_use;
    }
  });
  return findAccount(home, identity, name);
}

/** @throws Problem `usage` for what could not be told from an address or a key */
export function checkAccountName(name: string): void {
  if (!/^[a-z0-9-]{1,50}$/.test(name) || isKey(name)) throw new Problem('usage', `not a name: ${JSON.stringify(name.slice(0, 100))}`, { hint: '1 to 50 of a-z, 0-9 and -' });
}

function isKey(text: string): boolean {
  try {
    return parseKey(text) !== '';
  } catch {
    return false;
  }
}

/** Roles and keys of the accounts that were given a name, for the keyring of their identity. @param bot its key, hex */
export function accountRoles(home: Home, bot: string | undefined): Record<string, string> {
  return Object.fromEntries((readConfig(home).accounts ?? []).filter(({ identity }) => identity === bot).map(({ index, key }) => [accountRole(index), key]));
}

/** The same keyring, whose role `wallet` is this account where it is of the same words. */
export function payingWith(keyring: Keyring, { index, key }: Account): Keyring {
  if (index === null) return keyring;
  const main = keyring.public['wallet'] ?? '';
  return {
    ...keyring,
    public: { ...keyring.public, [accountRole(0)]: main, wallet: key },
    signer: (role) => keyring.signer(role === accountRole(0) || (role === 'wallet' && index === 0) ? 'wallet' : role === 'wallet' ? accountRole(index) : role),
  };
}

/** The roles of a keyring that sign for accounts, each key once. */
export function accountRolesOf(keyring: Keyring): string[] {
  const roles = Object.entries(keyring.public).filter(([role]) => role === 'wallet' || role.startsWith('wallet/'));
  return [...new Map(roles.map(([role, key]) => [key, role])).values()];
}
