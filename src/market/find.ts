// What people type for a farm, a node, a bot, an account, a party or anything with an id, and what is meant by it on this grid.
import { Problem } from '../base/errors.js';
import type { Objects, ReadState } from '../bcdb/rulebook.js';
import { parseKey } from '../keys/did.js';
import { read, type FarmObject, type NodeObject, type ObjectTypes } from '../rules/objects.js';
import type { DirectoryState } from './directory.js';

/** Digits of an id or key that must be typed at least: fewer would mean another one too soon. */
const MIN_PREFIX = 4;
const PUT_ON = 'a bot puts its name on the grid with 3bot inbox';

/**
 * A farm by id, by name, or by the beginning of an id that only one farm has.
 * @throws Problem `not_found`; `usage` where several ids begin so
 */
export function findFarm(state: DirectoryState, text: string): FarmObject {
  // A whole id comes first: a farm may be named like another one's id.
  const found = read(state, 'farm', text) ?? farmNamed(state, text) ?? (byPrefix(state, 'farm', 40, text) as FarmObject | undefined);
  if (found === undefined) throw new Problem('not_found', `no farm ${quoted(text)} on this grid`, { reason: 'farm', hint: '3bot farm list' });
  return found;
}

/** The farm of this name, if any has it. */
export function farmNamed(state: ReadState, name: string): FarmObject | undefined {
  const holder = read(state, 'name', `farm/${name}`)?.holder ?? null;
  return holder === null ? undefined : read(state, 'farm', holder.slice('farm/'.length));
}

/**
 * A node by key in any form, or by the beginning of one that only one node has.
 * @throws Problem `not_found`; `usage` where several keys begin so
 */
export function findNode(state: DirectoryState, text: string): NodeObject {
  const found = (text.startsWith('did:key:') ? read(state, 'node', parseKey(text)) : byPrefix(state, 'node', 64, text)) as NodeObject | undefined;
  if (found === undefined) throw new Problem('not_found', `no node ${quoted(text)} on this grid`, { reason: 'node', hint: '3bot explore' });
  return found;
}

/**
 * An object by its id, or by the beginning of one (4 digits or more) that only one of its type has.
 * @param hint where ids are found
 * @throws Problem `not_found`; `usage` where several ids begin so
 */
export function findById<T extends 'blueprint' | 'contract' | 'document' | 'vote'>(state: Objects, type: T, text: string, hint: string): ObjectTypes[T] {
  // A whole id needs no list, which is more than a light grid can prove.
  const whole = text.length === 40 ? read(state, type, text.toLowerCase()) : undefined;
  const found = whole ?? (byPrefix(state, type, 40, text) as ObjectTypes[T] | undefined);
  if (found === undefined) throw new Problem('not_found', `no ${type} ${quoted(text)} on this grid`, { reason: type, hint });
  return found;
}

/** Whom money goes to. */
export interface Payee {
  /** Account key, hex. */
  readonly account: string;
  /** Name of the bot that says it is paid there; null where an account was given as such. */
  readonly name: string | null;
}

/**
 * The account meant by an address `G…`, an account key in hex, or a bot: its name, its `did:key:…` or its key.
 * Money for a bot goes to the account that its identity names, never to an account of the bot's own key, which no
 * wallet shows.
 * @throws Problem `usage` for what is neither name nor key; `not_found` for a bot that is unknown or names no account
 */
export function findPayee(state: DirectoryState, text: string): Payee {
  if (isName(text)) return accountOfBot(state, botNamed(state, text, { reason: 'payee', hint: `give the address, G…; ${PUT_ON}` }), text);
  const key = parseKey(text);
  if (text.startsWith('did:key:') || read(state, 'bot', key) !== undefined) return accountOfBot(state, key, text);
  return { account: key, name: null };
}

/**
 * The key of a bot by its name, its `did:key:…` or its key in hex; a key need not be on the grid yet.
 * @throws Problem `usage` for what is neither name nor key; `not_found` for a name that no bot has
 */
export function findBot(state: ReadState, text: string): string {
  return isName(text) ? botNamed(state, text, { reason: 'bot', hint: `give its key, which 3bot identity show says there; ${PUT_ON}` }) : parseKey(text);
}

/**
 * A party that signs, by name of its bot, `did:key:…`, key in hex, or written out (`bot/…`, `farm/…`, `node/…`, `account/…`).
 * @throws Problem `usage` for what is none of these; `not_found` for a bot or farm that the grid does not know
 */
export function findParty(state: ReadState, text: string): string {
  const unknown = { reason: 'party', hint: 'they run 3bot grid join, then 3bot inbox: that puts their identity on the grid' };
  if (isName(text)) return `bot/${botNamed(state, text, unknown)}`;
  const party = /^((bot|node|account)\/[0-9a-f]{64}|farm\/[0-9a-f]{40})$/.test(text) ? text : `bot/${parseKey(text)}`;
  if (/^(bot|farm)\//.test(party) && state.get(party) === undefined) throw new Problem('not_found', `${text.slice(0, 80)} is not known on this grid, so it cannot sign here`, unknown);
  return party;
}

/** The name of a bot, if it has an identity on this grid. @param key hex */
export function nameOfBot(state: ReadState, key: string): string | null {
  return read(state, 'bot', key)?.name ?? null;
}

/** Whether a text can be a name; no key and no address can. */
function isName(text: string): boolean {
  return /^[a-z0-9-]{3,50}$/.test(text);
}

/** Key of the bot of this name. @throws Problem `not_found` */
function botNamed(state: ReadState, name: string, unknown: { readonly reason: string; readonly hint: string }): string {
  const holder = read(state, 'name', `bot/${name}`)?.holder ?? null;
  if (holder === null) throw new Problem('not_found', `no bot named ${name} on this grid`, unknown);
  return holder.slice('bot/'.length);
}

function accountOfBot(state: DirectoryState, key: string, text: string): Payee {
  const bot = read(state, 'bot', key);
  if (bot === undefined) throw new Problem('not_found', `no bot ${quoted(text)} on this grid`, { reason: 'payee', hint: 'give the address, G…' });
  if (bot.account === undefined) throw new Problem('not_found', `bot ${bot.name} does not say where it is paid`, { reason: 'payee', hint: 'ask for its address, G…' });
  return { account: bot.account, name: bot.name };
}

function byPrefix(state: DirectoryState, type: string, length: number, text: string): object | undefined {
  const prefix = text.toLowerCase();
  if (!/^[0-9a-f]+$/.test(prefix) || prefix.length < MIN_PREFIX || prefix.length > length) return undefined;
  const [first, more] = state.objects(`${type}/${prefix}`, 2);
  if (more !== undefined) throw new Problem('usage', `several ${type}s begin with ${prefix}`, { hint: 'give more digits' });
  return first?.value;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
