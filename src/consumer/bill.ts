// The bill of a contract: every interval with the record that proves it, made by carrying the book out once more up to
// there and looking at the contract before and after each record that concerns its time or money.
import { Problem } from '../base/errors.js';
import { Fold, foldLine, foldLines, type FoldOptions } from '../bcdb/fold.js';
import { recordAt, type Found } from '../bcdb/record-at.js';
import { parseRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import type { ReadState, RuleBook } from '../bcdb/rulebook.js';
import { meterOf } from '../rules/meter.js';
import { read, type ContractObject } from '../rules/objects.js';
import { viewOf, type ContractView } from '../rules/view.js';
import { linesOf } from '../market/lines.js';

/** A stretch of time and what it costs; they follow one another without a hole from `held` on. */
export interface Interval {
  /** ms since 1970. */
  readonly from: number;
  readonly to: number;
  /** What of it is billed; 0 where no entry of the meter confirms it. */
  readonly covered_ms: number;
  /** Stroops by which the bill grew. */
  readonly amount_stroops: bigint;
  /** The record that proves it, and its line; null for what an unmetered contract has used up since the last one. */
  readonly record: string | null;
  readonly line: number | null;
  readonly kind: string | null;
}

/** Money that left the escrow for the payees before the end: by claim, fund or amend. */
export interface Payment {
  readonly at: number;
  readonly record: string;
  readonly kind: string;
  readonly amount_stroops: bigint;
}

/** Everything that is billed. */
export interface Bill {
  readonly intervals: readonly Interval[];
  readonly payments: readonly Payment[];
  /** The sum of the intervals' amounts. */
  readonly billed_stroops: bigint;
  /** Time since the last entry that the next one, or an end without fault, may still bill; and what that adds. */
  readonly open_ms: number;
  readonly open_stroops: bigint;
}

/**
 * The bill of a contract as of a moment.
 * @param at ms since 1970, not before the newest line
 * @throws Problem `not_found` where nothing was billed yet, because the node does not hold it
 */
export async function billOf(reader: Reader, rules: RuleBook, contract: ContractObject, at: number, { onProgress, signal }: FoldOptions = {}): Promise<Bill> {
  if (contract.started_at === null) throw new Problem('not_found', 'nothing is billed: no node has held this contract yet', { reason: 'bill', hint: `3bot contract show ${contract.id.slice(0, 12)}` });
  const lines = [...new Set([...linesOf(reader, { tag: `contract/${contract.id}` }), ...entriesOf(reader, contract)])].sort((a, b) => a - b);
  const of = (lines.at(-1) ?? 0) + 1;
  const state = new Fold();
  const draft = new Draft(contract.agreement.meter !== null);
  let folded = 0;
  for (const line of lines) {
    await foldLines(state, reader, rules, folded, line, { signal, onProgress: (done) => onProgress?.(done, of) });
    const found = recordAt(reader, line);
    const before = standingOf(state, contract.id, found.at);
    foldLine(state, rules, found, line);
    draft.add(found, before, standingOf(state, contract.id, found.at));
    folded = line + 1;
  }
  return draft.close(standingOf(state, contract.id, at), at);
}

/** Lines in which the contract's meter may have made an entry while it was in force. */
function entriesOf(reader: Reader, { agreement: { meter, node }, started_at, settled }: ContractObject): number[] {
  if (meter === null || started_at === null) return [];
  const key = meter.by.slice(meter.by.indexOf('/') + 1);
  const statuses = linesOf(reader, { tag: `node/${node}`, signer: key, kind: 'status@1', since: started_at });
  // What a node says it holds, for whomever, is an entry of its own meter too.
  const held = key === node ? linesOf(reader, { signer: key, kind: 'run@1', since: started_at }) : [];
  return [...statuses, ...held].filter((line) => settled === null || reader.line(line).at <= settled.at);
}

/** A contract in a state. */
interface Standing {
  readonly view: ContractView;
  /** Line of its meter's newest entry. */
  readonly entry: number | null;
}

/** Undefined before it was agreed. */
function standingOf(state: ReadState, id: string, at: number): Standing | undefined {
  const contract = read(state, 'contract', id);
  return contract === undefined ? undefined : { view: viewOf(state, contract, at), entry: meterOf(state, contract)?.line ?? null };
}

/** Kinds that pay the payees what is billed by then. */
const PAYING = new Set(['claim@1', 'fund@1', 'amend@1']);

/** Collects intervals and payments, record by record. */
class Draft {
  readonly #intervals: Interval[] = [];
  readonly #payments: Payment[] = [];
  readonly #isMetered: boolean;
  #last: ContractView | undefined;
  #to = 0;

  constructor(isMetered: boolean) {
    this.#isMetered = isMetered;
  }

  add({ at, index, id, payload }: Found, before: Standing | undefined, after: Standing | undefined): void {
    if (after?.view.period == null || before?.view.settled === true) return;
    const { kind } = parseRecord(payload).payload;
    const isEntry = after.entry !== (before?.entry ?? null);
    if (!this.#isMetered || isEntry || after.view.settled || after.view.period.since !== this.#last?.period?.since || after.view.billed_stroops !== this.#last.billed_stroops) {
      this.#interval(at, before?.view, after.view, { record: id, line: index, kind });
    }
    const paid = (before?.view.due_stroops ?? 0n) - after.view.due_stroops;
    if (PAYING.has(kind) && paid > 0n) this.#payments.push({ at, record: id, kind, amount_stroops: paid });
  }

  /** @param now the contract as it is at `at` */
  close(now: Standing | undefined, at: number): Bill {
    const view = now?.view;
    if (view !== undefined && !this.#isMetered && !view.settled) this.#interval(Math.min(at, view.funded_until ?? at), view, view, { record: null, line: null, kind: null });
    return { intervals: this.#intervals, payments: this.#payments, billed_stroops: view?.billed_stroops ?? 0n, open_ms: view?.open_ms ?? 0, open_stroops: view?.open_stroops ?? 0n };
  }

  #interval(at: number, before: ContractView | undefined, after: ContractView, by: Pick<Interval, 'record' | 'line' | 'kind'>): void {
    const last = this.#last;
    const amount_stroops = after.billed_stroops - (last?.billed_stroops ?? 0n);
    // A period that this record ends is billed with its open window, if at all; the next one begins at nothing.
    const isNext = last?.period?.since !== after.period?.since;
    const covered = isNext ? (last === undefined || before === undefined ? 0 : before.covered_ms + (amount_stroops > 0n ? before.open_ms : 0)) : after.covered_ms;
    const covered_ms = Math.max(0, covered - (last?.covered_ms ?? 0));
    const from = last === undefined ? at : this.#to;
    this.#last = after;
    this.#to = at;
    const isEmpty = covered_ms === 0 && amount_stroops === 0n;
    // Nobody expects to be billed while it is paused or over.
    if (isEmpty && (from === at || (before !== undefined && before.funded_until !== null && from >= before.funded_until))) return;
    this.#intervals.push({ from, to: at, covered_ms, amount_stroops, ...by });
  }
}
