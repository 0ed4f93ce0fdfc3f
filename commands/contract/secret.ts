// 3bot contract secret
import type { CommandFile } from '../command.js';
import { openBuyer } from '../deal.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { CONTRACT_ARGUMENT, contractMeant } from './meant.js';
import { openSecrets, secretsGiven } from '../secrets.js';

export const command: CommandFile<GridFlag> = {
  about: 'Sends the node of a contract secrets again that its workloads name, as after a node lost its disk. They must be the same: others are\ndeployed. NAME=@FILE reads a file, NAME=- stdin, NAME alone asks.',
  arguments: [CONTRACT_ARGUMENT, ['<secrets...>', 'NAME=@FILE']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot contract secret 3f2a91c0 db-password=@password.txt', 'pass show db | 3bot contract secret 3f2a91c0 db-password=-'],
  async run(context, [text = '', ...secrets], options) {
    const { out } = context;
    const given = await secretsGiven(context, { secret: secrets });
    await using session = await openBuyer(context, options.grid);
    const { id, agreement } = await contractMeant(context, session.grid, text);
    await using open = await openSecrets(context, session, given);
    const problem = await open.send(id);
    if (problem !== undefined) throw problem;
    out.one({ json: { contract: id, node: agreement.node, sent: given.map(({ name }) => name) }, text: () => `sent to node ${agreement.node.slice(0, 16)}: ${given.map(({ name }) => name).join(', ')}` });
    out.next(`3bot contract show ${id.slice(0, 12)}`);
  },
};
