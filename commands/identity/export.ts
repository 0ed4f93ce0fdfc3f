// 3bot identity export
import type { CommandFile } from '../command.js';

export const command: CommandFile<{ wordsFile: string }> = {
  about: 'Whoever reads the file has the identity and its wallet. Asks for the passphrase even while unlocked.',
  arguments: [['[name]', 'the identity in use if left out']],
  options: (c) => c.requiredOption('--words-file <file>', 'new file for the 24 words, readable by you alone'),
  examples: ['3bot identity export alice --words-file words.txt'],
  async run(context, [name], { wordsFile }) {
    const { findIdentity } = await import('../../src/keys/identity.js');
    const { identityInUse, openByPassphrase } = await import('../../src/keys/unlock.js');
    const { checkWordsFile, writeWords } = await import('../../src/keys/words-file.js');
    const { home, out } = context;
    const identity = findIdentity(home, name ?? identityInUse(home));
    checkWordsFile(wordsFile);
    const { secret } = await openByPassphrase(context, 'identity', identity.name);
    writeWords(wordsFile, secret);
    secret.fill(0);
    out.one({ json: { id: identity.id, name: identity.name, words_file: wordsFile }, id: wordsFile, text: () => `the 24 words of ${identity.name} are in ${wordsFile}` });
  },
};
