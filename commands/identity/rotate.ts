// 3bot identity rotate
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { findKey, openBot } from './bot.js';

export const command: CommandFile<GridFlag & { name?: string }> = {
  about: 'Makes a new key for the same kinds and the same time and puts it in the place of another, in one record. The old key signs nothing\nfrom then on; what it signed stays. Your first key can be rotated, too: the id of your bot stays, and so do words and wallet.',
  arguments: [['<key>', 'name of a keyring here, or key, or its first digits']],
  options: (c) => c.option('--name <name>', 'how the new key is called here (default: key- and its first digits)').option(...GRID_FLAG),
  examples: ['3bot identity rotate ci-1', '3bot identity rotate 5f0c9e2a --name ci-2027'],
  async run(context, [wanted = ''], { name, grid: named }) {
    const { readConfig, updateConfig } = await import('../../src/home.js');
    const { checkName } = await import('../../src/keys/identity.js');
    const { createKeyring } = await import('../../src/keys/unlock.js');
    const { changeKeys } = await import('../../src/net/identities.js');
    const { home, out } = context;
    await using own = await openBot(context, named);
    const { grid, keyring, bot } = own;
    const old = await findKey(context, grid, bot, wanted);
    const made = await createKeyring(context, 'key', name === undefined ? (keys) => `key-${(keys['bot'] ?? '').slice(0, 8)}` : checkName(name));
    const signer = made.signer('bot');
    await changeKeys(grid, keyring, (keys) => keys.map((grant) => (grant.key === old.key ? { ...grant, key: signer.key } : grant)), [signer]);
    // An operational key that replaced itself goes on under its new name; an identity stays, for its wallet.
    const goesOn = keyring.type === 'key' && keyring.signer('bot').key === old.key && readConfig(home).identity === keyring.name;
    if (goesOn) updateConfig(home, (config) => void (config.identity = made.name));
    out.one({ json: { key: signer.key, name: made.name, replaced: old.key, kinds: old.kinds, until: old.until, in_use: goesOn }, id: signer.key, text: () => `${made.name} takes the place of ${old.key.slice(0, 12)}… for ${bot.name}\nkey ${signer.key}` });
    out.next(goesOn ? '3bot identity keys' : `3bot identity use ${made.name}   (where the old key was used)`);
  },
};
