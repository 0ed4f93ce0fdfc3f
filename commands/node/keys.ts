// The keys of a node, and of those who may use it.
import { readConfig, type Home } from '../../src/home.js';
import type { Keyring } from '../../src/keys/keyring.js';
import { listKeystores } from '../../src/keys/keystore.js';
import { createKeyring, openKeyring } from '../../src/keys/unlock.js';
import type { NodeConfig } from '../../src/schema/types.js';
import type { Context } from '../command.js';

/** The node's keys: those in use, those of an interrupted join, or new ones. Their keystore is named by the public key. */
export async function nodeKeyring(context: Context, settings: NodeConfig | null): Promise<Keyring> {
  if (settings !== null) return openKeyring(context, 'node', settings.key);
  const left = listKeystores(context.home, 'node').find(({ file }) => file !== undefined);
  return left === undefined ? createKeyring(context, 'node', (keys) => keys['node'] ?? '') : openKeyring(context, 'node', left.name);
}

/** Key of the identity in use here, if any. */
export function ownKeys(home: Home): string[] {
  const { identity } = readConfig(home);
  const key = listKeystores(home, 'identity').find(({ name }) => name === identity)?.file?.public['bot'];
  return key === undefined ? [] : [key];
}
