// 3bot farm mint
import { Problem } from '../../src/base/errors.js';
import type { Minted, Standing } from '../../src/farmer/mint.js';
import type { UptimeObject } from '../../src/rules/objects.js';
import type { CommandFile, Context } from '../command.js';
import { openGridOf } from '../handle.js';
import { nowOf } from '../now.js';
import { ownFarm } from './terms.js';

interface Options {
  node?: string;
  period?: number;
  dryRun?: true;
}

const NONE: Minted = { done: new Set(), refused: [] };

export const command: CommandFile<Options> = {
  about: 'Mints TFT for periods that are over and in which nodes of your farm were up long enough, as certified. The amount follows from\nthe book alone, and is printed as a calculation that you can check by hand. It goes to the farm\'s payout account.',
  options: (c) => c
    .option('--node <node>', 'only this node: key, or its first digits')
    .option('--period <number>', 'only this period, without waiting for the status that confirms its last minutes', parsePeriod)
    .option('--dry-run', 'mint nothing; show every period, those under way or minted too'),
  examples: ['3bot farm mint --dry-run', '3bot farm mint', '3bot farm mint --node 4f0c9e --period 682'],
  async run(context, _args, { node: named, period, dryRun = false }) {
    const { openKeyring } = await import('../../src/keys/unlock.js');
    const { findNode } = await import('../../src/market/find.js');
    const { mintAll, periodsOf, standingOf, uncertified } = await import('../../src/farmer/mint.js');
    const { home, out } = context;
    const own = ownFarm(home);
    await using grid = await openGridOf(context, own.grid);
    await grid.refresh();
    const node = named === undefined ? null : findNode(grid.reader, named).key;
    const chosen = () => periodsOf(grid.reader, own.id, node).filter((uptime) => period === undefined || uptime.period === period).map((uptime) => ({ uptime, standing: standingOf(grid.reader, uptime, nowOf(grid)) }));
    const before = chosen();
    if (before.length === 0 && period !== undefined) throw new Problem('not_found', `no certified and confirmed time of a node of yours in period ${period}`, { reason: 'period', hint: '3bot farm mint --dry-run' });

    // A period that was named is minted or refused with the reason; else those that are due.
    const due = dryRun ? [] : before.filter(({ standing }) => period !== undefined || standing.state === 'due').map(({ uptime }) => uptime);
    const { done, refused } = due.length === 0 ? NONE : await mintAll(grid, await openKeyring(context, 'farm', own.name), due);
    const [first, ...others] = refused;

    const shown = chosen().filter(({ uptime }) => dryRun || done.has(`${uptime.node}/${uptime.period}`));
    if (shown.length > 0 || first === undefined) await show(context, own.id, shown, dryRun ? 'no time of a node of yours is confirmed and certified yet: 3bot node watch confirms it, and certifiers run 3bot grid certify NODE' : 'nothing is due: 3bot farm mint --dry-run shows every period, and why');
    for (const key of dryRun ? uncertified(grid.reader, own.id, nowOf(grid)) : []) {
      out.note(`node ${key.slice(0, 12)} has no certificate in force, so no time of it counts; the grid's certifiers: 3bot grid certify ${key.slice(0, 12)}`);
    }
    for (const { message } of others) out.note(message);
    if (first !== undefined) throw first;
    if (done.size > 0) out.next('3bot grid show   (what has been minted on this grid)');
  },
};

/** Each period with its calculation; in a pipe node, period, state, amount, and why there is none. */
async function show({ out, flags }: Context, farm: string, shown: readonly { readonly uptime: UptimeObject; readonly standing: Standing }[], nothing: string): Promise<void> {
  const { amountOf, calculationJson, calculationText, resultText } = await import('./calculation.js');
  const json = { farm, periods: shown.map(({ uptime, standing }) => calculationJson(uptime, standing)) };
  if (shown.length === 0) {
    if (!flags.json) out.note(nothing);
    return out.list({ json, columns: [], rows: [] });
  }
  out.one({
    json,
    rows: shown.map(({ uptime, standing }) => [uptime.node, uptime.period, standing.state, amountOf(standing), 'why' in standing ? standing.why : null]),
    text: () => shown.map(({ uptime, standing }) => `${calculationText(uptime)}\n${'amount'.padEnd(12)}${resultText(standing)}`).join('\n\n'),
  });
}

function parsePeriod(text: string): number {
  if (!/^[0-9]{1,12}$/.test(text)) throw new Problem('usage', `not a period: ${JSON.stringify(text.slice(0, 50))}`, { hint: 'its number, as 3bot farm mint --dry-run shows it' });
  return Number(text);
}
