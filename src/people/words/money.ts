// Payments in plain words.
import { formatTft } from '../../base/amount.js';
import type { AccountKeys, Payload, Quorum, Transfer } from '../../schema/types.js';
import type { Row } from '../kinds.js';

/** transfer@1 */
export function transferWords({ body }: Payload): Row[] {
  const { payers, to, memo } = body as unknown as Transfer;
  return [...payers.map(({ account, amount_stroops }): Row => ['pays', `account ${account}: ${formatTft(BigInt(amount_stroops))} TFT, at once and for good`]), ['to', `account ${to}`], ...(memo === null ? [] : [['memo', memo] as Row])];
}

/** account@1 */
export function accountWords({ chain, body }: Payload): Row[] {
  const own = chain.slice('account/'.length);
  const { keys } = body as unknown as AccountKeys;
  if (keys === null) return [['account', own], ['from now on', 'its own key alone spends it']];
  return [['account', own], ['from now on', `weight ${keys.threshold} of these keys spends it, and nothing less`], ...memberRows(keys, own)];
}

function memberRows({ members }: Quorum, own: string): Row[] {
  return members.flatMap((member): Row[] =>
    'of' in member ? [[`weight ${member.weight}`, `${member.of}${member.of === `account/${own}` ? ', its own key' : ''}`]] : [['weight 1', `a group that needs weight ${member.threshold}:`], ...memberRows(member, own)]);
}
