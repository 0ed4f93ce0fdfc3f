// 3bot release key
import { existsSync } from 'node:fs';
import type { CommandFile } from '../command.js';

export const command: CommandFile = {
  about: 'Who holds this key says what program the nodes run that trust it: make it on a machine of its own, and keep it offline.\nWhere there is one of that name it is shown.',
  arguments: [['[name]', 'of the key, as nodes know it (default: releases)']],
  examples: ['3bot release key', '3bot release key sunny-releases --home /media/offline'],
  async run(context, [name = 'releases']) {
    const { createKeyring } = await import('../../src/keys/unlock.js');
    const { keystorePath, readKeystore } = await import('../../src/keys/keystore.js');
    const { formatVkey } = await import('../../src/tlog/note.js');
    const { home, out } = context;
    const made = !existsSync(keystorePath(home, 'release', name));
    const { public: keys } = made ? await createKeyring(context, 'release', name) : readKeystore(home, 'release', name);
    const vkey = formatVkey({ name, type: 'ed25519', key: keys['release'] ?? '' });
    out.one({ json: { name, vkey, made }, id: vkey, text: () => vkey });
    out.next(`on each node: 3bot node upgrade trust '${vkey}'; here: 3bot release sign BUNDLE`);
  },
};
