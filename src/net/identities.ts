// The identity of one's own bot, and changes of its keys as records.
import { iso } from '../base/clock.js';
import { Problem } from '../base/errors.js';
import { MAX_ROWS } from '../base/limits.js';
import { query } from '../bcdb/query.js';
import { parseRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import type { Signer } from '../keys/ed25519.js';
import type { Keyring } from '../keys/keyring.js';
import { actsFor, identity, KIND, recover } from '../rules/identity.js';
import { read, type BotObject } from '../rules/objects.js';
import { isValid } from '../rules/quorum.js';
import type { Identity, IdentityKey } from '../schema/types.js';
import { hasSchema } from '../schema/validate.js';
import { appendSigned, type Appended } from './compose.js';
import type { Grid } from './grid.js';

/** A key of an identity and how it stands at a moment. */
export interface KeyStanding extends IdentityKey {
  readonly state: 'valid' | 'ended';
}

/**
 * The bot that a key speaks for.
 * @throws Problem `not_found` where the grid knows none
 */
export function ownBot(grid: Pick<Grid, 'reader' | 'name'>, key: string): BotObject {
  const bot = read(grid.reader, 'bot', actsFor(grid.reader, key));
  if (bot === undefined) throw new Problem('not_found', `grid ${grid.name} knows no bot with this key yet`, { reason: 'identity', hint: '3bot quote --cpu 1 puts an identity on the grid; an operational key is granted with 3bot identity key add KEY' });
  return bot;
}

/** A key that was taken from its identity: by a record of its own, in a rotation or by a recovery. */
export interface RevokedKey extends IdentityKey {
  readonly state: 'revoked';
  /** Line of the book from which on it counts no more. */
  readonly line: number;
  /** Home's time of intake of that line, ms. */
  readonly at: number;
}

/** The keys that a bot had and has no more, in the order in which they were taken from it, as its newest 1,000 records of each kind tell. */
export function revokedKeys(reader: Reader, bot: string): RevokedKey[] {
  const lists = ([[identity.kind, `bot/${bot}`], [recover.kind, `recovery/${bot}`]] as const)
    .flatMap(([kind, chain]) => query(reader, { kind, chain, limit: MAX_ROWS }).records)
    .sort((a, b) => a.index - b.index)
    .map(({ index, at, payload }) => ({ line: index, at, keys: (parseRecord(payload).payload.body as unknown as Pick<Identity, 'keys'>).keys }));
  return lists.flatMap(({ line, at, keys }, i): RevokedKey[] =>
    (lists[i - 1]?.keys ?? []).filter(({ key }) => !keys.some((grant) => grant.key === key)).map((grant) => ({ ...grant, state: 'revoked', line, at })));
}

/** What an identity says of itself now: the body of its next record before something is changed. */
export function statementOf({ name, keys, sealing_key, endpoint, roles, account, recovery }: BotObject): Identity {
  return { name, keys, sealing_key, endpoint, roles, ...(account === undefined ? {} : { account }), recovery };
}

/** The keys of an identity at a moment, ms. */
export function keysAt({ keys }: BotObject, at: number): KeyStanding[] {
  return keys.map((grant) => ({ ...grant, state: grant.until === null || at < grant.until ? 'valid' : 'ended' }));
}

/** @throws Problem `usage` for what is no kind of record, `talk`, `mail` or `*` */
export function checkKinds(kinds: readonly string[]): void {
  for (const kind of kinds) {
    if (!KIND.test(kind) || (kind.includes('@') && !hasSchema(kind))) throw new Problem('usage', `not a kind: ${JSON.stringify(kind.slice(0, 60))}`, { hint: "kinds of records (end@1, workload@1, agreement@1), talk, mail, or '*' for everything" });
  }
}

/** Demands that a key may change its identity now. @throws Problem `refused`, reason `key` */
function checkMayChange({ keys, name }: BotObject, key: string, at: number): void {
  const mine = keys.find((grant) => grant.key === key);
  if (mine !== undefined && isValid(mine, { kind: identity.kind, at })) return;
  const why = mine === undefined ? 'is none of its keys any more' : `is for ${mine.kinds.join(', ')}${mine.until === null ? '' : ` until ${iso(mine.until)}`}`;
  throw new Problem('refused', `the key in use cannot change the identity ${name}: it ${why}`, { reason: 'key', hint: '3bot identity use NAME of the identity, or have it recovered: 3bot identity recover' });
}

/**
 * Records other keys for the bot that a keyring speaks for.
 * @param change what becomes of its keys
 * @param added the keys that are new, each of which signs
 * @throws Problem `not_found`, `refused`; as `appendSigned`
 */
export async function changeKeys(grid: Grid, keyring: Keyring, change: (keys: readonly IdentityKey[]) => IdentityKey[], added: readonly Signer[] = []): Promise<Appended> {
  await grid.refresh();
  const signer = keyring.signer('bot');
  const bot = ownBot(grid, signer.key);
  checkMayChange(bot, signer.key, grid.clock());
  const body = (): Identity => {
    const now = ownBot(grid, signer.key);
    return { ...statementOf(now), keys: change(now.keys) };
  };
  return appendSigned(grid, { chain: `bot/${bot.key}`, kind: identity.kind, body }, [signer, ...added]);
}
