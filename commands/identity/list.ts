// 3bot identity list
import type { CommandFile } from '../command.js';

export const command: CommandFile = {
  examples: ['3bot identity list', '3bot identity list --json'],
  async run({ home, out }) {
    const { readConfig } = await import('../../src/home.js');
    const { describeIdentity } = await import('../../src/keys/identity.js');
    const { listKeystores } = await import('../../src/keys/keystore.js');
    const inUse = readConfig(home).identity;
    const listed = listKeystores(home, 'identity');
    const identities = listed.flatMap(({ name, file }) => (file === undefined ? [] : [{ ...describeIdentity(name, file.public), in_use: name === inUse }]));
    out.list({
      json: identities,
      columns: ['name', 'id', 'address', 'in use'],
      rows: identities.map(({ name, id, address, in_use }) => [name, id, address, in_use ? 'yes' : '']),
      empty: 'no identity yet: 3bot identity create',
    });
    for (const { problem } of listed) if (problem !== undefined) out.note(`3bot: warning: ${problem.message}`);
  },
};
