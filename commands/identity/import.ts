// 3bot identity import
import type { CommandFile } from '../command.js';

export const command: CommandFile<{ name?: string; wordsFile?: string }> = {
  about: 'The words of any ThreeFold wallet give the same key here.',
  options: (c) => c
    .option('--name <name>', 'how you call it here and on grids (default: bot- and the first digits of its key)')
    .option('--words-file <file>', 'file that holds the 24 words; asked for if left out'),
  examples: ['3bot identity import --words-file words.txt --name alice'],
  async run(context, _args, { name, wordsFile }) {
    const { Problem } = await import('../../src/base/errors.js');
    const { checkName, describeIdentity, identityText, nameOfKeys, useIfFirst } = await import('../../src/keys/identity.js');
    const { publicKeys } = await import('../../src/keys/keyring.js');
    const { listKeystores } = await import('../../src/keys/keystore.js');
    const { createKeyring } = await import('../../src/keys/unlock.js');
    const { secretOf } = await import('../../src/keys/words.js');
    const { readWords } = await import('../../src/keys/words-file.js');
    const { home, out, prompt } = context;
    const chosen = name === undefined ? nameOfKeys : checkName(name);
    const secret = wordsFile === undefined ? secretOf(await prompt.secret('The 24 words:', '--words-file')) : readWords(wordsFile);

    const { bot } = await publicKeys('identity', secret);
    const same = listKeystores(home, 'identity').find(({ file }) => file?.public['bot'] === bot);
    if (same !== undefined) throw new Problem('usage', `this identity is here already, as ${same.name}`, { reason: 'exists', hint: `3bot identity use ${same.name}` });
    const keyring = await createKeyring(context, 'identity', chosen, secret);
    const inUse = useIfFirst(home, keyring.name);
    keyring.forget();

    const identity = describeIdentity(keyring.name, keyring.public);
    out.one({ json: { ...identity, in_use: inUse }, id: identity.id, text: () => identityText(identity) });
    if (!inUse) out.next(`3bot identity use ${identity.name}`);
  },
};
