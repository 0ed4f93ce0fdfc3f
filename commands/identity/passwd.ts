// 3bot identity passwd
import type { CommandFile, Context } from '../command.js';

interface Options {
  all?: true;
  newPassphraseFile?: string;
}

export const command: CommandFile<Options> = {
  about: 'Encrypts keys under another passphrase. Each file is replaced whole or not at all; whoever kept an old copy still opens it with the\nold passphrase, so rotate keys that may be known (3bot identity rotate).',
  arguments: [['[name]', 'identity or operational key; the one in use if left out']],
  options: (c) => c
    .option('--all', 'every key of this home folder that the old passphrase opens: farm, node, log and witness keys, too')
    .option('--new-passphrase-file <file>', 'first line is the new passphrase; asked for if left out'),
  examples: ['3bot identity passwd', '3bot identity passwd --all --passphrase-file old --new-passphrase-file new'],
  async run(context, [name], { all, newPassphraseFile }) {
    const { Problem, isProblem } = await import('../../src/base/errors.js');
    const { botKeyringType, changePassphrase, listKeystores, openKeystore } = await import('../../src/keys/keystore.js');
    const { identityInUse, openByPassphrase } = await import('../../src/keys/unlock.js');
    const { home, out } = context;
    const chosen = name ?? identityInUse(home);
    const first = await openByPassphrase(context, botKeyringType(home, chosen), chosen);
    const passphrase = await newPassphrase(context, newPassphraseFile);
    if (passphrase === first.passphrase) throw new Problem('usage', 'this is the passphrase already', { hint: 'choose another one' });
    const changed: { type: string; name: string }[] = [];
    const change = async ({ file, secret }: Pick<typeof first, 'file' | 'secret'>): Promise<void> => {
      await changePassphrase(home, file, secret, passphrase);
      secret.fill(0);
      changed.push({ type: file.type, name: file.name });
    };
    // The one that was named comes last: broken off before, the same command goes on.
    const left: string[] = [];
    for (const { type, name: other, file, problem } of all === true ? listKeystores(home) : []) {
      if (type === first.file.type && other === first.file.name) continue;
      try {
        if (file === undefined) throw problem;
        await change({ file, secret: await openKeystore(file, first.passphrase) });
      } catch (thrown) {
        if (!isProblem(thrown)) throw thrown;
        left.push(`${type} ${other}: ${thrown.message}`);
      }
    }
    await change(first);
    out.list({ json: changed, columns: ['type', 'name'], rows: changed.map(({ type, name: of }) => [type, of]), empty: '' });
    for (const why of left) out.note(`left as it was: ${why}`);
    out.note('keys that the unlock agent holds stay open: 3bot lock closes them; services that read a passphrase file need the new one');
  },
};

async function newPassphrase({ prompt }: Context, path: string | undefined): Promise<string> {
  const { Problem } = await import('../../src/base/errors.js');
  const { MAX_PASSPHRASE_BYTES } = await import('../../src/base/limits.js');
  if (path !== undefined) {
    const { readText } = await import('../files.js');
    return readText(path, MAX_PASSPHRASE_BYTES + 2).split(/\r?\n/, 1)[0] ?? '';
  }
  const typed = await prompt.secret('The new passphrase:', '--new-passphrase-file');
  if ((await prompt.secret('The same again:', '--new-passphrase-file')) !== typed) throw new Problem('usage', 'the two passphrases differ; nothing was changed', { hint: 'run it again' });
  return typed;
}
