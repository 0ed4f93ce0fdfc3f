// 3bot deploy
import type { CommandFile } from './command.js';
import { CONTRACT_ARGUMENT, contractMeant } from './contract/meant.js';
import { openBuyer } from './deal.js';
import { GRID_FLAG, type GridFlag } from './handle.js';
import { inNetwork, resolved, runOptions, workloadsAsked, type RunOptions } from './running.js';
import { openSecrets, secretOptions, secretsGiven, type SecretOptions } from './secrets.js';
import { waitAndShow, waitOptions, type WaitOptions } from './waiting.js';

export const command: CommandFile<GridFlag & RunOptions & SecretOptions & WaitOptions & { workloadName?: string }> = {
  about: 'Adds a workload to a contract, or replaces the one of its name; --workload brings several at once. The reserved volume is at /data.\nThe farmer is root on the node and can read what runs there, secrets too; --env is public.',
  arguments: [CONTRACT_ARGUMENT],
  options: (c) => waitOptions(secretOptions(runOptions(c)))
    .option('--workload-name <name>', 'name of the workload within the contract (default: main)')
    .option(...GRID_FLAG),
  examples: ['3bot deploy 3f2a91c0 --image docker.io/library/nginx:1.27 --port 80', '3bot deploy 3f2a91c0 --workload web.json', '3bot deploy 3f2a91c0 --workload-name db --image docker.io/library/postgres:17 --secret db-password=@password.txt --env POSTGRES_PASSWORD_FILE=/run/secrets/db-password'],
  async run(context, [text = ''], options) {
    const { Problem } = await import('../src/base/errors.js');
    const { demandPlatform, deploy } = await import('../src/consumer/change.js');
    const { contractText } = await import('./contract/text.js');
    const { out, flags } = context;
    const asked = await workloadsAsked(context, options.workloadName ?? 'main', options);
    if (asked.length === 0) throw new Problem('usage', 'what to run is missing', { hint: 'give --image or --workload, or --command for a node with the process runtime' });
    const given = await secretsGiven(context, options);
    const { workloads, platforms } = await resolved(context, asked, given);
    let id: string;
    let unsent: unknown;
    {
      await using session = await openBuyer(context, options.grid);
      ({ id } = await contractMeant(context, session.grid, text));
      demandPlatform(session.grid.reader, id, platforms);
      const inside = await inNetwork(session.grid, session.buyer.keyring.signer('bot').key, workloads, options, { order: null, contract: id });
      await using secrets = await openSecrets(context, session, given);
      const changed = await deploy(session.grid, session.buyer.keyring, id, secrets.listedIn(inside, options.workload !== undefined));
      if (!changed && !flags.json) out.note('this is in the contract already; nothing was recorded');
      unsent = await secrets.send(id);
    }
    const { contract, problem = unsent } = await waitAndShow(context, options.grid, id, unsent === undefined ? 'ready' : 'held', options);
    const failed = (problem as { code?: unknown } | undefined)?.code === 'failed';
    out.one({ json: { contract: id, ...contract, state: failed ? 'failed' : contract.progress }, id, text: () => contractText(contract) });
    if (problem !== undefined) throw problem;
    out.next(`3bot contract show ${id.slice(0, 12)}`);
  },
};
