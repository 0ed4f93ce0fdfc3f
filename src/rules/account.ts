// Accounts with several keys.
import { MAX_ACCOUNT_KEYS } from '../base/limits.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { AccountKeys, Quorum } from '../schema/types.js';
import { checkNotLogKey } from './grid.js';
import { read, write } from './objects.js';
import { partiesOf, type Occasion } from './quorum.js';
import { demand, short } from './refusal.js';
import type { Rule } from './rule.js';
import { spendersOf } from './spending.js';
import { accountOf } from './token.js';

/**
 * account@1: other keys spend from now on, the account's own among them or not. Those who spent so far sign, and as many
 * of the new ones as spending will need: keys that nobody has would lock the money up.
 */
export const account: Rule<AccountKeys> = {
  kind: 'account@1',
  chain: 'account',
  since: 2,
  signers(state, { body: { keys }, subject, occasion }) {
    if (keys !== null) checkKeys(state, keys, occasion);
    const now = read(state, 'account', subject)?.keys;
    demand(JSON.stringify(keys ?? undefined) !== JSON.stringify(now), 'terms', `these are the keys of account ${short(subject)} already`);
    return [spendersOf(subject, now, occasion), spendersOf(subject, keys ?? undefined, occasion)];
  },
  apply(state, { body, subject }) {
    const { keys: _before, ...rest } = accountOf(state, subject);
    write(state, 'account', subject, body.keys === null ? rest : { ...rest, keys: body.keys });
  },
};

/** A key that spends speaks for nobody else, or one signature would say two things. */
function checkKeys(state: ReadState, quorum: Quorum, { rules }: Occasion): void {
  const parties = partiesOf(quorum, rules);
  demand(parties.length <= MAX_ACCOUNT_KEYS, 'quorum', `${parties.length} keys for an account; ${MAX_ACCOUNT_KEYS} are taken`);
  for (const party of parties) {
    demand(party.startsWith('account/'), 'quorum', () => `an account is spent by keys of accounts, not by ${short(party)}`);
    const key = party.slice('account/'.length);
    const isTaken = read(state, 'key', key) !== undefined || read(state, 'bot', key) !== undefined || read(state, 'node', key) !== undefined;
    demand(!isTaken, 'key', () => `${short(key)} is the key of a bot, farm or node; give the address of a wallet`);
    checkNotLogKey(state, key);
  }
}
