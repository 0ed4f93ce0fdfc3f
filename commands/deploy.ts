// 3bot deploy
import type { CommandFile } from './command.js';
import { CONTRACTS_ARGUMENT, contractsMeant } from './contract/meant.js';
import { openBuyer } from './deal.js';
import { GRID_FLAG, type GridFlag } from './handle.js';
import { inNetwork, resolved, runOptions, workloadsAsked, type RunOptions } from './running.js';
import { openSecrets, secretOptions, secretsGiven, type SecretOptions } from './secrets.js';
import { waitForAll, waitOptions, type WaitOptions } from './waiting.js';

export const command: CommandFile<GridFlag & RunOptions & SecretOptions & WaitOptions & { workloadName?: string }> = {
  about: 'Adds a workload to a contract, or replaces the one of its name; --workload brings several at once.\nThe name of an order of several means all of its contracts. The reserved volume is at /data.\nThe farmer is root on the node and can read what runs there, secrets too; --env is public.',
  arguments: [CONTRACTS_ARGUMENT],
  options: (c) => waitOptions(secretOptions(runOptions(c)))
    .option('--workload-name <name>', 'name of the workload within the contract (default: main)')
    .option(...GRID_FLAG),
  examples: ['3bot deploy 3f2a91c0 --image docker.io/library/nginx:1.27 --port 80', '3bot deploy 3f2a91c0 --workload web.json', '3bot deploy 3f2a91c0 --workload-name db --image docker.io/library/postgres:17 --secret db-password=@password.txt --env POSTGRES_PASSWORD_FILE=/run/secrets/db-password'],
  async run(context, [text = ''], options) {
    const { Problem } = await import('../src/base/errors.js');
    const { demandPlatform, deploy } = await import('../src/consumer/change.js');
    const { showOrder } = await import('../src/consumer/parts.js');
    const { viewOf } = await import('../src/rules/view.js');
    const { contractText, orderText } = await import('./contract/text.js');
    const { nowOf } = await import('./now.js');
    const { out, flags } = context;
    const asked = await workloadsAsked(context, options.workloadName ?? 'main', options);
    if (asked.length === 0) throw new Problem('usage', 'what to run is missing', { hint: 'give --image or --workload, or --command for a node with the process runtime' });
    const given = await secretsGiven(context, options);
    const { workloads, platforms } = await resolved(context, asked, given);
    let order: string | null;
    let ids: string[];
    let unsent: unknown;
    {
      await using session = await openBuyer(context, options.grid);
      const meant = await contractsMeant(context, session.grid, text);
      order = meant.order;
      ids = meant.contracts.filter((contract) => order === null || viewOf(session.grid.reader, contract, nowOf(session.grid)).state !== 'ended').map(({ id }) => id);
      if (ids.length === 0) throw new Problem('refused', `the order ${order} is over`, { reason: 'ended', hint: `3bot contract list --order ${order}` });
      for (const id of ids) demandPlatform(session.grid.reader, id, platforms);
      await using secrets = await openSecrets(context, session, given);
      const used = new Set<string>();
      let changed = 0;
      for (const id of ids) {
        const inside = await inNetwork(session.grid, session.buyer.keyring.signer('bot').key, workloads, options, { order: null, contract: id, used });
        if (await deploy(session.grid, session.buyer.keyring, id, secrets.listedIn(inside, options.workload !== undefined))) changed += 1;
      }
      if (changed === 0 && !flags.json) out.note('this is in the contract already; nothing was recorded');
      for (const id of ids) unsent ??= await secrets.send(id);
    }
    const waited = await waitForAll(context, options.grid, ids, unsent === undefined ? 'ready' : 'held', options);
    const problem = waited.find((one) => one.problem !== undefined)?.problem ?? unsent;
    if (order === null) {
      const failed = (problem as { code?: unknown } | undefined)?.code === 'failed';
      for (const { contract } of waited) out.one({ json: { contract: contract.id, ...contract, state: failed ? 'failed' : contract.progress }, id: contract.id, text: () => contractText(contract) });
    } else {
      const whole = showOrder(order, waited.map(({ contract }) => contract));
      out.one({ json: whole, id: order, text: () => orderText(whole) });
    }
    if (problem !== undefined) throw problem;
    out.next(`3bot contract show ${order ?? ids[0]?.slice(0, 12)}`);
  },
};
