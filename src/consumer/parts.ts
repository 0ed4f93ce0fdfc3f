// Orders of several contracts as the book has them: their contracts are named ORDER/PART.
import { formatTft, parseTft } from '../base/amount.js';
import type { Reader } from '../bcdb/reader.js';
import type { ContractShown } from '../market/contract.js';
import { viewOf } from '../rules/view.js';
import type { ContractObject } from '../rules/objects.js';
import { contractsOf, type Asking } from './contracts.js';

/** The two sides of a name of a part. */
export interface PartName {
  readonly order: string;
  readonly part: string;
}

/** What a contract's name says of an order of several; null where it is one contract alone. */
export function partOf(name: string | null): PartName | null {
  const at = name?.indexOf('/') ?? -1;
  return name === null || at < 0 ? null : { order: name.slice(0, at), part: name.slice(at + 1) };
}

const NUMERIC = new Intl.Collator('en', { numeric: true });

/** The same contracts, but those of one order together, sorted by name: `web/2` before `web/10`. An order stands where its first stood. */
export function grouped<T extends { readonly name: string | null }>(contracts: readonly T[]): T[] {
  const groups = new Map<unknown, T[]>();
  for (const contract of contracts) {
    const key = partOf(contract.name)?.order ?? contract;
    groups.set(key, [...(groups.get(key) ?? []), contract]);
  }
  return [...groups.values()].flatMap((group) => group.sort((a, b) => NUMERIC.compare(a.name ?? '', b.name ?? '')));
}

/**
 * The parts of an order, each the newest contract of its name, sorted by name: those in force, and those that are over
 * but came about with or after them; where none is in force any more, all that are left.
 */
export function partsOf(reader: Reader, order: string, { bot, at }: Asking): ContractObject[] {
  const newest = new Map<string, ContractObject>();
  for (const contract of contractsOf(reader, bot)) {
    const { order: name } = contract.agreement;
    if (name !== null && partOf(name)?.order === order && !newest.has(name)) newest.set(name, contract);
  }
  const all = [...newest.values()];
  const since = Math.min(...all.filter((contract) => viewOf(reader, contract, at).state !== 'ended').map(({ committed_at }) => committed_at));
  return all.filter(({ committed_at }) => !Number.isFinite(since) || committed_at >= since).sort((a, b) => NUMERIC.compare(a.agreement.order ?? '', b.agreement.order ?? ''));
}

/** An order of several for people and scripts; the sums are TFT, those of all its parts, `price_per_hour` of those that are not over. */
export interface OrderShown<T extends ContractShown = ContractShown> {
  readonly order: string;
  readonly contracts: readonly T[];
  readonly price_per_hour: string;
  readonly total: string;
  readonly billed: string;
  readonly escrow: string;
  readonly refundable: string;
  readonly refunded: string;
}

/** An order with its sums. */
export function showOrder<T extends ContractShown>(order: string, contracts: readonly T[]): OrderShown<T> {
  const sum = (of: (contract: T) => string): string => formatTft(contracts.reduce((all, contract) => all + parseTft(of(contract)), 0n));
  return {
    order, contracts, price_per_hour: sum((one) => (one.state === 'ended' ? '0' : one.price_per_hour)), total: sum((one) => one.total), billed: sum((one) => one.billed), escrow: sum((one) => one.escrow),
    refundable: sum((one) => one.refundable), refunded: sum((one) => one.refunded),
  };
}
