// 3bot witness create
import type { CommandFile } from '../command.js';

export const command: CommandFile<{ audit?: true; keyName?: string }> = {
  about: 'A witness cosigns the checkpoints of logs that it knows, each only if it continues the one before: where a grid asks for a\nquorum of witnesses, its home cannot show two people two books. 3bot serve answers for it (C2SP tlog-witness).\nAn auditing witness takes in every line by all rules, and looks at its time, before it cosigns.',
  arguments: [['<name>', '3 to 50 characters of a-z, 0-9 and -; part of its address']],
  options: (c) => c
    .option('--audit', 'take in every line of a log before cosigning; needs the address of its home')
    .option('--key-name <name>', 'name of its key on checkpoints, preferably an address that is yours, without https:// (default: 3bot/witness/NAME)'),
  examples: ['3bot witness create watcher', '3bot witness create auditor --audit --key-name example.com/auditor'],
  async run(context, [name = ''], { audit = false, keyName = `3bot/witness/${name}` }) {
    const { checkName } = await import('../../src/keys/identity.js');
    const { createKeyring } = await import('../../src/keys/unlock.js');
    const { formatVkey, parseVkey } = await import('../../src/tlog/note.js');
    const { Ledger, witnessKey } = await import('../../src/witness/ledger.js');
    const { Problem } = await import('../../src/base/errors.js');
    checkName(name);
    // A name that could not be read again must not become a key.
    try {
      parseVkey(formatVkey({ name: keyName, type: 'cosignature', key: '00'.repeat(32) }));
    } catch (cause) {
      throw new Problem('usage', `not a name of a key: ${JSON.stringify(keyName.slice(0, 100))}`, { cause, hint: 'no spaces and no plus sign, for example example.com/watcher' });
    }
    const { home, out } = context;
    const keyring = await createKeyring(context, 'witness', name);
    using ledger = Ledger.create(home.witnessLedger(name), { key_name: keyName, audits: audit });
    const vkey = formatVkey(witnessKey(ledger.identity, keyring.public['witness'] ?? ''));
    out.one({ json: { witness: name, vkey, audits: audit }, id: vkey, text: () => `witness ${name}${audit ? ', which audits' : ''}\nkey     ${vkey}` });
    out.next(audit ? `3bot witness trust ${name} https://HOME-OF-THE-GRID --genesis HASH` : `3bot witness trust ${name} KEY-OF-A-LOG`);
  },
};
