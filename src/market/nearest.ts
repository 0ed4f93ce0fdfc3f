// Where nothing fits: the nearest terms that would do. One filter gives way at a time; then resources, down to the
// most that some node has; where that helps nowhere, the fewest of both together.
import { RESOURCE_NAMES, type ResourceName } from '../capacity/fit.js';
import { formatTft } from '../base/amount.js';
import type { MarketNearest, Resources } from '../schema/types.js';
import { checksOf, lessText, type Check, type Exclusion } from './checks.js';
import type { DirectoryState, Search } from './directory.js';
import { cheaper, pricing, type Priced, type Pricing } from './pricing.js';
import { survey, type Candidate, type Survey } from './survey.js';

/** Terms that would do. */
export interface Nearest {
  /** What gives way. */
  readonly relaxed: readonly Exclusion[];
  /** In words: `without --location BE`, `with 60GiB of SSD instead of 100GiB`. */
  readonly text: string;
  /** What there would be: as asked, or less where resources give way. */
  readonly resources: Resources;
  /** How many nodes fit then. */
  readonly nodes: number;
  /** The cheapest of them, and what it costs an hour. */
  readonly node: string;
  readonly farm_name: string;
  readonly per_hour_stroops: bigint;
}

/** Ways out that need more than one change, at most: with the second many read on, with the fourth nobody. */
const MAX_SEVERAL = 3;

/** The nearest terms: filters before resources before both, most nodes first; none where only others could change it. */
export function nearestTo(state: DirectoryState, wanted: Search): Nearest[] {
  const checks = checksOf(wanted);
  const seen = survey(state, checks, wanted.at, true);
  const { all } = pricing(state, wanted);
  const filters = checks.flatMap((check, n): Nearest[] => {
    if (check.without === null) return [];
    const { all: price } = check.reason === 'shared' ? pricing(state, shared(wanted)) : { all };
    return entry([check.reason], check.without, wanted.resources, price(seen.candidates(1 << n)).priced);
  });
  const found = [...filters.sort((a, b) => b.nodes - a.nodes), ...smaller(wanted, checks, seen, all)];
  return found.length > 0 ? found : several(wanted, checks, seen, (failed) => (failed.some(({ reason }) => reason === 'shared') ? pricing(state, shared(wanted)).all : all));
}

/** The same with others on the node, which is another price. */
function shared({ buyer, ...wanted }: Search): Search {
  return buyer === undefined ? wanted : { ...wanted, buyer: { ...buyer, dedicated: false } };
}

function smaller({ resources }: Search, checks: readonly Check[], seen: Survey, price: Pricing['all']): Nearest[] {
  const room = checks.flatMap(({ resource }, n) => (resource === undefined ? [] : [{ resource, bit: 1 << n }]));
  const single = room.flatMap(({ resource, bit }) => {
    const nodes = seen.candidates(bit);
    const most = nodes.reduce((found, { free }) => Math.max(found, free[resource]), 0);
    return nodes.length === 0 ? [] : offered(nodes, { ...resources, [resource]: rounded(resource, most) });
  });
  if (single.length > 0) return single;
  // No node lacks one thing alone: the one that comes nearest in all.
  const all = room.reduce((mask, { bit }) => mask | bit, 0);
  const nodes = [...seen.groups.keys()].filter((failed) => failed > 0 && (failed & ~all) === 0).flatMap((failed) => seen.candidates(failed));
  const less = nodes.length === 0 ? resources : mostOf(nodes, room.map(({ resource }) => resource), resources);
  return offered(nodes, less);

  function offered(among: readonly Candidate[], terms: Resources): Nearest[] {
    const given = room.filter(({ resource }) => terms[resource] < resources[resource]).map(({ resource }) => resource);
    const fitting = among.filter(({ free }) => RESOURCE_NAMES.every((name) => free[name] >= terms[name]));
    if (RESOURCE_NAMES.every((name) => terms[name] === 0)) return [];
    const text = given.map((name) => lessText(name, terms[name], resources[name])).join(', ');
    return entry(given.map((name) => reasonOf(checks, name)), text, terms, price(fitting, terms).priced);
  }
}

/** Of these resources what the node has that comes nearest to all of them; of the others what is asked for. */
function mostOf(nodes: readonly Candidate[], names: readonly ResourceName[], resources: Resources): Resources {
  const parts = nodes.map(({ key, free }) => ({ key, free, part: Math.min(...names.map((name) => free[name] / resources[name])) }));
  const [best] = parts.sort((a, b) => b.part - a.part || (a.key < b.key ? -1 : 1));
  const less = { ...resources };
  for (const name of names) less[name] = Math.min(resources[name], rounded(name, best?.free[name] ?? 0));
  return less;
}

/** Filters, and resources too where it takes that: as few changes as there have to be. */
function several({ resources }: Search, checks: readonly Check[], seen: Survey, priceFor: (failed: readonly Check[]) => Pricing['all']): Nearest[] {
  const ways = [...seen.groups]
    .map(([mask, nodes]) => ({ mask, nodes, failed: checks.filter((_, n) => (mask & (1 << n)) !== 0) }))
    .filter(({ failed }) => failed.length > 0 && failed.every(({ without, resource }) => without !== null || resource !== undefined));
  const fewest = Math.min(...ways.map(({ failed }) => failed.length));
  const nearest = ways.filter(({ failed }) => failed.length === fewest).sort((a, b) => b.nodes - a.nodes || a.mask - b.mask);
  return nearest.slice(0, MAX_SEVERAL).flatMap(({ mask, failed }) => {
    const names = failed.flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
    const nodes = seen.candidates(mask);
    const terms = names.length === 0 ? resources : mostOf(nodes, names, resources);
    if (names.length > 0 && RESOURCE_NAMES.every((name) => terms[name] === 0)) return [];
    const fitting = nodes.filter(({ free }) => RESOURCE_NAMES.every((name) => free[name] >= terms[name]));
    const texts = [...failed.flatMap(({ without }) => (without === null ? [] : [without])), ...names.map((name) => lessText(name, terms[name], resources[name]))];
    return entry(failed.map(({ reason }) => reason), texts.join(', '), terms, priceFor(failed)(fitting, terms).priced);
  });
}

function entry(relaxed: readonly Exclusion[], text: string, resources: Resources, priced: Priced[]): Nearest[] {
  const [best] = priced.sort(cheaper);
  return best === undefined ? [] : [{ relaxed, text, resources, nodes: priced.length, node: best.key, farm_name: best.farm.name, per_hour_stroops: best.per_hour_stroops }];
}

function reasonOf(checks: readonly Check[], name: ResourceName): Exclusion {
  return checks.find(({ resource }) => resource === name)?.reason ?? 'price';
}

/** Sizes of a GiB or more in whole ones, as people ask for them; never more than there is. */
function rounded(name: ResourceName, count: number): number {
  return name === 'cru' || name === 'ipv4' || count < 1_024 ? count : count - (count % 1_024);
}

/** Nearest terms for people, a line each: `without --location BE: 12 nodes, from 0.0201000 TFT/h`. */
export function nearestText(nearest: readonly Nearest[]): string[] {
  return nearest.map(({ text, nodes, per_hour_stroops }) => `${text}: ${nodes} node${nodes === 1 ? '' : 's'}, from ${formatTft(per_hour_stroops)} TFT/h`);
}

/** Nearest terms for `--json`. */
export function nearestShown({ per_hour_stroops, relaxed, ...one }: Nearest): MarketNearest {
  return { ...one, relaxed: [...relaxed], price_per_hour: formatTft(per_hour_stroops) };
}
