// What a farm has sold, and what it earned by that; anybody with a copy can tell.
import { MAX_LOOKED_AT, MAX_ROWS } from '../base/limits.js';
import { query } from '../bcdb/query.js';
import { parseRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import { payouts, sharesOf, type Share } from '../rules/split.js';
import { read, type ContractObject, type FarmObject } from '../rules/objects.js';
import { viewOf, type ContractView } from '../rules/view.js';

/** A contract of a farm. */
export interface Sale {
  readonly contract: ContractObject;
  readonly view: ContractView;
  /** The farmer's part of what is billed so far, and how much of that was paid: all at the end, before it what was claimed. */
  readonly earned_stroops: bigint;
  readonly paid_stroops: bigint;
}

/** All that a farm has sold, newest first. */
export interface Sales {
  readonly sales: Sale[];
  /** Paid out to the farmer. */
  readonly paid_stroops: bigint;
  /** Earned and still in escrow: paid when it is claimed, or the contract ends. */
  readonly due_stroops: bigint;
  /** False where contracts older than the newest 20,000 were left out. */
  readonly complete: boolean;
}

/** The contracts that a farm's present key has signed. */
export function salesOf(reader: Reader, farm: FarmObject, at: number): Sales {
  const sales: Sale[] = [];
  let before: number | undefined;
  do {
    const { records, next } = query(reader, { signer: farm.farm_key, kind: 'agreement@1', before, limit: MAX_ROWS });
    for (const { payload } of records) sales.push(saleOf(reader, parseRecord(payload).payload.chain, at));
    before = next ?? undefined;
  } while (before !== undefined && sales.length < MAX_LOOKED_AT);
  const sum = (of: (sale: Sale) => bigint): bigint => sales.reduce((total, sale) => total + of(sale), 0n);
  const paid_stroops = sum((sale) => sale.paid_stroops);
  return { sales, paid_stroops, due_stroops: sum((sale) => sale.earned_stroops) - paid_stroops, complete: before === undefined };
}

function saleOf(reader: Reader, chain: string, at: number): Sale {
  const contract = read(reader, 'contract', chain.slice('contract/'.length));
  if (contract === undefined) throw new Error(`${chain} has an agreement and no object`);
  const seen = viewOf(reader, contract, at);
  const partOf = (shares: readonly Share[]): bigint => shares.find(({ role }) => role === 'farmer')?.amount_stroops ?? 0n;
  const earned_stroops = partOf(payouts(contract.agreement, seen.billed_stroops, 0n).shares);
  const paid_stroops = seen.settled ? earned_stroops : partOf(sharesOf(contract.agreement.payees, BigInt(contract.paid_stroops ?? '0')));
  return { contract, view: seen, earned_stroops, paid_stroops };
}
