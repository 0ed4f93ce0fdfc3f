// 3bot node install
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Problem } from '../../src/base/errors.js';
import type { CommandFile } from '../command.js';
import { ownNode } from './shared.js';

/** Where systemd looks for secrets that only this machine can open. */
const CREDENTIAL = '/etc/credstore.encrypted/3bot-node.passphrase';

export const command: CommandFile<{ user?: true; dryRun?: true }> = {
  about: `Writes a hardened systemd unit that runs 3bot node supervise, and starts it. The passphrase is not in it: systemd hands it over
as a credential, from the file of --passphrase-file, or else from ${CREDENTIAL}.`,
  options: (c) => c
    .option('--user', 'for the manager of this user instead of the system')
    .option('--dry-run', 'print the unit, write nothing'),
  examples: ['3bot node install --dry-run', '3bot node install --passphrase-file /etc/3bot/passphrase'],
  async run({ home, out, flags, signal }, _args, { user = false, dryRun = false }) {
    const { replaceFile } = await import('../../src/home.js');
    const { run } = await import('../../src/node/children.js');
    const { UNIT_NAME, unitText } = await import('../../src/node/unit.js');
    const { key, runtime, data } = ownNode(home);
    const program = process.argv[1];
    if (program === undefined) throw new Error('this program has no path');
    const given = flags.passphraseFile === undefined ? undefined : resolve(flags.passphraseFile);
    const credential = { encrypted: given === undefined, path: given ?? CREDENTIAL };
    const unit = unitText({ node: key, program: resolve(program), executable: process.execPath, home: home.path, data, runtime, user, credential });
    const path = user ? join(homedir(), '.config', 'systemd', 'user', UNIT_NAME) : join('/etc/systemd/system', UNIT_NAME);
    if (dryRun) {
      out.one({ json: { path, unit, written: false }, id: unit.trimEnd(), text: () => unit.trimEnd() });
      return;
    }
    if (!existsSync('/run/systemd/system')) throw new Problem('unreachable', 'systemd does not run this machine', { reason: 'systemd', hint: '3bot node install --dry-run shows the unit; 3bot node supervise runs without one' });
    if (!user && process.getuid?.() !== 0) throw new Problem('refused', 'a unit of the system is written by root', { reason: 'root', hint: 'sudo 3bot node install, or 3bot node install --user' });
    if (!existsSync(credential.path)) {
      const hint = given === undefined ? `systemd-ask-password -n | systemd-creds encrypt --name=passphrase - ${CREDENTIAL}; or give --passphrase-file FILE` : 'name a file that holds the passphrase';
      throw new Problem('not_found', `there is no passphrase at ${credential.path}`, { reason: 'passphrase', hint });
    }
    replaceFile(path, unit);
    out.note(`wrote ${path}`);
    const manager = user ? ['--user'] : [];
    await run('systemctl', [...manager, 'daemon-reload'], signal);
    await run('systemctl', [...manager, 'enable', '--now', UNIT_NAME], signal);
    out.one({ json: { path, unit, written: true }, id: path, text: () => `${UNIT_NAME} is enabled and started` });
    out.next(user ? 'loginctl enable-linger, so that it runs when you are not logged in; then 3bot node status' : `journalctl --unit ${UNIT_NAME} --follow`);
  },
};
