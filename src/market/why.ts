// Why a node is a match or not: each check of a search with its evidence, passed or failed.
import { formatTft } from '../base/amount.js';
import { read, type FarmObject, type NodeObject } from '../rules/objects.js';
import type { MarketCheck } from '../schema/types.js';
import { checksOf } from './checks.js';
import { nodesOf, type DirectoryState, type Search } from './directory.js';
import { pricing } from './pricing.js';
import { factsOf, listedOf } from './survey.js';

/** A node by every check. */
export interface Why {
  readonly node: string;
  readonly farm: string;
  /** Null where there is no such farm. */
  readonly farm_name: string | null;
  /** It passes all of them. */
  readonly fits: boolean;
  /** In the order in which a search asks. */
  readonly checks: readonly MarketCheck[];
}

/** Holds a node against a search. */
export function whyNode(state: DirectoryState, wanted: Search, node: NodeObject): Why {
  const farm = read(state, 'farm', node.farm);
  const listed = listedOf(node, factsOf(farm), wanted.at);
  const checks = checksOf(wanted).map(({ reason, feature, wanted: what, fails, evidence, remedy }): MarketCheck => {
    const passed = !fails(listed);
    return { check: reason, ...(feature === undefined ? {} : { feature }), passed, wanted: what, found: evidence(listed), remedy: passed ? null : remedy(listed) };
  });
  if (farm !== undefined) checks.push(priceCheck(state, wanted, listed));
  return { node: node.key, farm: node.farm, farm_name: farm?.name ?? null, fits: farm !== undefined && checks.every(({ passed }) => passed), checks };
}

function priceCheck(state: DirectoryState, wanted: Search, node: Parameters<ReturnType<typeof pricing>['all']>[0][number]): MarketCheck {
  const { priced: [priced] } = pricing(state, wanted).all([node]);
  const found = priced === undefined ? 'more than can exist' : `${formatTft(priced.per_hour_stroops)} TFT/h`;
  return { check: 'price', passed: priced !== undefined, wanted: 'a price that can be paid', found, remedy: priced === undefined ? 'its farm has to ask less' : null };
}

/** The same of all nodes that name a farm, those that fail least first. */
export function whyFarm(state: DirectoryState, wanted: Search, farm: FarmObject): Why[] {
  const failed = ({ checks }: Why): number => checks.filter(({ passed }) => !passed).length;
  const nodes = [...nodesOf(state)].filter((node) => node.farm === farm.id).map((node) => whyNode(state, wanted, node));
  return nodes.sort((a, b) => failed(a) - failed(b) || (a.node < b.node ? -1 : 1));
}
