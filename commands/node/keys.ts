// The keys of a node, and of those who may use it.
import { Problem } from '../../src/base/errors.js';
import { readConfig, type Home } from '../../src/home.js';
import { parseKey } from '../../src/keys/did.js';
import type { Keyring } from '../../src/keys/keyring.js';
import { listKeystores } from '../../src/keys/keystore.js';
import { createKeyring, openKeyring } from '../../src/keys/unlock.js';
import type { ReadState } from '../../src/bcdb/rulebook.js';
import { read } from '../../src/rules/objects.js';
import type { NodeConfig } from '../../src/schema/types.js';
import type { Context } from '../command.js';

/** The node's keys: those in use, those of an interrupted join, or new ones. Their keystore is named by the public key. */
export async function nodeKeyring(context: Context, settings: NodeConfig | null): Promise<Keyring> {
  if (settings !== null) return openKeyring(context, 'node', settings.key);
  const left = listKeystores(context.home, 'node').find(({ file }) => file !== undefined);
  return left === undefined ? createKeyring(context, 'node', (keys) => keys['node'] ?? '') : openKeyring(context, 'node', left.name);
}

/** Bot keys meant by names, keys in hex or `did:key:…`. @throws Problem `usage`, `not_found` */
export function consumerKeys(state: ReadState, texts: readonly string[]): string[] {
  return texts.map((text) => {
    if (!/^[a-z0-9-]{3,50}$/.test(text)) return parseKey(text);
    const holder = read(state, 'name', `bot/${text}`)?.holder ?? null;
    if (holder === null) throw new Problem('not_found', `no bot named ${text} on this grid`, { reason: 'consumer', hint: 'give its key (3bot identity show there); a bot puts its name on the grid with 3bot inbox' });
    return holder.slice('bot/'.length);
  });
}

/** Key of the identity in use here, if any. */
export function ownKeys(home: Home): string[] {
  const { identity } = readConfig(home);
  const key = listKeystores(home, 'identity').find(({ name }) => name === identity)?.file?.public['bot'];
  return key === undefined ? [] : [key];
}
