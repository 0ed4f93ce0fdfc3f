// Identities and their recovery in plain words.
import { iso } from '../../base/clock.js';
import { quorumText } from '../../market/words.js';
import type { Identity, IdentityKey, Payload, Recover } from '../../schema/types.js';
import type { Row } from '../kinds.js';

/** identity@1 */
export function identityWords({ chain, body }: Payload): Row[] {
  const { name, keys, sealing_key, endpoint, roles, account, recovery } = body as unknown as Identity;
  return [
    ['identity', `${name}, ${chain}`],
    ...keyRows(keys),
    ['recovered by', recovery === null ? 'nobody' : quorumText(recovery, [])],
    ['sealing key', sealing_key],
    ['address', endpoint ?? 'none'],
    ['roles', roles.length === 0 ? 'none' : roles.join(', ')],
    ['paid at', account === undefined ? 'not said' : `account ${account}`],
  ];
}

/** recover@1 */
export function recoverWords({ chain, body }: Payload): Row[] {
  const { keys, sealing_key, account } = body as unknown as Recover;
  return [['recovery', `bot/${chain.slice('recovery/'.length)} gets these keys in place of all that it has; whoever has them is this bot from then on`], ...keyRows(keys), ['sealing key', sealing_key], ['paid at', account === undefined ? 'not said any more' : `account ${account}`], ['before you sign', 'ask the person, not the machine, whether this key is theirs']];
}

function keyRows(keys: readonly IdentityKey[]): Row[] {
  return keys.map(({ key, kinds, until }): Row => ['key', `${key} for ${kinds.includes('*') ? 'everything' : kinds.join(', ')}${until === null ? '' : `, until ${iso(until)}`}`]);
}
