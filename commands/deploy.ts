// 3bot deploy
import type { CommandFile } from './command.js';
import { openBuyer, runOptions, type RunOptions } from './deal.js';
import { GRID_FLAG, type GridFlag } from './handle.js';
import { waitAndShow, waitOptions, type WaitOptions } from './waiting.js';

export const command: CommandFile<GridFlag & RunOptions & WaitOptions & { workloadName?: string }> = {
  about: 'Adds a workload to a contract, or replaces the one of its name. The reserved volume is at /data.\nThe farmer is root on the node and can read what runs there; --env is public.',
  arguments: [['<contract>', 'id, or its first digits']],
  options: (c) => waitOptions(runOptions(c))
    .option('--workload-name <name>', 'name of the workload within the contract (default: main)')
    .option(...GRID_FLAG),
  examples: ['3bot deploy 3f2a91c0 --image docker.io/library/nginx@sha256:67682bda769fae1ccf5183192b8daf37b64cae99c6c3302650f6f8bf5f0f95df --port 80'],
  async run(context, [text = ''], options) {
    const { Problem } = await import('../src/base/errors.js');
    const { deploy } = await import('../src/consumer/change.js');
    const { findContract } = await import('../src/consumer/contracts.js');
    const { workloadOf } = await import('../src/consumer/workload.js');
    const { contractText } = await import('./contract/text.js');
    const { out, flags } = context;
    const workload = workloadOf(options.workloadName ?? 'main', options);
    if (workload === undefined) throw new Problem('usage', 'what to run is missing', { hint: 'give --image, or --command for a node with the process runtime' });
    let id: string;
    {
      await using session = await openBuyer(context, options.grid);
      ({ id } = findContract(session.grid.reader, text));
      const changed = await deploy(session.grid, session.buyer.keyring, id, workload);
      if (!changed && !flags.json) out.note('this workload is in the contract already; nothing was recorded');
    }
    const { contract, problem } = await waitAndShow(context, options.grid, id, 'ready', options);
    const failed = (problem as { code?: unknown } | undefined)?.code === 'failed';
    out.one({ json: { contract: id, ...contract, state: failed ? 'failed' : contract.progress }, id, text: () => contractText(contract) });
    if (problem !== undefined) throw problem;
    out.next(`3bot contract show ${id.slice(0, 12)}`);
  },
};
