// An account: what it has, and which lines of the book changed that.
import { MAX_LOOKED_AT, MAX_ROWS } from '../base/limits.js';
import { query, type Query } from '../bcdb/query.js';
import type { Found } from '../bcdb/record-at.js';
import { parseRecord } from '../bcdb/record.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { Reader } from '../bcdb/reader.js';
import { payouts } from '../rules/split.js';
import { read, type ContractObject } from '../rules/objects.js';
import type { Agreement, Faucet, Genesis, Payload, Transfer } from '../schema/types.js';

/** What an account has on this grid; not on Stellar. */
export interface Balance {
  readonly balance_stroops: bigint;
  /** Held in contracts that are not settled; not part of the balance. */
  readonly escrowed_stroops: bigint;
}

/** The balance of an account; nothing where the book does not know it. */
export function balanceOf(state: ReadState, account: string): Balance {
  const found = read(state, 'account', account);
  return { balance_stroops: BigInt(found?.balance_stroops ?? '0'), escrowed_stroops: BigInt(found?.escrowed_stroops ?? '0') };
}

/** A line that changed a balance. */
export interface Movement {
  /** Line of the book. */
  readonly index: number;
  /** Record id. */
  readonly record: string;
  /** Home's time of intake, ms. */
  readonly at: number;
  /** `transfer@1`, `faucet@1`, `agreement@1`, `end@1`, `genesis@1`. */
  readonly kind: string;
  /** What the balance grew by; negative where it shrank. */
  readonly amount_stroops: bigint;
  /** `account/<key>` or `contract/<id>`; null where TFT came into being. */
  readonly counterparty: string | null;
  readonly memo: string;
}

/** Movements, newest first. */
export interface History {
  readonly movements: Movement[];
  /** False where older lines were not looked at; they may hold more. */
  readonly complete: boolean;
}

/** What changed the balance at a line, if anything did. */
type Reading = (reader: Reader, payload: Payload, account: string) => Pick<Movement, 'amount_stroops' | 'counterparty' | 'memo'> | undefined;

/**
 * The newest movements of an account, for those without a copy; with one, `movementsSince` leaves nothing out. Its own records and agreements are found by index; what came in is found among
 * the newest 20,000 transfers and ends of the book.
 * @param account key, hex
 * @param limit 1 to 1,000
 */
export function history(reader: Reader, account: string, limit: number): History {
  const chain = `account/${account}`;
  const sources = [
    new Source(reader, account, { chain }, outgoing, Infinity),
    new Source(reader, account, { signer: account, kind: 'agreement@1' }, escrowed, Infinity),
    new Source(reader, account, { kind: 'transfer@1' }, incoming, MAX_LOOKED_AT),
    new Source(reader, account, { kind: 'end@1' }, settled, MAX_LOOKED_AT),
    new Source(reader, account, { chain: 'grid', kind: 'genesis@1' }, allocated, 1),
  ];
  const movements: Movement[] = [];
  while (movements.length < limit) {
    const newest = sources.reduce((best, source) => ((source.next?.index ?? -1) > (best.next?.index ?? -1) ? source : best));
    if (newest.next === undefined) break;
    movements.push(newest.next);
    newest.advance();
  }
  return { movements, complete: sources.every(({ complete }) => complete) };
}

/** One query, read page by page and only as far as needed. */
class Source {
  /** The newest movement that was not taken yet. */
  next: Movement | undefined;
  /** False where it stopped looking before the book's beginning. */
  complete = true;
  readonly #movements: Iterator<Movement>;

  constructor(reader: Reader, account: string, wanted: Query, reading: Reading, most: number) {
    this.#movements = this.#read(reader, account, wanted, reading, most);
    this.advance();
  }

  advance(): void {
    const { value, done } = this.#movements.next();
    this.next = done === true ? undefined : value;
  }

  *#read(reader: Reader, account: string, wanted: Query, reading: Reading, most: number): Iterator<Movement> {
    let looked = 0;
    for (let before: number | undefined; ; ) {
      const { records, next } = query(reader, { ...wanted, before, limit: Math.min(MAX_ROWS, most) });
      for (const found of records) {
        const movement = movementOf(reader, found, account, reading);
        if (movement !== undefined) yield movement;
      }
      looked += records.length;
      if (next === null) return;
      if (looked >= most) {
        this.complete = false;
        return;
      }
      before = next;
    }
  }
}

function movementOf(reader: Reader, { index, id, at, payload }: Found, account: string, reading: Reading): Movement | undefined {
  const record = parseRecord(payload).payload;
  const change = reading(reader, record, account);
  return change === undefined || change.amount_stroops === 0n ? undefined : { index, record: id, at, kind: record.kind, ...change };
}

const outgoing: Reading = (_reader, { kind, body }, account) => {
  if (kind === 'faucet@1') return { amount_stroops: BigInt((body as unknown as Faucet).amount_stroops), counterparty: null, memo: '' };
  if (kind !== 'transfer@1') return undefined;
  const { payers, to, memo } = body as unknown as Transfer;
  return { amount_stroops: -paidBy(payers, account), counterparty: `account/${to}`, memo };
};

const incoming: Reading = (_reader, { chain, body }, account) => {
  const { payers, to, memo } = body as unknown as Transfer;
  return to === account ? { amount_stroops: payers.reduce((sum, { amount_stroops }) => sum + BigInt(amount_stroops), 0n), counterparty: chain, memo } : undefined;
};

const escrowed: Reading = (_reader, { chain, body }, account) => {
  const { payers, order } = body as unknown as Agreement;
  return { amount_stroops: -paidBy(payers, account), counterparty: chain, memo: order ?? '' };
};

const settled: Reading = (reader, { chain }, account) => {
  const contract = read(reader, 'contract', chain.slice('contract/'.length));
  if (contract === undefined || contract.settled === null) return undefined;
  return { amount_stroops: settledFor(contract, account), counterparty: chain, memo: contract.settled.note };
};

/** What an account got when a contract of which nothing was paid out before was settled: its shares and its refund. */
export function settledFor({ agreement, settled }: ContractObject, account: string): bigint {
  const paid = payouts(agreement, BigInt(settled?.billed_stroops ?? '0'), BigInt(settled?.refunded_stroops ?? '0'));
  return [...paid.shares, ...paid.refunds].reduce((sum, part) => (part.account === account ? sum + part.amount_stroops : sum), 0n);
}

const allocated: Reading = (_reader, { body }, account) => {
  const { allocations } = body as unknown as Genesis;
  return { amount_stroops: paidBy(allocations, account), counterparty: null, memo: '' };
};

function paidBy(amounts: readonly { readonly account: string; readonly amount_stroops: string }[], account: string): bigint {
  return amounts.reduce((sum, part) => (part.account === account ? sum + BigInt(part.amount_stroops) : sum), 0n);
}
