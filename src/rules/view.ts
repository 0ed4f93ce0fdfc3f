// A contract at a moment. One pure function says it to rules, commands and nodes alike.
//
//            held < deadline                at = funded_until            at = end of grace
//  committed ───────────────▶ active ───────────────────▶ paused ───────────────────▶ ended (expired)
//      │ deadline               │ end    ◀───────────────── │ end
//      ▼                        ▼          fund, amend      ▼
//   ended (not_provisioned)   ended (cancelled, fault)    ended (cancelled, fault)     at = end of notice: ended (notice)
//
// Nothing has to be recorded for time to pass; `end` settles whatever state time has brought about. The money:
//
//   total    = closed + price of the period ──────────────────────────────────────────┐
//   billed   = closed + price × covered / term, at least the minimum ──┐               │
//              ├─ paid out (claim, fund, amend) ─┤──── due ────────────┤─ open ─┤─ refundable
//   escrow                                       └──────────────────────────────────────┘
import type { ReadState } from '../bcdb/rulebook.js';
import { billedStroops } from '../capacity/price.js';
import type { Resources } from '../schema/types.js';
import { confirmedBetween, meterOf, openSince, type Metering } from './meter.js';
import type { ContractObject, EndReason, MeterObject, Period } from './objects.js';
import { keptMs } from './place.js';
import { sharedOut } from './split.js';

/** committed: paid, not yet held by the node. active: running, paid for. paused: term over, kept for the grace. */
export type ContractState = 'committed' | 'active' | 'paused' | 'ended';

/** A contract at a moment; times in ms since 1970. */
export interface ContractView {
  readonly state: ContractState;
  /** Why it is paused or ended. */
  readonly reason: EndReason | 'term_over' | null;
  /** Whether the escrow has been settled for good: only an `end` record does that. */
  readonly settled: boolean;
  /** What is bought now, from when on; null before `held`. */
  readonly period: Period | null;
  /** What it costs in all if it goes on to the end of what is paid for. */
  readonly total_stroops: bigint;
  /** Owed to the payees so far, of all periods. Of a metered contract: for time that its meter has confirmed. */
  readonly billed_stroops: bigint;
  /** Billed and still in escrow. */
  readonly due_stroops: bigint;
  /** What ending it now, without fault, adds to the bill: the time since the meter's last entry. 0 without a meter. */
  readonly open_stroops: bigint;
  /** Total less billed. */
  readonly remaining_stroops: bigint;
  /** In escrow now. */
  readonly escrow_stroops: bigint;
  /** What would go back to the payers if it were ended now, without fault; 0 once settled. */
  readonly refundable_stroops: bigint;
  /** What went back to the payers when it was settled; 0 before. */
  readonly refunded_stroops: bigint;
  /** Time of the period that is billed. */
  readonly covered_ms: number;
  /** Time since the meter's last entry that may still be confirmed. */
  readonly open_ms: number;
  /** The node must have said `held` before this. */
  readonly provision_deadline: number;
  /** Paid until here, exclusive; null before `held`. */
  readonly funded_until: number | null;
  /** When it ended, or will by itself. */
  readonly ends_at: number;
  /** The node keeps its data until here: the retention after the end, as far as it is paid for; no longer than to the end where it never held it. */
  readonly data_until: number;
}

/** What a contract is at a moment, by the state that holds it and its meter. For those who have a state. */
export function viewOf(state: ReadState, contract: ContractObject, at: number): ContractView {
  return view(contract, meterOf(state, contract), at);
}

/**
 * What a contract is at a moment. Billing is cumulative: `floor(total × covered / term)` of each period, at least the
 * minimum once it has started. Covered is the time from the first `held` to the end, or `funded_until`; where the
 * agreement names a meter, what that has confirmed of it.
 * @param meter of the agreement, as the same state has it
 * @param at ms since 1970, not before the newest record that the contract's object knows of
 */
export function view(contract: ContractObject, meter: MeterObject | undefined, at: number): ContractView {
  const { agreement, settled } = contract;
  const period = periodOf(contract);
  const deadline = contract.committed_at + agreement.provision_by_ms;
  const stop = contract.notice?.ends_at ?? Infinity;
  const fundedUntil = period === null ? null : Math.min(period.since + period.term_ms, stop);
  const over = Math.min(period === null ? deadline : period.since + period.term_ms + agreement.grace_ms, stop);
  const { covered_ms, open_ms } = period === null || fundedUntil === null ? { covered_ms: 0, open_ms: 0 } : timeOf(contract, period, meter, at, fundedUntil);
  const closed = BigInt(contract.closed_stroops ?? '0');
  const total = closed + BigInt(period?.total_stroops ?? agreement.total_stroops);
  const billed = settled === null ? billOf(contract, period, covered_ms) : BigInt(settled.billed_stroops);
  const open = settled === null ? billOf(contract, period, covered_ms + open_ms) - billed : 0n;
  const due = settled === null ? billed - sharedOut(agreement.payees, BigInt(contract.paid_stroops ?? '0')) : 0n;
  const escrow = BigInt(contract.escrow_stroops);
  const endsAt = settled === null ? over : Math.min(settled.at, over);
  return {
    ...stateAt(contract, at, fundedUntil, over),
    settled: settled !== null,
    period,
    total_stroops: total,
    billed_stroops: billed,
    due_stroops: due,
    open_stroops: open,
    remaining_stroops: total - billed,
    escrow_stroops: escrow,
    refundable_stroops: settled === null ? escrow - due - open : 0n,
    refunded_stroops: settled === null ? 0n : BigInt(settled.refunded_stroops),
    covered_ms,
    open_ms,
    provision_deadline: deadline,
    funded_until: fundedUntil,
    ends_at: endsAt,
    data_until: period === null ? endsAt : endsAt + keptAfter(contract, period, settled === null ? total : billed),
  };
}

/** What is bought now; null before `held`. */
export function periodOf({ agreement, period, started_at }: ContractObject): Period | null {
  if (period !== undefined || started_at === null) return period ?? null;
  const { term_ms, resources, prices, discounts, total_stroops } = agreement;
  return { since: started_at, term_ms, resources, prices, ...(discounts === undefined ? {} : { discounts }), total_stroops };
}

/** What the contract takes of its node: of the period, or before `held` of the agreement. */
export function resourcesOf(contract: ContractObject): Resources {
  return (periodOf(contract) ?? contract.agreement).resources;
}

function timeOf(contract: ContractObject, period: Period, meter: MeterObject | undefined, at: number, fundedUntil: number): Pick<ContractView, 'covered_ms' | 'open_ms'> {
  const { agreement, settled } = contract;
  const until = Math.min(settled === null ? at : Math.min(at, settled.at), fundedUntil);
  if (agreement.meter === null) return { covered_ms: Math.max(0, until - period.since), open_ms: 0 };
  if (settled !== null) return { covered_ms: settled.covered_ms ?? 0, open_ms: 0 };
  const metering: Metering = { heartbeat_ms: agreement.meter.heartbeat_ms, meter };
  const covered_ms = Math.max(0, Math.min(confirmedBetween(meter, period.mark_ms ?? 0, fundedUntil), until - period.since));
  const open_ms = Math.max(0, until - Math.max(period.since, openSince(metering, at) ?? until));
  return { covered_ms, open_ms };
}

/** How long data is kept: of what is not settled yet, as if all of it will be paid. */
function keptAfter({ agreement, place_stroops }: ContractObject, period: Period, paid: bigint): number {
  return place_stroops === undefined ? agreement.retention_ms : keptMs(agreement.retention_ms, period, BigInt(place_stroops), paid);
}

/** What is owed once so much of the period is covered. Never less than what was shared out already. */
function billOf({ agreement, closed_stroops, paid_stroops }: ContractObject, period: Period | null, covered_ms: number): bigint {
  if (period === null) return 0n;
  const used = BigInt(closed_stroops ?? '0') + billedStroops(BigInt(period.total_stroops), covered_ms, period.term_ms);
  // The price of a longer term, rounded up once, may make a stroop less of the time that the shorter one was billed for.
  return [BigInt(agreement.minimum_stroops), BigInt(paid_stroops ?? '0')].reduce((most, amount) => (amount > most ? amount : most), used);
}

function stateAt(contract: ContractObject, at: number, fundedUntil: number | null, over: number): Pick<ContractView, 'state' | 'reason'> {
  if (contract.settled !== null) return { state: 'ended', reason: contract.settled.reason };
  if (at >= over) return { state: 'ended', reason: over === contract.notice?.ends_at ? 'notice' : fundedUntil === null ? 'not_provisioned' : 'expired' };
  if (fundedUntil === null) return { state: 'committed', reason: null };
  return at < fundedUntil ? { state: 'active', reason: null } : { state: 'paused', reason: 'term_over' };
}
