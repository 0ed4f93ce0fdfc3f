// 3bot grid use
import type { CommandFile } from '../command.js';

export const command: CommandFile = {
  arguments: [['<grid>', 'name or first digits of the id']],
  examples: ['3bot grid use playground'],
  async run({ home, out }, [wanted = '']) {
    const { readConfig, updateConfig } = await import('../../src/home.js');
    const { chosenGrid } = await import('../../src/net/grid.js');
    const { Problem } = await import('../../src/base/errors.js');
    const entry = chosenGrid(readConfig(home), wanted);
    if (entry === undefined) throw new Problem('not_found', `no grid ${wanted} in this home folder`, { hint: '3bot grid join URL' });
    updateConfig(home, (config) => void (config.grid = entry.id));
    out.one({ json: { id: entry.id, name: entry.name }, id: entry.id, text: () => `commands use grid ${entry.name}` });
  },
};
