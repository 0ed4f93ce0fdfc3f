// 3bot network create
import { Problem } from '../../src/base/errors.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & { subnet?: string }> = {
  about: 'Makes a private network: your workloads on any nodes, and your own devices, reach each other in it over WireGuard, and nobody else\ndoes. Which devices and contracts are in it is public; what they say to each other is not.',
  arguments: [['<name>', 'what you call it: 3 to 50 of a-z 0-9 -']],
  options: (c) => c.option('--subnet <cidr>', 'its addresses, 10.N.0.0/16 (default: an N at random)', parseSubnet).option(...GRID_FLAG),
  examples: ['3bot network create home', '3bot network create home --subnet 10.7.0.0/16'],
  async run(context, [name = ''], { grid: named, subnet }) {
    if (!/^[a-z0-9-]{3,50}$/.test(name)) throw new Problem('usage', `not a name: ${JSON.stringify(name.slice(0, 60))}`, { hint: '3 to 50 of a-z 0-9 -' });
    const { createNetwork, findNetwork, showNetwork } = await import('../../src/consumer/networks.js');
    const { openSigner } = await import('../drafts.js');
    const { networkText } = await import('./text.js');
    await using session = await openSigner(context, named);
    const { grid, keyring, desk } = session;
    const id = await createNetwork(grid, keyring, desk.bot, name, subnet ?? null);
    const shown = showNetwork(grid.reader, findNetwork(grid.reader, desk.bot, id), grid.clock());
    context.out.one({ json: shown, id, text: () => networkText(shown) });
    context.out.next(`3bot network join ${name} --device laptop, or 3bot reserve … --network ${name}`);
  },
};

function parseSubnet(text: string): string {
  const match = /^10\.(0|[1-9][0-9]{0,2})\.0\.0\/16$/.exec(text);
  if (match === null || Number(match[1]) > 255) throw new Problem('usage', `not a subnet: ${JSON.stringify(text.slice(0, 50))}`, { hint: '10.N.0.0/16, for example 10.7.0.0/16' });
  return text;
}
