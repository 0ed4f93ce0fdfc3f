// 3bot farm show
import type { Grid } from '../../src/net/grid.js';
import type { CommandFile, Context } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag, renew } from '../handle.js';
import type { Look } from '../looks.js';
import { nowOf } from '../now.js';
import { askingText, shownAsking } from './asking.js';
import { nodeLines } from './nodes.js';
import { ownFarm, pricesText, shownPrices } from './terms.js';

const INTERVAL_MS = 2_000;

export const command: CommandFile<GridFlag & { watch?: true }> = {
  about: 'All of it stands in the book, so it can be asked about any farm. Of each node: when it was heard of last, and of processors, memory\nand disk what is free and what is sold.',
  arguments: [['[name]', 'name or first digits of the id; your own farm if left out']],
  options: (c) => c.option('--watch', 'again and again (one object a line with --json)').option(...GRID_FLAG),
  examples: ['3bot farm show', '3bot farm show --watch', '3bot farm show sunny --json'],
  async run(context, [name], { grid: named, watch }) {
    const own = name === undefined ? ownFarm(context.home) : undefined;
    await using grid = await openGridOf(context, named ?? own?.grid, watch === true);
    await renew(context, grid);
    if (watch === true) {
      const { showLooks } = await import('../looks.js');
      return await showLooks(context, looks(context, grid, own?.id ?? name ?? ''));
    }
    const { json, text } = await look(context, grid, own?.id ?? name ?? '');
    context.out.one({ json, text: () => text });
  },
};

async function* looks(context: Context, grid: Grid, farm: string): AsyncGenerator<Look> {
  const { setTimeout: pause } = await import('node:timers/promises');
  const { signal } = context;
  for (; !signal.aborted; await pause(INTERVAL_MS, undefined, { signal }), await grid.refresh()) yield await look(context, grid, farm);
}

/** A farm as the copy has it now. */
async function look({ home }: Context, grid: Grid, named: string): Promise<Look> {
  const { formatTft, GRID_MONEY } = await import('../../src/base/amount.js');
  const { subtract } = await import('../../src/capacity/fit.js');
  const { readConfig } = await import('../../src/home.js');
  const { freeCapacity } = await import('../../src/rules/node.js');
  const { healthOf } = await import('../../src/farmer/health.js');
  const { dueNow } = await import('../../src/farmer/mint.js');
  const { addressOf } = await import('../../src/keys/did.js');
  const { nodesOf, pricesOf, shownFree } = await import('../../src/market/directory.js');
  const { findFarm } = await import('../../src/market/find.js');
  const { salesOf } = await import('../../src/market/sales.js');
  const at = nowOf(grid);
  const farm = findFarm(grid.reader, named);
  const config = readConfig(home).farm;
  const wakes = config?.id === farm.id && config.power !== undefined;
  const prices = pricesOf(grid.reader, farm);
  const nodes = [...nodesOf(grid.reader)].filter((node) => node.farm === farm.id).map((node) => ({
    node: node.key, admitted: node.admitted === farm.id, declared: node.announcement.declared, runtime: node.announcement.runtime, location: node.announcement.location,
    capacity: node.announcement.capacity, free: shownFree(node, at), sold: subtract(node.announcement.capacity, freeCapacity(node, at)), ...healthOf(grid.reader, node, farm.id, at, wakes),
  }));
  const { sales, paid_stroops, due_stroops, complete } = salesOf(grid.reader, farm, at);
  const contracts = sales.map(({ contract, view, earned_stroops }) => ({ contract: contract.id, state: view.state, node: contract.agreement.node, total: formatTft(view.total_stroops), billed: formatTft(view.billed_stroops), earned: formatTft(earned_stroops) }));
  const mintable = formatTft(dueNow(grid.reader, farm.id, at));
  const income = { paid: formatTft(paid_stroops), due: formatTft(due_stroops) };
  const states = new Map<string, number>();
  for (const { state } of contracts) states.set(state, (states.get(state) ?? 0) + 1);
  const lines = [
    `farm      ${farm.name}`, `id        ${farm.id}`, `place     ${farm.place}`, `endpoint  ${farm.endpoint ?? 'none: nobody can buy here'}`, `payout    ${addressOf(farm.payout)} (${GRID_MONEY})`, `asks      ${pricesText(prices)}`, ...askingText(farm).map(([what, text]) => `          ${what}: ${text}`),
    `income    ${income.paid} TFT paid, ${income.due} TFT earned and not paid yet: 3bot farm claim`,
    ...(mintable === formatTft(0n) ? [] : [`minting   ${mintable} TFT for the period that is over, not minted yet: 3bot farm mint`]),
    `contracts ${[...states].map(([state, count]) => `${count} ${state}`).join(', ') || 'none'}`,
    `nodes     ${nodes.length === 0 ? 'none: 3bot node join, or 3bot farm invite' : ''}`.trimEnd(),
    ...(nodes.length === 0 ? [] : nodeLines(nodes)),
  ];
  return { json: { farm: farm.id, name: farm.name, owner: farm.owner, place: farm.place, endpoint: farm.endpoint, payout: addressOf(farm.payout), prices: shownPrices(prices), ...shownAsking(farm), nodes, contracts, income, mintable, complete }, text: lines.join('\n') };
}
