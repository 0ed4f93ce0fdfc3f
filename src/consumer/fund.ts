// More time for a contract: what it costs, and paying for it once or as long as a cap allows.
import { setTimeout as pause } from 'node:timers/promises';
import { formatTft, MAX_STROOPS } from '../base/amount.js';
import { iso } from '../base/clock.js';
import { isProblem, Problem } from '../base/errors.js';
import { MAX_RETRY_MS } from '../base/limits.js';
import { makeRecord, parseRecord, signRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { totalStroops } from '../capacity/price.js';
import type { Signer } from '../keys/ed25519.js';
import { nextPayload } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import { read, type ContractObject } from '../rules/objects.js';
import { viewOf } from '../rules/view.js';
import type { Fund, Payload } from '../schema/types.js';
import { linesOf } from '../market/lines.js';
import { handOver, paidUnder, settle, type Written } from '../market/once.js';
import type { Unsent } from '../market/unsent.js';

/** What more time costs, as the rule works it out. */
export interface Funding {
  readonly amount_stroops: bigint;
  /** Paid until here afterwards, ms since 1970. */
  readonly funded_until: number;
}

/** A contract is funded this long before it runs out, or half of what is paid for at a time, if that is less. */
const AHEAD_MS = 3_600_000;
/** Longest sleep between two looks: an amendment or a notice may change everything. */
const LOOK_MS = 60_000;

/**
 * What `term_ms` more of a contract cost: while it is active, the price of the longer term less that of the present
 * one; while it is paused, the price of a new term.
 * @throws Problem `refused` where it cannot be funded, with the command that does instead
 */
export function fundingOf(state: ReadState, contract: ContractObject, term_ms: number, at: number): Funding {
  const { period, state: now, ends_at, funded_until: until } = viewOf(state, contract, at);
  const { id, agreement, notice } = contract;
  const short = id.slice(0, 12);
  if (now === 'ended') throw new Problem('refused', `contract ${short} ended at ${iso(ends_at)}`, { reason: 'ended', hint: '3bot reserve makes a new one' });
  if (period === null) throw new Problem('refused', `contract ${short} is not held by its node yet`, { reason: 'state', hint: `3bot contract show ${short}` });
  if (notice !== undefined) throw new Problem('refused', `the farm has given notice: contract ${short} ends at ${iso(notice.ends_at)}`, { reason: 'notice', hint: '3bot reserve, elsewhere' });
  if (agreement.notice_ms === 0) throw new Problem('refused', `the farm cannot give notice of contract ${short}, so it has to sign whatever makes it longer`, { reason: 'terms', hint: `3bot contract amend ${short} --for 30d` });
  const { resources, prices, discounts } = period;
  const isActive = now === 'active';
  const paused_ms = isActive ? 0 : at - (until ?? at);
  if (term_ms < paused_ms) throw new Problem('refused', `contract ${short} has been paused for ${Math.ceil(paused_ms / 60_000)} min; what funds it now is for as long at least`, { reason: 'terms', hint: `3bot contract fund ${short} --for ${Math.ceil(paused_ms / 60_000) + 1}m` });
  const term = isActive ? period.term_ms + term_ms : term_ms;
  return { amount_stroops: totalStroops(resources, prices, term, discounts) - (isActive ? BigInt(period.total_stroops) : 0n), funded_until: (isActive ? period.since : at) + term };
}

/** More time of a contract that is wanted. */
export interface WantedTime {
  /** Id of the contract. */
  readonly contract: string;
  readonly term_ms: number;
  /** Idempotency key: under the same one nothing is paid twice. */
  readonly key?: string | undefined;
}

/** More time that is paid. */
export interface Funded extends Written {
  /** Stroops. */
  readonly amount_stroops: bigint;
  /** By a command before this one, whose answer was lost or that had this key. */
  readonly resumed: boolean;
}

/**
 * The payment that a command before this one has made for the same time, if its answer was lost or it had the same
 * key: found in the book, or handed in again.
 * @param grid refreshed
 * @param account that pays, hex
 * @param most stroops; what cost more is not handed in again
 * @throws Problem as `paidUnder` and `settle`
 */
export async function fundedBefore(grid: Grid, unsent: Unsent, account: string, { contract, term_ms, key }: WantedTime, most = MAX_STROOPS): Promise<Funded | undefined> {
  const isSame = ({ chain, kind, body }: Payload): boolean => {
    const made = body as unknown as Fund;
    return kind === 'fund@1' && chain === `account/${account}` && made.contract === contract && made.term_ms === term_ms;
  };
  const written = paidUnder(grid, unsent, key, isSame) ?? (await settle(grid, unsent, account, key, (payload) => isSame(payload) && paidBy(payload) <= most)).find(({ isWanted }) => isWanted);
  if (written === undefined || written.index === null) return undefined;
  const { id, index } = written;
  return { id, index, amount_stroops: paidBy(parseRecord(grid.reader.line(index).payload).payload), resumed: true };
}

/**
 * Pays for more time, once: what a command before this one has paid for it is not paid again.
 * @param payer signs as the account that pays; it has paid into the contract before
 * @param most stroops; above them nothing is paid
 * @throws Problem `refused`; `over_limit` where it got dearer meanwhile; as `fundedBefore` and `handOver`
 */
export async function fund(grid: Grid, payer: Signer, unsent: Unsent, wanted: WantedTime, most: bigint): Promise<Funded> {
  grid.demandWritable();
  // Held from here on: another command of this home folder composes its record after this one is in.
  await grid.hold();
  await grid.refresh();
  const before = await fundedBefore(grid, unsent, payer.key, wanted, most);
  if (before !== undefined) return before;
  const { reader } = grid;
  const { contract: id, term_ms, key } = wanted;
  const { amount_stroops } = fundingOf(reader, contractIn(reader, id), term_ms, Math.max(grid.clock(), reader.lastAt));
  if (amount_stroops > most) throw new Problem('over_limit', `it costs ${formatTft(amount_stroops)} TFT, ${formatTft(most)} TFT are allowed; nothing was paid`, { reason: 'limit', hint: `allow it: --max ${formatTft(amount_stroops)}` });
  const body: Fund = { contract: id, term_ms, payers: [{ account: payer.key, amount_stroops: amount_stroops.toString() }] };
  const record = makeRecord(nextPayload(grid, `account/${payer.key}`, 'fund@1', body, grid.clock()));
  const written = await handOver(grid, unsent, record, await signRecord(record, [payer]), key);
  return { ...written, amount_stroops, resumed: false };
}

/** What a fund@1 pays, stroops. */
function paidBy({ body }: Payload): bigint {
  return (body as unknown as Fund).payers.reduce((sum, { amount_stroops }) => sum + BigInt(amount_stroops), 0n);
}

/** What an account has paid into a contract by funding it, as the book has it, stroops. */
export function fundedBy(reader: Reader, account: string, id: string): bigint {
  return linesOf(reader, { tag: `contract/${id}`, kind: 'fund@1' })
    .map((line) => parseRecord(reader.line(line).payload).payload)
    .filter(({ chain }) => chain === `account/${account}`)
    .reduce((sum, payload) => sum + paidBy(payload), 0n);
}

/** What keeping a contract funded needs. */
export interface KeepFunded {
  readonly grid: Grid;
  readonly payer: Signer;
  readonly unsent: Unsent;
  readonly id: string;
  /** Bought at a time. */
  readonly term_ms: number;
  /** All that this account may pay by funding this contract, whenever it did, stroops. */
  readonly cap: bigint;
  readonly signal: AbortSignal;
  /** It has paid; until when it is paid for now. */
  readonly onFunded: (funded_until: number, paid: bigint) => void;
  /** Looked and found nothing due. */
  readonly onWait: (funded_until: number, paid: bigint) => void;
  /** The home is away, or busy: it goes on. */
  readonly onTrouble: (problem: Problem) => void;
}

/**
 * Funds a contract before it runs out, again and again, until the signal ends. What was paid is read from the book, and
 * a payment without a verdict is settled before another is made: a restart neither forgets one nor pays twice.
 * @throws Problem `over_limit` once the next payment would exceed the cap; `refused` once it is over or has a notice
 */
export async function keepFunded(wanted: KeepFunded): Promise<never> {
  const { grid, signal, onTrouble } = wanted;
  for (;;) {
    signal.throwIfAborted();
    let wait_ms: number;
    try {
      await grid.refresh();
      wait_ms = await fundOrWait(wanted);
    } catch (thrown) {
      if (!isProblem(thrown, 'unreachable') && !isProblem(thrown, 'busy')) throw thrown;
      onTrouble(thrown);
      wait_ms = MAX_RETRY_MS;
    }
    await pause(wait_ms, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function fundOrWait({ grid, payer, unsent, id, term_ms, cap, onFunded, onWait }: KeepFunded): Promise<number> {
  const { reader } = grid;
  const at = Math.max(grid.clock(), reader.lastAt);
  const contract = contractIn(reader, id);
  const { amount_stroops } = fundingOf(reader, contract, term_ms, at);
  const until = viewOf(reader, contract, at).funded_until ?? at;
  const paid = fundedBy(reader, payer.key, id);
  const due = until - Math.min(AHEAD_MS, term_ms / 2);
  if (at < due) {
    onWait(until, paid);
    return Math.min(LOOK_MS, due - at);
  }
  if (paid + amount_stroops > cap) {
    throw new Problem('over_limit', `${formatTft(paid)} TFT were paid, ${formatTft(amount_stroops)} TFT more would exceed the cap of ${formatTft(cap)} TFT; it is paid until ${iso(until)}`, { reason: 'cap', hint: 'give a higher --cap' });
  }
  await fund(grid, payer, unsent, { contract: id, term_ms }, cap - paid);
  // One that was settled may be of before, and counted above already.
  const sum = fundedBy(reader, payer.key, id);
  if (sum > paid) onFunded(viewOf(reader, contractIn(reader, id), at).funded_until ?? at, sum);
  return 0;
}

function contractIn(reader: Reader, id: string): ContractObject {
  const contract = read(reader, 'contract', id);
  if (contract === undefined) throw new Problem('not_found', `no contract ${id} on this grid`, { reason: 'contract', hint: '3bot contract list' });
  return contract;
}
