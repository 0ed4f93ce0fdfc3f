// What a plan costs, and who would take it: farms are asked about what is ordered, the book says what changes cost.
import { formatTft } from '../../base/amount.js';
import { Problem } from '../../base/errors.js';
import { perHourStroops, totalStroops } from '../../capacity/price.js';
import { askGroups, needOf, whyNoSet, type GroupQuotes, type Offered } from '../../consumer/candidates.js';
import { choose, type Place } from '../../consumer/choose.js';
import type { Buyer } from '../../consumer/quote.js';
import { askedFor } from '../../market/amendment.js';
import { read, type ContractObject } from '../../rules/objects.js';
import { viewOf } from '../../rules/view.js';
import { placeOf, type PartPlan, type Plan } from './plan.js';
import type { Standing } from './standing.js';
import { isOrdered } from './steps.js';
import type { Agreed, Deal } from './token.js';

/** A plan with its price, and every answer of the farms, group by group. */
export interface Priced extends Agreed {
  readonly quotes: readonly (GroupQuotes & { readonly group: string })[];
}

/** Sums of a plan, in stroops. */
export interface Sums {
  /** What runs now, an hour. */
  readonly before: bigint;
  /** What runs afterwards, an hour. */
  readonly after: bigint;
  /** Out of the wallet into escrow, at most. */
  readonly pays: bigint;
  /** About what comes back of contracts that end. */
  readonly returns: bigint;
}

/**
 * Asks the farms that fit, each for an exact price, and takes the cheapest nodes that stand apart as wanted, beside what
 * stays where it is. Nothing is held.
 * @throws Problem `nothing_fits`, `refused`, `unreachable`: why there is no such set
 */
export async function priced(buyer: Buyer, plan: Plan, standing: readonly Standing[], at: number): Promise<Priced> {
  const groups = groupsOf(plan);
  const quotes = await askGroups(buyer, groups.map(([first]) => first?.wanted ?? undefined), groups.map(([first]) => first?.spread ?? null));
  const needs = groups.map((parts, i) => needOf(parts[0]?.wanted ?? undefined, parts[0]?.spread ?? null, parts.length, quotes[i]?.candidates ?? [], besides(plan, parts[0]?.group ?? null, standing)));
  const choice = choose(needs);
  if (choice === undefined) throw whyNoSet(needs, quotes);
  const orders = groups.flatMap((parts, i) => parts.map((part, n) => orderDeal(part, choice.chosen[i]?.[n])));
  const changes = plan.parts.filter(({ action, fields }) => action === 'change' && fields.length > 0).map((part) => changeDeal(buyer, part, at));
  return { plan, deals: [...orders, ...changes], quotes: quotes.map((one, i) => ({ ...one, group: groups[i]?.[0]?.group ?? '' })) };
}

/** What is ordered, by what stands apart together. */
function groupsOf({ parts }: Plan): PartPlan[][] {
  const groups = new Map<string, PartPlan[]>();
  for (const part of parts.filter(isOrdered)) groups.set(part.group ?? part.part, [...(groups.get(part.group ?? part.part) ?? []), part]);
  return [...groups.values()];
}

/** Where those of a group are that stay. */
function besides({ parts }: Plan, group: string | null, standing: readonly Standing[]): Place[] {
  const staying = new Set(parts.filter((one) => one.group === group && (one.action === 'keep' || one.action === 'change')).map(({ contract }) => contract));
  return standing.filter(({ contract }) => staying.has(contract.id)).map(placeOf);
}

function orderDeal({ part }: PartPlan, offered: Offered | undefined): Deal {
  if (offered === undefined) throw new Error(`nothing was chosen for ${part}`);
  const { match, offer } = offered;
  const total = offer.total_stroops.toString();
  return { part, farm: match.farm, farm_name: match.farm_name, node: match.node, per_hour_stroops: offer.per_hour_stroops.toString(), total_stroops: total, pays_stroops: total };
}

/** At the prices that its farm asks now, which stand in the book. */
function changeDeal({ grid: { reader } }: Buyer, { part, contract: id, wanted }: PartPlan, at: number): Deal {
  const contract = read(reader, 'contract', id ?? '');
  if (contract === undefined || wanted === null) throw new Problem('not_found', `no contract ${id ?? ''} on this grid`, { reason: 'contract' });
  const { agreement } = contract;
  const { per_hour_stroops, total_stroops } = amendedPrice({ reader }, contract, wanted, at);
  const { refundable_stroops } = viewOf(reader, contract, at);
  const pays = total_stroops > refundable_stroops ? total_stroops - refundable_stroops : 0n;
  return {
    part, farm: agreement.farm, farm_name: read(reader, 'farm', agreement.farm)?.name ?? agreement.farm, node: agreement.node,
    per_hour_stroops: per_hour_stroops.toString(), total_stroops: total_stroops.toString(), pays_stroops: pays.toString(),
  };
}

function amendedPrice({ reader }: Pick<Buyer['grid'], 'reader'>, contract: ContractObject, { resources, term_ms }: NonNullable<PartPlan['wanted']>, at: number): { per_hour_stroops: bigint; total_stroops: bigint } {
  const { discounts: now } = viewOf(reader, contract, at).period ?? contract.agreement;
  const { prices, discounts } = askedFor(reader, contract, now === undefined ? {} : { discounts: now }, { resources, term_ms }, at);
  return { per_hour_stroops: perHourStroops(resources, prices, discounts), total_stroops: totalStroops(resources, prices, term_ms, discounts) };
}

/** @param standing as the plan was made from */
export function sumsOf({ plan, deals }: Agreed, standing: readonly Standing[]): Sums {
  const changing = new Set(plan.parts.filter(({ action, fields }) => action === 'replace' || action === 'end' || fields.length > 0).map(({ contract }) => contract));
  const ending = new Set(plan.parts.filter(({ action }) => action === 'replace' || action === 'end').map(({ contract }) => contract));
  const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);
  const stays = sum(standing.filter(({ contract }) => !changing.has(contract.id)).map((one) => one.per_hour_stroops));
  return {
    before: sum(standing.map((one) => one.per_hour_stroops)),
    after: stays + sum(deals.map((deal) => BigInt(deal.per_hour_stroops))),
    pays: sum(deals.map((deal) => BigInt(deal.pays_stroops))),
    returns: sum(standing.filter(({ contract }) => ending.has(contract.id)).map((one) => one.refundable_stroops)),
  };
}

/** @throws Problem `refused`, reason `funds`, where the wallet has too little: said before anything is begun */
export function demandFunds({ grid, keyring }: Pick<Buyer, 'grid' | 'keyring'>, pays: bigint): void {
  const account = read(grid.reader, 'account', keyring.signer('wallet').key);
  const balance = BigInt(account?.balance_stroops ?? '0');
  if (balance >= pays) return;
  throw new Problem('refused', `it costs ${formatTft(pays)} TFT, your wallet has ${formatTft(balance)} TFT`, {
    reason: 'funds', hint: grid.dev && account?.faucet_taken !== true ? '3bot wallet faucet' : '3bot wallet show gives the address to send TFT to',
  });
}
