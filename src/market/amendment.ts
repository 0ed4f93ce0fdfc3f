// An amendment, drawn up by the buyer at the prices that its farm asks now, which stand in the book; the farm signs what
// it would have written itself.
import { Problem } from '../base/errors.js';
import { MAX_COMMIT_OF_TWO_MS } from '../base/limits.js';
import { makeRecord, type ParsedRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import { fits } from '../capacity/fit.js';
import { totalStroops } from '../capacity/price.js';
import { nextPayload } from '../net/compose.js';
import { read, type ContractObject } from '../rules/objects.js';
import { viewOf, type ContractView } from '../rules/view.js';
import type { Amend, Resources } from '../schema/types.js';
import { askedOf, type Asking } from './asking.js';

/** How long signatures are collected where more than buyer and farm sign. */
const COMMIT_OF_MANY_MS = 24 * 3_600_000;
/** Shares are rounded down each, and so is what was used: never more stroops than this in all. */
const ROUNDING_STROOPS = 16n;

/** What is wanted of a contract from now on. */
export interface Change {
  readonly resources: Resources;
  /** A whole new term, from the commit on, ms. */
  readonly term_ms: number;
  /** Account that pays what the escrow does not, hex. */
  readonly payer: string;
}

/** How long signatures on an amendment may be collected, ms: as many as the agreement's amend quorum may need. */
export function commitWithin({ agreement }: ContractObject): number {
  return agreement.quorums.amend.members.length > 2 ? COMMIT_OF_MANY_MS : MAX_COMMIT_OF_TWO_MS;
}

/**
 * What the contract's farm asks for a change now. What is off a node as a whole stays only as long as it is the whole
 * node that is bought.
 * @throws Problem `not_found` where the farm is gone
 */
export function askedFor(reader: Reader, { agreement }: ContractObject, { discounts = [] }: Pick<Amend, 'discounts'>, { resources, term_ms }: Pick<Amend, 'resources' | 'term_ms'>, at: number): Asking {
  const farm = read(reader, 'farm', agreement.farm);
  if (farm === undefined) throw new Problem('not_found', 'the farm of this contract is not on the grid', { reason: 'farm' });
  const capacity = read(reader, 'node', agreement.node)?.announcement.capacity;
  const isWhole = capacity !== undefined && fits(capacity, resources);
  return askedOf(reader, farm, agreement.by, { term_ms, dedicated: isWhole && discounts.some(({ name }) => name === 'dedicated'), at });
}

/**
 * The record that changes a contract, to be signed. The payer gives what the escrow cannot pay even if it is committed
 * in the last moment; what is not needed then comes back with the commit.
 * @param grid its id and the own copy
 * @param at now, ms since 1970
 * @throws Problem `refused` where the contract is over or not held yet
 */
export function draftAmendment(grid: { readonly id: string; readonly reader: Reader }, contract: ContractObject, { resources, term_ms, payer }: Change, at: number): ParsedRecord {
  const { reader } = grid;
  const seen = viewOf(reader, contract, at);
  if (seen.period === null || seen.state === 'ended') throw new Problem('refused', `contract ${contract.id.slice(0, 12)} is ${seen.state === 'ended' ? 'over' : 'not held by its node yet'}`, { reason: 'state', hint: `3bot contract show ${contract.id.slice(0, 12)}` });
  const { prices, discounts } = askedFor(reader, contract, seen.period, { resources, term_ms }, at);
  const total = totalStroops(resources, prices, term_ms, discounts);
  const commit_by = at + commitWithin(contract);
  const missing = total - (seen.escrow_stroops - mostUsed(seen, commit_by - at));
  const body: Amend = {
    resources, prices, ...(discounts.length === 0 ? {} : { discounts }), total_stroops: total.toString(), term_ms,
    payers: missing > 0n ? [{ account: payer, amount_stroops: missing.toString() }] : [], commit_by,
  };
  return makeRecord(nextPayload(grid, `contract/${contract.id}`, 'amend@1', body, at));
}

/** The most that payees may get of the escrow by then. */
function mostUsed({ due_stroops, open_stroops, period }: ContractView, within_ms: number): bigint {
  if (period === null) return 0n;
  const { resources, prices, discounts } = period;
  return due_stroops + open_stroops + totalStroops(resources, prices, within_ms, discounts) + ROUNDING_STROOPS;
}

/** The amendment within a draft. @throws Problem `malformed` where it is none */
export function amendmentOf(record: ParsedRecord): Amend {
  if (record.payload.kind !== 'amend@1') throw new Problem('malformed', `a draft of kind ${record.payload.kind}, not an amendment`);
  return record.payload.body as unknown as Amend;
}

/** Why a change of resources cannot be carried out by a node; null where it can. */
export function unable(before: Resources, after: Resources): string | null {
  const [had, has] = [before.sru_mib + before.hru_mib, after.sru_mib + after.hru_mib];
  if (has < had) return 'a volume grows and never shrinks: that could cut off data';
  return had === 0 && has > 0 ? 'a contract that began without a volume gets none later; reserve another one' : null;
}
