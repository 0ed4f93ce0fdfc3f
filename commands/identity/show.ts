// 3bot identity show
import type { CommandFile } from '../command.js';
import { drawQr, QR_FLAG, type QrFlag } from '../qr.js';

export const command: CommandFile<QrFlag> = {
  about: 'The code of --qr holds the did, which every command takes that asks for a bot.',
  arguments: [['[name]', 'name or first digits of the id; the identity in use if left out']],
  options: (c) => c.option(...QR_FLAG),
  examples: ['3bot identity show', '3bot identity show --qr', '3bot identity show alice --json'],
  async run(context, [name], { qr }) {
    const { readConfig } = await import('../../src/home.js');
    const { findBotKeys, identityText } = await import('../../src/keys/identity.js');
    const { identityInUse } = await import('../../src/keys/unlock.js');
    const { home, out } = context;
    const identity = findBotKeys(home, name ?? identityInUse(home));
    out.one({ json: { ...identity, in_use: readConfig(home).identity === identity.name }, text: () => identityText(identity) });
    if (qr === true) await drawQr(context, identity.did);
  },
};
