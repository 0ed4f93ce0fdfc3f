// 3bot explore
import type { CommandFile, Context } from './command.js';
import type { Found, Search } from '../src/market/directory.js';
import type { Grid } from '../src/net/grid.js';
import type { MarketNode } from '../src/schema/types.js';
import { parseDuration } from '../src/base/duration.js';
import { parsePercent } from '../src/capacity/percent.js';
import { DEFAULT_TERM_MS } from './deal.js';
import { resourceOptions, resourcesOf, type ResourceOptions } from './resources.js';
import { GRID_FLAG, openGridOf, type GridFlag, renew } from './handle.js';
import { nowOf } from './now.js';

interface Options extends GridFlag, ResourceOptions {
  for?: number;
  dedicated?: true;
  exec?: true;
  architectShare?: number;
  why?: string;
}

export const command: CommandFile<Options> = {
  about: 'Answered from your own copy: nobody is asked, and nobody learns what you look for.\nWithout resources it shows every node that is sold, with the price of a compute and a storage unit.\nPrices are those that farms have published for you: with your deals, and what is off for that long.\nWhere nothing fits it says what would; --why holds one node, or a farm\'s nodes, against everything that you ask for.',
  options: (c) => resourceOptions(c)
    .option('--for <duration>', 'how long you would buy, for example 12h or 30d (default: 30d)', parseDuration)
    .option('--dedicated', 'only nodes that nobody has a part of, each as a whole')
    .option('--exec', 'only nodes whose farmer allows commands within workloads')
    .option('--architect-share <percent>', 'only farms that leave so much to architects', parsePercent)
    .option('--why <node>', 'each check of this node, or of the nodes of this farm, with its evidence, and what would have to change')
    .option(...GRID_FLAG),
  examples: ['3bot explore', '3bot explore --cpu 4 --sru 100', '3bot explore --cpu 2 --memory 512MiB --location BE --json', '3bot explore --dedicated --for 365d', '3bot explore --cpu 4 --sru 100 --why 3f2a91c0'],
  async run(context, _args, options) {
    const { NOTHING } = await import('../src/capacity/fit.js');
    const { findFarm, findNode } = await import('../src/market/find.js');
    const { actsFor } = await import('../src/rules/identity.js');
    const { readConfig } = await import('../src/home.js');
    const { findBotKeys } = await import('../src/keys/identity.js');
    const { home } = context;
    const dedicated = options.dedicated === true;
    const wanted = resourcesOf(options) ?? (dedicated ? NOTHING : undefined);
    const { identity } = readConfig(home);
    await using grid = await openGridOf(context, options.grid);
    await renew(context, grid);
    const search: Search = {
      resources: wanted ?? NOTHING,
      farm: options.farm === undefined ? undefined : findFarm(grid.reader, options.farm).id,
      node: options.node === undefined ? undefined : findNode(grid.reader, options.node).key,
      location: options.location, runtime: options.runtime, at: nowOf(grid),
      ...(options.platform === undefined ? {} : { platforms: [options.platform] }),
      features: [...new Set([...(options.exec === true ? ['exec'] : []), ...(options.feature ?? [])])],
      fees_ppm: options.architectShare,
      buyer: { key: identity === null ? undefined : actsFor(grid.reader, findBotKeys(home, identity).id), term_ms: options.for ?? DEFAULT_TERM_MS, dedicated },
    };
    if (options.why === undefined) await show(context, grid, search, wanted !== undefined);
    else await showWhy(context, grid, search, options.why);
  },
};

/** What fits, and what would do where nothing does. */
async function show({ out, io: { terminal: { stdout: isTerminal } } }: Context, grid: Grid, wanted: Search, isPriced: boolean): Promise<void> {
  const { exclusionText, search } = await import('../src/market/directory.js');
  const { nearestShown, nearestText } = await import('../src/market/nearest.js');
  const { nodeShown } = await import('../src/market/shown.js');
  const found: Found = search(grid.reader, wanted);
  const nodes = found.matches.map((match) => nodeShown(match, isPriced));
  out.list({
    json: { nodes, considered: found.considered, excluded: found.excluded, nearest: found.nearest.map(nearestShown) },
    ...(await tableOf(nodes, isPriced, isTerminal)),
    least: ['IPv4', 'HDD', 'runtime', 'a SU', 'SSD', 'capacity', 'memory', 'where'],
    empty: found.considered === 0 ? `nobody sells anything on grid ${grid.name} yet` : 'nothing fits',
  });
  if (found.excluded.length > 0) out.note(exclusionText(found));
  for (const line of nearestText(found.nearest)) out.note(`what would do: ${line}`);
  if (nodes.length > 0) out.next(isPriced ? '3bot reserve with the same flags' : '3bot quote --cpu 4 --sru 100');
  else if (found.considered > 0) out.next('3bot explore --why NODE with the same flags');
}

/** Columns that say the same of every node, as most are measured and run podman, are left out on a terminal: it is narrow. */
async function tableOf(nodes: readonly MarketNode[], isPriced: boolean, isTerminal: boolean): Promise<{ columns: string[]; rows: (string | number)[][] }> {
  const { formatSize } = await import('../src/capacity/format.js');
  type Column = readonly [name: string, cell: (node: MarketNode) => string | number, usual?: string | number];
  const columns: Column[] = [
    ['farm', ({ farm_name }) => farm_name], ['node', ({ node }) => (isTerminal ? node.slice(0, 12) : node)],
    ['cores', ({ free }) => free.cru], ['memory', ({ free }) => formatSize(free.mru_mib)], ['SSD', ({ free }) => formatSize(free.sru_mib)], ['HDD', ({ free }) => formatSize(free.hru_mib), '0'], ['IPv4', ({ free }) => free.ipv4, 0],
    ...(isPriced ? [['TFT/h', ({ price_per_hour }) => price_per_hour ?? ''] satisfies Column] : [['TFT/h a CU', ({ cu_price }) => cu_price] satisfies Column, ['a SU', ({ su_price }) => su_price] satisfies Column]),
    ['capacity', ({ declared }) => (declared ? 'declared' : 'measured'), 'measured'], ['runtime', ({ runtime }) => runtime, 'podman'],
    ['where', ({ location: { country, region } }) => [region, country].filter((part) => part !== null).join(', ')],
  ];
  const shown = columns.filter(([, cell, usual]) => !isTerminal || usual === undefined || nodes.some((node) => cell(node) !== usual));
  return { columns: shown.map(([name]) => name), rows: nodes.map((node) => shown.map(([, cell]) => cell(node))) };
}

/** Nodes of a farm that --why shows on a terminal; --json has all. */
const SHOWN = 5;

/** Every check of a node, or of a farm's nodes. */
async function showWhy({ out, flags, io: { terminal } }: Context, grid: Grid, wanted: Search, named: string): Promise<void> {
  const { isProblem, Problem } = await import('../src/base/errors.js');
  const { findFarm, findNode } = await import('../src/market/find.js');
  const { whyFarm, whyNode } = await import('../src/market/why.js');
  const whys = (() => {
    try {
      return whyFarm(grid.reader, wanted, findFarm(grid.reader, named));
    } catch (thrown) {
      if (!isProblem(thrown, 'not_found')) throw thrown;
    }
    try {
      return [whyNode(grid.reader, wanted, findNode(grid.reader, named))];
    } catch (thrown) {
      if (!isProblem(thrown, 'not_found')) throw thrown;
      throw new Problem('not_found', `no node and no farm ${JSON.stringify(named.slice(0, 100))} on this grid`, { reason: 'node', hint: '3bot explore, or 3bot farm list' });
    }
  })();
  const shown = terminal.stdout ? whys.slice(0, SHOWN) : whys;
  const several = whys.length > 1;
  out.list({
    json: { nodes: whys },
    columns: [...(several ? ['node'] : []), 'check', '', 'asked for', 'found', 'what would do'],
    rows: shown.flatMap(({ node, checks }) => checks.map(({ check, passed, wanted: what, found, remedy }) => [...(several || !terminal.stdout ? [terminal.stdout ? node.slice(0, 8) : node] : []), check, passed ? 'yes' : 'NO', what, found, remedy ?? ''])),
    empty: 'this farm has no node',
  });
  if (flags.json) return;
  if (shown.length < whys.length) out.note(`of ${whys.length} nodes those ${shown.length} are shown that fail least; --json has all`);
  for (const { node, farm_name, fits, checks } of shown) out.note(`node ${node.slice(0, 12)} of farm ${farm_name ?? '?'} ${fits ? 'fits' : `does not fit: ${checks.filter(({ passed }) => !passed).map(({ check }) => check).join(', ')}`}`);
}
