// What the commands about an identity's keys share: the grid, the keyring in use, and how keys are typed and shown.
import { parseDuration } from '../../src/base/duration.js';
import { Problem } from '../../src/base/errors.js';
import type { BotObject } from '../../src/rules/objects.js';
import type { Keyring } from '../../src/keys/keyring.js';
import type { Grid } from '../../src/net/grid.js';
import type { IdentityKey } from '../../src/schema/types.js';
import type { Context } from '../command.js';

/** The bot that the keyring in use speaks for, on a grid that is up to date. */
export interface OwnBot extends AsyncDisposable {
  readonly grid: Grid;
  readonly keyring: Keyring;
  readonly bot: BotObject;
}

/** @throws Problem `not_found` without identity or grid, or where no bot of the grid lists the key */
export async function openBot(context: Context, named: string | undefined): Promise<OwnBot> {
  const { ensureIdentity } = await import('../../src/net/compose.js');
  const { ownBot } = await import('../../src/net/identities.js');
  const { openIdentity } = await import('../drafts.js');
  const { openGridOf } = await import('../handle.js');
  const grid = await openGridOf(context, named);
  try {
    await grid.refresh();
    const keyring = await openIdentity(context);
    await ensureIdentity(grid, keyring);
    return { grid, keyring, bot: ownBot(grid, keyring.signer('bot').key), [Symbol.asyncDispose]: () => grid[Symbol.asyncDispose]() };
  } catch (thrown) {
    await grid[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** Kinds as they are typed: `end@1,workload@1`. @throws Problem `usage` */
export function parseKinds(text: string): string[] {
  const kinds = [...new Set(text.split(',').map((kind) => kind.trim()).filter((kind) => kind !== ''))];
  if (kinds.length === 0) throw new Problem('usage', 'no kind is given', { hint: "kinds of records (end@1,workload@1), talk, mail, or '*' for everything" });
  return kinds;
}

/** A day or time, or a span from now on, as ms since 1970. @throws Problem `usage` for what is none, or is over */
export function endOf(text: string, now: number): number {
  const end = /^[0-9]{4}-[0-9]{2}/.test(text) ? Date.parse(text) : now + parseDuration(text);
  if (Number.isNaN(end) || end <= now) throw new Problem('usage', `not a time to come: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'for example 2027-12-31 or 90d' });
  return end;
}

/** The key of a bot that is meant by a keyring of this home folder, a key, or its first digits. @throws Problem `not_found`, `usage`; `refused` for a revoked one */
export async function findKey({ home }: Context, { reader }: Pick<Grid, 'reader'>, bot: BotObject, wanted: string): Promise<IdentityKey> {
  const { iso } = await import('../../src/base/clock.js');
  const { listBotKeys } = await import('../../src/keys/identity.js');
  const { revokedKeys } = await import('../../src/net/identities.js');
  const here = listBotKeys(home).keys.find(({ name }) => name === wanted)?.id;
  const isMeant = ({ key }: IdentityKey): boolean => key === here || (here === undefined && /^[0-9a-f]{4,64}$/.test(wanted) && key.startsWith(wanted));
  const found = bot.keys.filter(isMeant);
  if (found.length > 1) throw new Problem('usage', `${wanted} fits ${found.length} keys`, { hint: 'give more digits' });
  const gone = revokedKeys(reader, bot.key).find(isMeant);
  if (found[0] === undefined && gone !== undefined) throw new Problem('refused', `key ${gone.key.slice(0, 12)} of ${bot.name} is revoked since line ${gone.line}, ${iso(gone.at)}`, { reason: 'key', hint: '3bot identity keys' });
  if (found[0] === undefined) throw new Problem('not_found', `${bot.name} has no key ${JSON.stringify(wanted.slice(0, 70))}`, { reason: 'key', hint: '3bot identity keys' });
  return found[0];
}
