// The statement of an account for a period: what it had, every movement, what it has then. Exact, or a Problem.
import { formatTft } from '../base/amount.js';
import { Problem } from '../base/errors.js';
import { linesUntil, type FoldOptions } from '../bcdb/fold.js';
import type { Reader } from '../bcdb/reader.js';
import type { RuleBook } from '../bcdb/rulebook.js';
import { balanceOf, type Movement } from './account.js';
import { movementsSince } from './ledger.js';

/** A movement and what the account had after it. */
export interface Posting extends Movement {
  readonly balance_stroops: bigint;
}

/** What moved in a period; opening plus all amounts is closing. */
export interface Statement {
  /** First ms that counts, and the first that does not any more. */
  readonly from: number;
  readonly to: number;
  readonly opening_stroops: bigint;
  /** Oldest first. */
  readonly postings: readonly Posting[];
  readonly closing_stroops: bigint;
}

/** The period that is asked for, ms since 1970. */
export interface Span {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/**
 * The statement of an account. The balance of today, which every copy has checked, less what moved since the beginning
 * of the period gives the opening balance: so a movement that was missed would show, as a balance below nothing or as
 * money before the book began.
 * @param account key, hex
 * @throws Problem `integrity`, reason `statement`, where the movements do not add up to the balance; what the index throws
 */
export async function statementOf(reader: Reader, rules: RuleBook, account: string, { from, to }: Span, options: FoldOptions = {}): Promise<Statement> {
  const first = linesUntil(reader, from - 1);
  const movements = await movementsSince(reader, rules, account, first, options);
  const now = balanceOf(reader, account).balance_stroops;
  const opening = movements.reduce((left, { amount_stroops }) => left - amount_stroops, now);
  const postings: Posting[] = [];
  let balance = opening;
  for (const movement of movements) {
    if (balance < 0n) break;
    balance += movement.amount_stroops;
    if (movement.at < to) postings.push({ ...movement, balance_stroops: balance });
  }
  if (balance !== now || (first === 0 && opening !== 0n)) {
    throw new Problem('integrity', `the movements do not add up: they make ${formatTft(now - opening)} TFT of ${formatTft(now)} TFT`, { reason: 'statement', hint: '3bot bcdb verify' });
  }
  return { from, to, opening_stroops: opening, postings, closing_stroops: postings.at(-1)?.balance_stroops ?? opening };
}
