// 3bot identity create
import type { CommandFile } from '../command.js';

export const command: CommandFile<{ name?: string; wordsFile?: string }> = {
  about: 'The passphrase encrypts the keystore; the 24 words are the only way back when the file or the passphrase is lost.\nThey leave the keystore only into the file you name. Others can use the name once it is on their grid: after grid join, 3bot inbox\nputs it there.',
  options: (c) => c
    .option('--name <name>', 'how you call it here and on grids (default: bot- and the first digits of its key)')
    .option('--words-file <file>', 'also write the 24 words into this new file, for your safe'),
  examples: ['3bot identity create --name alice', 'id=$(3bot identity create --passphrase-file ~/passphrase)'],
  async run(context, _args, { name, wordsFile }) {
    const { randomBytes } = await import('node:crypto');
    const { checkName, describeIdentity, identityText, nameOfKeys, useIfFirst } = await import('../../src/keys/identity.js');
    const { createKeyring } = await import('../../src/keys/unlock.js');
    const { checkWordsFile, writeWords } = await import('../../src/keys/words-file.js');
    const { home, out } = context;
    const chosen = name === undefined ? nameOfKeys : checkName(name);
    if (wordsFile !== undefined) checkWordsFile(wordsFile);

    const secret = randomBytes(32);
    const keyring = await createKeyring(context, 'identity', chosen, secret);
    const inUse = useIfFirst(home, keyring.name);
    if (wordsFile !== undefined) writeWords(wordsFile, secret);
    keyring.forget();

    const identity = describeIdentity(keyring.name, keyring.public);
    out.one({ json: { ...identity, in_use: inUse }, id: identity.id, text: () => identityText(identity) });
    if (wordsFile === undefined) out.next(`3bot identity export ${identity.name} --words-file FILE   (keep the 24 words in a safe place)`);
    else if (!inUse) out.next(`3bot identity use ${identity.name}`);
    else out.next('3bot grid join URL');
  },
};
