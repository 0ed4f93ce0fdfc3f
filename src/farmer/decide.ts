// What a farm says to a request: a node and prices, or why not. Pure; the same facts give the same answer.
//
//   who → for how long → what runs → which nodes → which of them → its price → worth it → the buyer's own price
import { formatTft } from '../base/amount.js';
import { formatPercent } from '../capacity/percent.js';
import { perHourStroops, totalStroops } from '../capacity/price.js';
import { askingOf, holds, type Asking } from '../market/asking.js';
import type { NodeObject } from '../rules/objects.js';
import type { Resources, TalkDecline, TalkRequest } from '../schema/types.js';
import { REQUEST_CHECKS, type Question } from './policy/checks.js';
import { wholePolicy, type Policy } from './policy/policy.js';
import { changeAt, meet, scaled, soldPpm } from './policy/pricing.js';
import { fullest, NODE_CHECKS, soldNodes, soldOf } from './policy/rooms.js';
import { decline, type Refusal, type Shop } from './shop.js';

/** A node and what it costs. */
export interface Sale extends Asking {
  readonly node: NodeObject;
  /** What the buyer is told beside the price, a line each. */
  readonly notes: readonly string[];
}

/** A node and what it costs, or a refusal that says what would do. */
export type Decision = Sale | Refusal;

/** A check that was made; `passed` null: there was nothing left to look at. */
export interface Checked {
  readonly check: string;
  readonly passed: boolean | null;
  readonly saw: string;
  readonly decline: TalkDecline | null;
}

/**
 * Decides on a request: the first check that fails is the answer. Of the nodes that fit, the one that keeps the least,
 * so that large requests find room.
 * @param at ms since 1970; capacity counts as of then
 */
export function decide(request: TalkRequest, shop: Shop, at: number): Decision {
  const checks = judged(request, shop, at);
  for (;;) {
    const next = checks.next();
    if (next.done === true) return next.value;
    if (next.value.decline !== null) return { decline: next.value.decline };
  }
}

/** Every check in order, also after one that failed; gives the decision at the end. */
export function* judged(request: TalkRequest, shop: Shop, at: number): Generator<Checked, Decision> {
  const question: Question = { request, shop, policy: wholePolicy(shop.policy), at };
  let refusal: Refusal | undefined;
  let nodes: readonly NodeObject[] = [];
  for (const { name, look } of [...REQUEST_CHECKS, ...NODE_CHECKS]) {
    if (NODE_CHECKS.some((check) => check.name === name) && name !== 'node' && nodes.length === 0) {
      yield { check: name, passed: null, saw: 'no node is left', decline: null };
      continue;
    }
    const found = look(question, nodes);
    nodes = found.nodes ?? nodes;
    refusal ??= found.refusal;
    yield { check: name, passed: found.refusal === undefined, saw: found.saw, decline: found.refusal?.decline ?? null };
  }
  const node = fullest(question, nodes);
  const decision = yield* priced(question, node);
  return refusal ?? decision;
}

/** What the chosen node costs, now and for this buyer. */
function* priced(question: Question, node: NodeObject | undefined): Generator<Checked, Decision, undefined> {
  const { request: { resources: wanted, term_ms, dedicated }, shop, policy } = question;
  if (node === undefined) {
    for (const check of ['price', 'worth', ...(shop.counter_stroops === undefined ? [] : ['counter'])]) yield { check, passed: null, saw: 'no node is left', decline: null };
    return decline('no_node', 'this farm has no node to sell');
  }
  const resources = dedicated === true ? node.announcement.capacity : wanted;
  const { asking, saw, notes } = askedNow(question, node);
  yield { check: 'price', passed: true, saw: `${hourText(resources, asking)}: ${saw}`, decline: null };
  const total = totalStroops(resources, asking.prices, term_ms, asking.discounts);
  const tooSmall = total < BigInt(policy.min_total_stroops) ? decline('price', `this farm makes no deal below ${formatTft(BigInt(policy.min_total_stroops))} TFT, and this one has ${formatTft(total)} TFT`) : undefined;
  yield { check: 'worth', passed: tooSmall === undefined, saw: `${formatTft(total)} TFT, of ${formatTft(BigInt(policy.min_total_stroops))} at least`, decline: tooSmall?.decline ?? null };
  if (shop.counter_stroops === undefined) return tooSmall ?? { node, ...asking, notes };
  const met = meet(resources, asking, shop.counter_stroops, policy.floor_ppm);
  const named = `${formatTft(shop.counter_stroops)} TFT an hour; it goes down to ${formatPercent(policy.floor_ppm)} of its price`;
  if ('least_stroops' in met) {
    const tooLittle = decline('price', `this farm takes ${formatTft(met.least_stroops)} TFT an hour at least`, { would_do: { per_hour_stroops: met.least_stroops.toString() } });
    yield { check: 'counter', passed: false, saw: named, decline: tooLittle.decline };
    return tooSmall ?? tooLittle;
  }
  yield { check: 'counter', passed: true, saw: named, decline: null };
  return tooSmall ?? { node, prices: asking.prices, discounts: [...asking.discounts, ...(met.discount === undefined ? [] : [met.discount])], notes };
}

/** What a farm has published, more or less by how much is sold. Who has a deal pays what the deal says. */
function askedNow({ request: { term_ms, dedicated }, shop, policy, at }: Question, node: NodeObject): { asking: Asking; saw: string; notes: string[] } {
  const { farm, grid, deal, held } = shop;
  const asking = askingOf(farm, grid, deal, { term_ms, dedicated: dedicated === true, at });
  const { of, steps } = policy.utilisation;
  if (deal !== undefined && holds(deal, at)) return { asking, saw: 'as the deal says', notes: [] };
  if (steps.length === 0) return { asking, saw: 'as published', notes: [] };
  const sold_ppm = soldPpm(soldOf(of === 'node' ? [node] : soldNodes({ shop }), held, at));
  const change = changeAt(policy.utilisation, sold_ppm);
  const sold = `${formatPercent(sold_ppm)} of the compute of this ${of} is sold`;
  if (change === 0) return { asking, saw: `as published; ${sold}`, notes: [] };
  const text = `${sold}: prices are ${formatPercent(Math.abs(change))} ${change > 0 ? 'higher' : 'lower'} than published`;
  return { asking: { ...asking, prices: scaled(asking.prices, 1_000_000 + change) }, saw: text, notes: [text] };
}

function hourText(resources: Resources, { prices, discounts }: Asking): string {
  return `${formatTft(perHourStroops(resources, prices, discounts))} TFT an hour`;
}

/** How long before the end this farm says that it ends a contract early, ms; 0: it never does. */
export function noticeOf(policy: Policy): number {
  return wholePolicy(policy).notice_ms;
}
