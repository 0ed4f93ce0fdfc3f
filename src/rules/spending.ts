// Who spends what an account has.
import type { ReadState } from '../bcdb/rulebook.js';
import type { Quorum } from '../schema/types.js';
import { read } from './objects.js';
import { allOf, signersOf, type Occasion, type Signers } from './quorum.js';

/**
 * Who spends an account: its own key, until an account@1 says otherwise.
 * @throws Problem `refused`
 */
export function accountSigners(state: ReadState, key: string, occasion: Occasion): Signers {
  return spendersOf(key, read(state, 'account', key)?.keys, occasion);
}

/**
 * The same of keys that an account has or would have. A member `account/<key>` is that very key; who spends the account
 * of the same key makes no difference.
 * @param keys undefined: the account's own alone
 */
export function spendersOf(account: string, keys: Quorum | undefined, { rules }: Occasion): Signers {
  if (keys === undefined) return allOf([account, `account/${account}`]);
  return signersOf(keys, rules, (party) => [party.slice('account/'.length)]);
}
