// A contract at a moment. One pure function says it to rules, commands and nodes alike.
//
//            held < deadline                at = funded_until            at = end of grace
//  committed ───────────────▶ active ───────────────────▶ paused ───────────────────▶ ended (expired)
//      │ deadline               │ end                        │ end
//      ▼                        ▼                            ▼
//   ended (not_provisioned)   ended (cancelled)            ended (cancelled)
//
// Nothing has to be recorded for time to pass; `end` settles whatever state time has brought about.
import { billedStroops } from '../capacity/price.js';
import type { ContractObject, EndReason } from './objects.js';

/** committed: paid, not yet held by the node. active: running, paid for. paused: term over, kept for the grace. */
export type ContractState = 'committed' | 'active' | 'paused' | 'ended';

/** A contract at a moment; times in ms since 1970. */
export interface ContractView {
  readonly state: ContractState;
  /** Why it is paused or ended. */
  readonly reason: EndReason | 'term_over' | null;
  /** Whether escrow has been paid out: only an `end` record does that. */
  readonly settled: boolean;
  readonly total_stroops: bigint;
  /** Owed to the payees so far. */
  readonly billed_stroops: bigint;
  /** Total less billed. */
  readonly remaining_stroops: bigint;
  /** In escrow now. */
  readonly escrow_stroops: bigint;
  /** What would go back to the payers if it were ended now; 0 once settled. */
  readonly refundable_stroops: bigint;
  /** What went back to the payers when it was settled; 0 before. */
  readonly refunded_stroops: bigint;
  /** Time that is billed. */
  readonly covered_ms: number;
  /** The node must have said `held` before this. */
  readonly provision_deadline: number;
  /** Paid until here, exclusive; null before `held`. */
  readonly funded_until: number | null;
  /** When it ended, or will by itself. */
  readonly ends_at: number;
  /** The node keeps its data until here: the retention after the end; no longer than to the end where it never held it. */
  readonly data_until: number;
}

/**
 * What a contract is at a moment. Billing 1: from the first `held` to its end or `funded_until`, cumulative,
 * `floor(total × covered / term)`, at least the minimum once it has started.
 * @param at ms since 1970, not before the newest record that the contract's object knows of
 */
export function view(contract: ContractObject, at: number): ContractView {
  const { agreement, settled, started_at } = contract;
  const total = BigInt(agreement.total_stroops);
  const deadline = contract.committed_at + agreement.provision_by_ms;
  const fundedUntil = started_at === null ? null : started_at + agreement.term_ms;
  const over = fundedUntil === null ? deadline : fundedUntil + agreement.grace_ms;
  const until = settled === null ? at : Math.min(at, settled.at);
  const covered = started_at === null || fundedUntil === null ? 0 : Math.max(0, Math.min(until, fundedUntil) - started_at);
  const billed = started_at === null ? 0n : bill(total, covered, agreement.term_ms, BigInt(agreement.minimum_stroops));
  const escrow = BigInt(contract.escrow_stroops);
  const endsAt = settled === null ? over : Math.min(settled.at, over);
  return {
    ...stateAt(contract, at, fundedUntil, over),
    settled: settled !== null,
    total_stroops: total,
    billed_stroops: billed,
    remaining_stroops: total - billed,
    escrow_stroops: escrow,
    refundable_stroops: settled === null ? escrow - billed : 0n,
    refunded_stroops: settled === null ? 0n : BigInt(settled.refunded_stroops),
    covered_ms: covered,
    provision_deadline: deadline,
    funded_until: fundedUntil,
    ends_at: endsAt,
    data_until: started_at === null ? endsAt : endsAt + agreement.retention_ms,
  };
}

function stateAt(contract: ContractObject, at: number, fundedUntil: number | null, over: number): Pick<ContractView, 'state' | 'reason'> {
  if (contract.settled !== null) return { state: 'ended', reason: contract.settled.reason };
  if (at >= over) return { state: 'ended', reason: fundedUntil === null ? 'not_provisioned' : 'expired' };
  if (fundedUntil === null) return { state: 'committed', reason: null };
  return at < fundedUntil ? { state: 'active', reason: null } : { state: 'paused', reason: 'term_over' };
}

function bill(total: bigint, covered: number, term: number, minimum: bigint): bigint {
  const elapsed = billedStroops(total, covered, term);
  return elapsed > minimum ? elapsed : minimum;
}
