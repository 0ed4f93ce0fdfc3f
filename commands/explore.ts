// 3bot explore
import type { CommandFile } from './command.js';
import { parseDuration } from '../src/base/duration.js';
import { DEFAULT_TERM_MS } from './deal.js';
import { resourceOptions, resourcesOf, type ResourceOptions } from './resources.js';
import { GRID_FLAG, openGridOf, type GridFlag, renew } from './handle.js';
import { nowOf } from './now.js';

export const command: CommandFile<GridFlag & ResourceOptions & { for?: number; dedicated?: true }> = {
  about: 'Answered from your own copy: nobody is asked, and nobody learns what you look for.\nWithout resources it shows every node that is sold, with the price of a compute and a storage unit.\nPrices are those that farms have published for you: with your deals, and what is off for that long.',
  options: (c) => resourceOptions(c)
    .option('--for <duration>', 'how long you would buy, for example 12h or 30d (default: 30d)', parseDuration)
    .option('--dedicated', 'only nodes that nobody has a part of, each as a whole')
    .option(...GRID_FLAG),
  examples: ['3bot explore', '3bot explore --cpu 4 --sru 100', '3bot explore --cpu 2 --memory 512MiB --location BE --json', '3bot explore --dedicated --for 365d'],
  async run(context, _args, options) {
    const { formatTft } = await import('../src/base/amount.js');
    const { NOTHING } = await import('../src/capacity/fit.js');
    const { formatSize } = await import('../src/capacity/format.js');
    const { exclusionText, search } = await import('../src/market/directory.js');
    const { findFarm, findNode } = await import('../src/market/find.js');
    const { actsFor } = await import('../src/rules/identity.js');
    const { readConfig } = await import('../src/home.js');
    const { findBotKeys } = await import('../src/keys/identity.js');
    const { out, home } = context;
    const dedicated = options.dedicated === true;
    const wanted = resourcesOf(options) ?? (dedicated ? NOTHING : undefined);
    const { identity } = readConfig(home);
    await using grid = await openGridOf(context, options.grid);
    await renew(context, grid);
    const found = search(grid.reader, {
      resources: wanted ?? NOTHING,
      farm: options.farm === undefined ? undefined : findFarm(grid.reader, options.farm).id,
      node: options.node === undefined ? undefined : findNode(grid.reader, options.node).key,
      location: options.location, runtime: options.runtime, at: nowOf(grid),
      buyer: { key: identity === null ? undefined : actsFor(grid.reader, findBotKeys(home, identity).id), term_ms: options.for ?? DEFAULT_TERM_MS, dedicated },
    });
    const nodes = found.matches.map(({ farm, farm_name, place, endpoint, node, announcement, free, prices, discounts, per_hour_stroops }) => ({
      farm, farm_name, place, endpoint, node, free, capacity: announcement.capacity, declared: announcement.declared, runtime: announcement.runtime,
      location: announcement.location, cu_price: formatTft(BigInt(prices.cu_stroops)), su_price: formatTft(BigInt(prices.su_stroops)),
      discounts, price_per_hour: wanted === undefined ? null : formatTft(per_hour_stroops),
    }));
    const priceOf = wanted === undefined ? ['TFT/h a CU', 'TFT/h a SU'] : ['TFT/h'];
    out.list({
      json: { nodes, considered: found.considered, excluded: found.excluded },
      columns: ['farm', 'node', 'cores', 'memory', 'SSD', 'HDD', 'IPv4', ...priceOf, 'capacity', 'runtime', 'where'],
      rows: nodes.map(({ farm_name, node, free, declared, runtime, location: { country, region }, cu_price, su_price, price_per_hour }) => [
        farm_name, context.io.terminal.stdout ? node.slice(0, 12) : node, free.cru, formatSize(free.mru_mib), formatSize(free.sru_mib), formatSize(free.hru_mib), free.ipv4,
        ...(price_per_hour === null ? [cu_price, su_price] : [price_per_hour]), declared ? 'declared' : 'measured', runtime, [region, country].filter((part) => part !== null).join(', '),
      ]),
      empty: found.considered === 0 ? `nobody sells anything on grid ${grid.name} yet` : 'nothing fits',
    });
    if (found.excluded.length > 0) out.note(exclusionText(found));
    if (nodes.length > 0) out.next(wanted === undefined ? '3bot quote --cpu 4 --sru 100' : '3bot reserve with the same flags');
  },
};
