// 3bot identity use
import type { CommandFile } from '../command.js';

export const command: CommandFile = {
  arguments: [['<name>', 'name or first digits of the id']],
  examples: ['3bot identity use alice'],
  async run({ home, out }, [name = '']) {
    const { updateConfig } = await import('../../src/home.js');
    const { findBotKeys } = await import('../../src/keys/identity.js');
    const identity = findBotKeys(home, name);
    updateConfig(home, (config) => void (config.identity = identity.name));
    out.one({ json: { ...identity, in_use: true }, id: identity.id, text: () => `commands now use ${identity.name}` });
  },
};
