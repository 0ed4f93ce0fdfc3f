// What ties `apply` to what `plan` showed: a hash over all that would be done and what it costs.
import { canonical, type Json } from '../../base/canonical.js';
import { formatTft } from '../../base/amount.js';
import { sha256Hex } from '../../base/hash.js';
import type { PartPlan, Plan } from './plan.js';

/** What a contract costs that is ordered or amended; amounts in stroops. */
export interface Deal {
  readonly part: string;
  /** Farm id. */
  readonly farm: string;
  readonly farm_name: string;
  /** Node key. */
  readonly node: string;
  readonly per_hour_stroops: string;
  /** Of the whole term. */
  readonly total_stroops: string;
  /** Out of the wallet, at most: the total, but for what is in escrow already. */
  readonly pays_stroops: string;
}

/** A plan and its price: what somebody says yes to. */
export interface Agreed {
  readonly plan: Plan;
  readonly deals: readonly Deal[];
}

/** Digits of a token. */
const TOKEN_DIGITS = 32;

/** The same for the same steps at the same farms, nodes and prices, on the same records of the book. 32 hex digits. */
export function tokenOf({ plan, deals }: Agreed): string {
  // What comes out of escrow depends on the minute; what it costs in all does not.
  const priced = deals.map(({ part, farm, node, per_hour_stroops, total_stroops }) => ({ part, farm, node, per_hour_stroops, total_stroops }));
  return sha256Hex(canonical(JSON.parse(JSON.stringify({ plan, priced })) as Json)).slice(0, TOKEN_DIGITS);
}

/** In what a plan made now differs from the one that was shown, for people; empty where their tokens are the same. */
export function changesSince(shown: Agreed, now: Agreed): string[] {
  const names = new Set([...shown.plan.parts, ...now.plan.parts].map(keyOf));
  const parts = [...names].flatMap((key) => partChanges(shown.plan.parts.find((one) => keyOf(one) === key), now.plan.parts.find((one) => keyOf(one) === key)));
  const deals = now.deals.flatMap((deal) => dealChanges(shown.deals.find(({ part }) => part === deal.part), deal));
  const found = [...parts, ...deals];
  return found.length > 0 || tokenOf(shown) === tokenOf(now) ? found : ['the network or the order of the parts'];
}

/** Of one part several contracts may stand. */
function keyOf({ part, action, contract }: PartPlan): string {
  return action === 'end' ? `${part} ${contract ?? ''}` : part;
}

function partChanges(a: PartPlan | undefined, b: PartPlan | undefined): string[] {
  const name = (b ?? a)?.part ?? '';
  if (a === undefined || b === undefined) return [b === undefined ? `${name} is not concerned any more` : `${name} is concerned, too (${b.action})`];
  if (a.action !== b.action) return [`${name}: ${a.action} was shown, ${b.action} it would be now`];
  if (a.contract !== b.contract || a.head !== b.head) return [`${name}: something was recorded on its contract meanwhile`];
  return same(a.wanted, b.wanted) && same(a.fields, b.fields) ? [] : [`${name}: what is wanted of it, by the file, its inputs, or what a tag stands for`];
}

function dealChanges(a: Deal | undefined, b: Deal): string[] {
  if (a === undefined) return [];
  if (a.node !== b.node) return [`${b.part}: it would be at ${b.farm_name}, node ${b.node.slice(0, 8)}, not at ${a.farm_name}, node ${a.node.slice(0, 8)}`];
  return a.total_stroops === b.total_stroops && a.per_hour_stroops === b.per_hour_stroops ? [] : [`${b.part}: it costs ${formatTft(BigInt(b.total_stroops))} TFT, not ${formatTft(BigInt(a.total_stroops))} TFT`];
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
