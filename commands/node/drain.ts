// 3bot node drain
import { parseDuration } from '../../src/base/duration.js';
import { Problem } from '../../src/base/errors.js';
import type { CommandFile } from '../command.js';
import { ownNode } from './shared.js';

interface Options {
  for?: number;
  until?: number;
  reason?: string;
  stop?: true;
}

export const command: CommandFile<Options> = {
  about: 'Takes this node out of the market, as before work on the machine: it takes no new contract, and none of its contracts grows. What\nruns goes on and is paid; the owners see it with their contracts, and read the reason. To end their contracts: 3bot farm notice.',
  options: (c) => c
    .option('--for <duration>', 'for so long, for example 3d (default: until --stop)', parseDuration)
    .option('--until <time>', 'until then instead, for example 2026-12-24T12:00Z', parseTime)
    .option('--reason <text>', 'why; stands in the record')
    .option('--stop', 'it takes contracts again'),
  examples: ['3bot node drain --for 2d --reason "new disks on Friday"', '3bot node drain --stop'],
  async run(context, _args, { for: span, until: time, reason = '', stop }) {
    const { iso } = await import('../../src/base/clock.js');
    const { openKeyring } = await import('../../src/keys/unlock.js');
    const { sayDrained } = await import('../../src/node/drain.js');
    const { nodeOf } = await import('../../src/node/probe/join.js');
    const { contractsOn } = await import('../../src/rules/node.js');
    const { openGridOf } = await import('../handle.js');
    const { home, out, clock, flags } = context;
    if (span !== undefined && time !== undefined) throw new Problem('usage', '--for together with --until', { hint: 'leave one of them out' });
    if (stop === true && (span !== undefined || time !== undefined || reason !== '')) throw new Problem('usage', '--stop together with what says how long or why');
    const config = ownNode(home);
    const until = time ?? (span === undefined ? null : clock() + span);
    if (until !== null && until <= clock()) throw new Problem('usage', `${iso(until)} is over`);
    await using grid = await openGridOf(context, config.grid);
    await grid.refresh();
    const keyring = await openKeyring(context, 'node', config.key);
    const recorded = await sayDrained(grid, keyring.signer('node'), stop === true ? null : { until, reason });
    const node = nodeOf(grid, config.key);
    const contracts = node === undefined ? 0 : contractsOn(node, clock());
    if (!recorded && !flags.json) out.note('it is so already; nothing was recorded');
    const json = { node: config.key, draining: stop !== true, until: stop === true || until === null ? null : iso(until), reason, contracts };
    out.one({ json, text: () => (stop === true ? 'this node takes contracts again' : `this node takes nothing new${until === null ? '' : ` until ${iso(until)}`}; ${contracts} contract${contracts === 1 ? '' : 's'} on it, which go on`) });
    out.next(stop === true ? '3bot node status' : contracts > 0 ? '3bot farm notice CONTRACT   (ends one, with the agreed lead); 3bot node drain --stop' : '3bot node drain --stop');
  },
};

/** @throws Problem `usage` */
function parseTime(text: string): number {
  const time = /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new Problem('usage', `not a time: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'for example 2026-12-24 or 2026-12-24T12:00Z' });
  return time;
}
