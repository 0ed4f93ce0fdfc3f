// The identities of a home folder: what may be shown of them, and their words on the way in and out.
import { Problem } from '../base/errors.js';
import { readConfig, updateConfig, type Home } from '../home.js';
import { addressOf, didOf } from './did.js';
import { botKeyringType, listKeystores, readKeystore } from './keystore.js';

/** What is public of a keyring that speaks for a bot: an identity, or an operational key, which has no wallet. */
export interface BotKeys {
  /** Its key, hex: an identity's first key is the bot's id everywhere. */
  readonly id: string;
  readonly name: string;
  /** The wallet, `G…`. */
  readonly address: string | null;
  readonly did: string;
  /** The wallet's key, hex, as records name it. */
  readonly account: string | null;
  /** X25519 key, hex, for boxes to it. */
  readonly sealing_key: string;
}

/** What is public of an identity. */
export interface Identity extends BotKeys {
  readonly address: string;
  readonly account: string;
}

/** Said wherever an address is shown. */
export const ADDRESS_NOTE = "TFT here is this grid's own balance; sending TFT on Stellar to this address does not fund it";

/** What to show of an identity, by its public keys. */
export function describeIdentity(name: string, keys: Readonly<Record<string, string>>): Identity {
  const { bot, wallet, sealing } = keys;
  if (bot === undefined || wallet === undefined || sealing === undefined) throw new Problem('integrity', `the keystore of the identity ${name} lacks a key`);
  return { id: bot, name, address: addressOf(wallet), did: didOf(bot), account: wallet, sealing_key: sealing };
}

/** What to show of an operational key. */
function describeKey(name: string, { bot = '', sealing = '' }: Readonly<Record<string, string>>): BotKeys {
  return { id: bot, name, address: null, did: didOf(bot), account: null, sealing_key: sealing };
}

/** As lines for a person. */
export function identityText(identity: BotKeys): string {
  if (identity.address === null) return [`name     ${identity.name}`, `key      ${identity.id}`, '         an operational key: it speaks for the bot that lists it, and has no wallet'].join('\n');
  return [`name     ${identity.name}`, `id       ${identity.id}`, `did      ${identity.did}`, `address  ${identity.address}`, `         ${ADDRESS_NOTE}`].join('\n');
}

/** The identities and operational keys of this home, and what cannot be read. */
export function listBotKeys(home: Home): { readonly keys: BotKeys[]; readonly problems: Problem[] } {
  const listed = [...listKeystores(home, 'identity'), ...listKeystores(home, 'key')];
  return {
    keys: listed.flatMap(({ type, name, file }) => (file === undefined ? [] : [type === 'key' ? describeKey(name, file.public) : describeIdentity(name, file.public)])),
    problems: listed.flatMap(({ problem }) => problem ?? []),
  };
}

/**
 * An identity or operational key of this home by its name, or by the first digits of its key.
 * @throws Problem `not_found`, or what `readKeystore` throws
 */
export function findBotKeys(home: Home, wanted: string): BotKeys {
  const key = listBotKeys(home).keys.find(({ name, address }) => name === wanted && address === null);
  return key ?? findIdentity(home, wanted);
}

/**
 * An identity of this home by its name, or by the first digits of its id.
 * @throws Problem `not_found`; `refused`, reason `wallet`, for an operational key; what `readKeystore` throws
 */
export function findIdentity(home: Home, wanted: string): Identity {
  const all = listKeystores(home, 'identity');
  if (botKeyringType(home, wanted) === 'key') throw new Problem('refused', `${wanted} is an operational key: it has no wallet`, { reason: 'wallet', hint: '3bot identity use NAME of an identity' });
  if (!all.some(({ name }) => name === wanted) && /^[0-9a-f]{4,64}$/.test(wanted)) {
    const matches = all.flatMap(({ name, file }) => (file?.public['bot']?.startsWith(wanted) === true ? [name] : []));
    if (matches.length > 1) throw new Problem('usage', `${wanted} fits ${matches.join(' and ')}`, { hint: 'give the name, or more digits' });
    if (matches[0] !== undefined) return findIdentity(home, matches[0]);
  }
  if (!/^[a-z0-9-]{3,64}$/.test(wanted)) throw new Problem('not_found', `no identity named ${JSON.stringify(wanted.slice(0, 100))}`, { hint: '3bot identity list' });
  return describeIdentity(wanted, readKeystore(home, 'identity', wanted).public);
}

/** Makes the first identity of a home the one in use; true when it is. */
export function useIfFirst(home: Home, name: string): boolean {
  if (readConfig(home).identity !== null) return false;
  updateConfig(home, (config) => void (config.identity = name));
  return true;
}

/** The name a person gave an identity. @throws Problem `usage` */
export function checkName(name: string): string {
  if (!/^[a-z0-9-]{3,50}$/.test(name)) throw new Problem('usage', `not a name: ${JSON.stringify(name.slice(0, 100))}`, { hint: '3 to 50 of a-z, 0-9 and -' });
  return name;
}

/** A name that no other bot of a grid is likely to have, where a person gives none. */
export function nameOfKeys(keys: Readonly<Record<string, string>>): string {
  return `bot-${(keys['bot'] ?? '').slice(0, 8)}`;
}
