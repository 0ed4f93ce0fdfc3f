// 3bot identity list
import type { CommandFile } from '../command.js';

export const command: CommandFile = {
  examples: ['3bot identity list', '3bot identity list --json'],
  async run({ home, out, flags }) {
    const { readConfig } = await import('../../src/home.js');
    const { ADDRESS_NOTE, listBotKeys } = await import('../../src/keys/identity.js');
    const inUse = readConfig(home).identity;
    const { keys, problems } = listBotKeys(home);
    const identities = keys.map((one) => ({ ...one, in_use: one.name === inUse }));
    out.list({
      json: identities,
      columns: ['name', 'id', 'address', 'in use'],
      least: ['address'],
      rows: identities.map(({ name, id, address, in_use }) => [name, id, address ?? 'operational key, no wallet', in_use ? 'yes' : '']),
      empty: 'no identity yet: 3bot identity create',
    });
    if (identities.length > 0 && !flags.json) out.note(ADDRESS_NOTE);
    for (const problem of problems) out.note(`3bot: warning: ${problem.message}`);
  },
};
