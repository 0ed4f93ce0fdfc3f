// Where mailboxes are: at the address that a party's identity names, else at the home of its grid.
import { Problem } from '../../base/errors.js';
import type { ReadState } from '../../bcdb/rulebook.js';
import type { Keyring } from '../../keys/keyring.js';
import { actsFor } from '../../rules/identity.js';
import { read } from '../../rules/objects.js';
import type { Identity } from '../../schema/types.js';
import { appendSigned, ensureIdentity } from '../compose.js';
import type { Grid } from '../grid.js';
import { readOnly } from '../readonly.js';

/** Where a mailbox is, as this copy sees it; url null: in this home folder. */
export interface MailboxPlace {
  readonly url: string | null;
  /** Because its owner says so, because this grid was joined from there, or because this is the grid's home. */
  readonly why: 'identity' | 'joined' | 'here';
}

/** Address under which a party is reached, where the grid knows one. */
export function endpointOf(state: ReadState, party: string): string | null {
  const [type, id = ''] = party.split('/');
  return (type === 'bot' || type === 'farm' ? read(state, type, id)?.endpoint : null) ?? null;
}

/**
 * Where letters to a party are handed in, and its own are fetched.
 * @throws Problem `refused`, reason `read_only`, where this copy follows a mirror, which takes nothing
 */
export function mailboxOf({ reader, url, mirror, name }: Pick<Grid, 'reader' | 'url' | 'mirror' | 'name'>, party: string): MailboxPlace {
  const endpoint = endpointOf(reader, party);
  if (endpoint !== null) return { url: endpoint, why: 'identity' };
  if (mirror !== null) throw readOnly(name, mirror);
  return url === null ? { url, why: 'here' } : { url, why: 'joined' };
}

/**
 * Records where the mailbox of one's own bot is.
 * @param endpoint null: at the home of the grid
 * @throws Problem as `appendSigned`
 */
export async function moveMailbox(grid: Grid, keyring: Keyring, endpoint: string | null): Promise<void> {
  await ensureIdentity(grid, keyring);
  const signer = keyring.signer('bot');
  const id = actsFor(grid.reader, signer.key);
  const body = (): Identity | null => {
    const bot = read(grid.reader, 'bot', id);
    if (bot === undefined) throw new Problem('not_found', `grid ${grid.name} knows no bot with this key`, { reason: 'identity' });
    const { name, keys, sealing_key, roles, account, recovery } = bot;
    return bot.endpoint === endpoint ? null : { name, keys, sealing_key, endpoint, roles, ...(account === undefined ? {} : { account }), recovery };
  };
  await appendSigned(grid, { chain: `bot/${id}`, kind: 'identity@1', body }, [signer]);
}
