// The keys of an account as a person changes them: added, removed, weighed.
import { Problem } from '../base/errors.js';
import type { Quorum } from '../schema/types.js';

/** What is to change; keys in hex. */
export interface KeyChange {
  /** Added with this weight, or given it anew. */
  readonly add: readonly string[];
  readonly weight: number;
  readonly remove: readonly string[];
  /** Weight of the account's own key; undefined: as it is. */
  readonly own?: number | undefined;
  readonly threshold?: number | undefined;
}

/** A key and what its signature weighs. */
export interface Member {
  readonly key: string;
  readonly weight: number;
}

/** The keys of a quorum without groups; those of groups, which another program may have made, with what they weigh there. */
export function membersOf({ members }: Quorum): Member[] {
  return members.flatMap((member) => ('of' in member ? [{ key: member.of.slice('account/'.length), weight: member.weight }] : membersOf(member)));
}

/**
 * The keys after a change; null where that is the account's own alone.
 * @param now undefined: its own alone
 * @throws Problem `usage` for a key that is not there, or weights that never reach the threshold
 */
export function changedKeys(account: string, now: Quorum | undefined, { add, weight, remove, own, threshold }: KeyChange): Quorum | null {
  if (now?.members.some((member) => !('of' in member)) === true) throw new Problem('usage', 'the keys of this account stand in groups, which this command does not take apart', { hint: '--single begins anew' });
  const weights = new Map(now === undefined ? [[account, 1]] : membersOf(now).map((member) => [member.key, member.weight]));
  for (const key of remove) if (!weights.delete(key)) throw new Problem('usage', `account/${key} does not spend this account; nothing to remove`, { hint: '3bot wallet keys' });
  for (const key of add) weights.set(key, weight);
  if (own !== undefined) weights.set(account, own);
  const needed = threshold ?? now?.threshold ?? 1;
  const most = [...weights.values()].reduce((sum, one) => sum + one, 0);
  if (needed < 1) throw new Problem('usage', 'the threshold is 1 at least');
  if (needed > most) throw new Problem('usage', `a threshold of ${needed}, and all keys together weigh ${most}: nobody could ever spend`, { reason: 'quorum', hint: 'give --threshold, or add keys' });
  const members = [...weights].map(([key, one]) => ({ of: `account/${key}`, weight: one }));
  return needed === 1 && members.length === 1 && members[0]?.of === `account/${account}` && members[0].weight === 1 ? null : { threshold: needed, members };
}
