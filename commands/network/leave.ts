// 3bot network leave
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & { device?: string }> = {
  about: 'Takes a device out of a private network; every node shuts it out as soon as it has read the record, seconds later.\nWorkloads leave with their contract, or with a new list of them (3bot deploy).',
  arguments: [['<network>', 'its name, or id']],
  options: (c) => c.option('--device <name>', 'which device (default: laptop)').option(...GRID_FLAG),
  examples: ['3bot network leave home --device phone'],
  async run(context, [text = ''], { grid: named, device = 'laptop' }) {
    const { dropDevice, findNetwork, showNetwork } = await import('../../src/consumer/networks.js');
    const { openSigner } = await import('../drafts.js');
    const { networkText } = await import('./text.js');
    await using session = await openSigner(context, named);
    const { grid, keyring, desk } = session;
    const network = findNetwork(grid.reader, desk.bot, text);
    await dropDevice(grid, keyring, network, device);
    const shown = showNetwork(grid.reader, findNetwork(grid.reader, desk.bot, network.id), grid.clock());
    context.out.one({ json: shown, id: network.id, text: () => networkText(shown) });
    context.out.next(`3bot network show ${network.name}`);
  },
};
