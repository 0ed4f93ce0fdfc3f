// 3bot identity show
import type { CommandFile } from '../command.js';

export const command: CommandFile = {
  arguments: [['[name]', 'name or first digits of the id; the identity in use if left out']],
  examples: ['3bot identity show', '3bot identity show alice --json'],
  async run({ home, out }, [name]) {
    const { readConfig } = await import('../../src/home.js');
    const { findBotKeys, identityText } = await import('../../src/keys/identity.js');
    const { identityInUse } = await import('../../src/keys/unlock.js');
    const identity = findBotKeys(home, name ?? identityInUse(home));
    out.one({ json: { ...identity, in_use: readConfig(home).identity === identity.name }, text: () => identityText(identity) });
  },
};
