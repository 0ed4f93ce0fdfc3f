// 3bot identity key create
import type { CommandFile } from '../../command.js';

export const command: CommandFile<{ name?: string }> = {
  about: 'Makes an operational key on this machine: a file of its own, without words and without a wallet. It speaks for nobody until the\nowner of a bot grants it (3bot identity key add KEY) and it has signed that itself (3bot sign FILE, here).',
  options: (c) => c.option('--name <name>', 'how you call it here (default: key- and its first digits)'),
  examples: ['3bot identity key create --name ci-1'],
  async run(context, _args, { name }) {
    const { checkName, findBotKeys, identityText, useIfFirst } = await import('../../../src/keys/identity.js');
    const { createKeyring } = await import('../../../src/keys/unlock.js');
    const { home, out } = context;
    const keyring = await createKeyring(context, 'key', name === undefined ? (keys) => `key-${(keys['bot'] ?? '').slice(0, 8)}` : checkName(name));
    keyring.forget();
    const inUse = useIfFirst(home, keyring.name);
    const key = findBotKeys(home, keyring.name);
    out.one({ json: { key: key.id, name: key.name, in_use: inUse }, id: key.id, text: () => identityText(key) });
    out.next(`3bot identity key add ${key.id}   (where the identity is)`);
  },
};
