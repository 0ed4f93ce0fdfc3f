// 3bot farm show
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';
import { nowOf } from '../now.js';
import { askingText, shownAsking } from './asking.js';
import { ownFarm, pricesText, shownPrices } from './terms.js';

export const command: CommandFile<GridFlag> = {
  about: 'All of it stands in the book, so it can be asked about any farm.',
  arguments: [['[name]', 'name or first digits of the id; your own farm if left out']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot farm show', '3bot farm show sunny --json'],
  async run(context, [name], options) {
    const { formatTft, GRID_MONEY } = await import('../../src/base/amount.js');
    const { healthOf } = await import('../../src/farmer/health.js');
    const { durationText } = await import('../../src/market/words.js');
    const { dueNow } = await import('../../src/farmer/mint.js');
    const { addressOf } = await import('../../src/keys/did.js');
    const { formatSize } = await import('../../src/capacity/format.js');
    const { nodesOf, pricesOf, shownFree } = await import('../../src/market/directory.js');
    const { findFarm } = await import('../../src/market/find.js');
    const { salesOf } = await import('../../src/market/sales.js');
    const { home, out } = context;
    const own = name === undefined ? ownFarm(home) : undefined;
    await using grid = await openGridOf(context, options.grid ?? own?.grid);
    await grid.refresh();
    const at = nowOf(grid);
    const farm = findFarm(grid.reader, own?.id ?? name ?? '');
    const prices = pricesOf(grid.reader, farm);
    const nodes = [...nodesOf(grid.reader)].filter((node) => node.farm === farm.id).map((node) => ({
      node: node.key, admitted: node.admitted === farm.id, declared: node.announcement.declared, runtime: node.announcement.runtime, location: node.announcement.location,
      capacity: node.announcement.capacity, free: shownFree(node, at), ...healthOf(grid.reader, node, farm.id, at),
    }));
    const { sales, paid_stroops, due_stroops, complete } = salesOf(grid.reader, farm, at);
    const contracts = sales.map(({ contract, view, earned_stroops }) => ({ contract: contract.id, state: view.state, node: contract.agreement.node, total: formatTft(view.total_stroops), billed: formatTft(view.billed_stroops), earned: formatTft(earned_stroops) }));
    const mintable = formatTft(dueNow(grid.reader, farm.id, at));
    const income = { paid: formatTft(paid_stroops), due: formatTft(due_stroops) };
    const states = new Map<string, number>();
    for (const { state } of contracts) states.set(state, (states.get(state) ?? 0) + 1);
    out.one({
      json: { farm: farm.id, name: farm.name, owner: farm.owner, place: farm.place, endpoint: farm.endpoint, payout: addressOf(farm.payout), prices: shownPrices(prices), ...shownAsking(farm), nodes, contracts, income, mintable, complete },
      text: () => [
        `farm      ${farm.name}`, `id        ${farm.id}`, `place     ${farm.place}`, `endpoint  ${farm.endpoint ?? 'none: nobody can buy here'}`, `payout    ${addressOf(farm.payout)} (${GRID_MONEY})`, `asks      ${pricesText(prices)}`, ...askingText(farm).map(([what, text]) => `          ${what}: ${text}`),
        `income    ${income.paid} TFT paid, ${income.due} TFT earned and not paid yet: 3bot farm claim`,
        ...(mintable === formatTft(0n) ? [] : [`minting   ${mintable} TFT for the period that is over, not minted yet: 3bot farm mint`]),
        `contracts ${[...states].map(([state, count]) => `${count} ${state}`).join(', ') || 'none'}`,
        `nodes     ${nodes.length === 0 ? 'none: 3bot node join, or 3bot farm invite' : ''}`.trimEnd(),
        ...nodes.map(({ node, admitted, declared, free, capacity, contracts: count, state, heartbeat_age_ms, failed, release }) =>
          `  ${node.slice(0, 12)}  ${state.padEnd(8)}  ${heartbeat_age_ms === null ? 'never heard of' : `heard of ${durationText(Math.floor(heartbeat_age_ms / 1_000) * 1_000)} ago`}; free ${free.cru} of ${capacity.cru} cores, ${formatSize(free.mru_mib)} of ${formatSize(capacity.mru_mib)} memory, ${formatSize(free.sru_mib)} of ${formatSize(capacity.sru_mib)} SSD; ${count} contracts${failed === 0 ? '' : `, ${failed} failed workloads`}${release === null ? '' : `; 3bot ${release}`}${declared ? '; declared, not measured' : ''}${admitted ? '' : '; not admitted'}`),
      ].join('\n'),
    });
  },
};
