// Paying once, whatever broke in between: a payment is kept before it is handed over, and what was kept is found again
// before another one is made.
import { formatTft } from '../base/amount.js';
import { effect } from '../base/effect.js';
import { isProblem, Problem } from '../base/errors.js';
import type { ParsedRecord } from '../bcdb/record.js';
import { addressOf } from '../keys/did.js';
import { deliver, deliverOwn } from '../net/deliver.js';
import type { Grid } from '../net/grid.js';
import type { Fund, Payload, Payers, SignedRecord, Transfer } from '../schema/types.js';
import type { InDoubt, Unsent } from './unsent.js';

/** A line that was written. */
export interface Written {
  /** Record id. */
  readonly id: string;
  /** Line of the book. */
  readonly index: number;
}

/** What became of a payment whose answer was lost. */
export interface Settled {
  readonly id: string;
  /** Line of the book; null: it is not recorded and can never be. */
  readonly index: number | null;
  readonly payload: Payload;
  /** The one that is wanted now, by its key, or because it says the same and is not long ago: recorded once, not to be sent again. */
  readonly isWanted: boolean;
}

/** Payment requests have keys of their own, which nobody types. */
const REQUEST_KEY = 'request/';

/** Idempotency key of a payment request. @param id its own, hex */
export function requestKey(id: string): string {
  return `${REQUEST_KEY}${id}`;
}

/** Whether a key is that of a payment request. */
export function isRequestKey(key: string): boolean {
  return key.startsWith(REQUEST_KEY);
}

/** What a payment was, for people: `transfer of 5.0000000 TFT from G… to G…, memo "rent"`. */
export function paymentText({ chain, kind, body }: Payload): string {
  const { payers } = body as unknown as { payers: Payers };
  const amount = formatTft(payers.reduce((sum, payer) => sum + BigInt(payer.amount_stroops), 0n));
  const from = addressOf(chain.slice('account/'.length));
  if (kind === 'fund@1') return `payment of ${amount} TFT from ${from} for more time of contract ${(body as unknown as Fund).contract.slice(0, 12)}`;
  const { to, memo } = body as unknown as Transfer;
  return `transfer of ${amount} TFT from ${from} to ${addressOf(to)}, memo ${JSON.stringify(memo)}`;
}

/**
 * The line of the payment that was made under a key, if one is in the book.
 * @param isSame whether a payment is the one that is wanted now
 * @throws Problem `refused`, reason `idempotency_key`, where the key stands for another payment
 */
export function paidUnder(grid: Grid, unsent: Unsent, key: string | undefined, isSame: (payload: Payload) => boolean): Written | undefined {
  if (key === undefined) return undefined;
  const made = unsent.under(key);
  const other = made.find(({ payload }) => !isSame(payload));
  if (other !== undefined) throw standsForAnother(key, other, grid.reader.find(other));
  for (const record of made) {
    const index = grid.reader.find(record);
    if (index !== undefined) return { id: record.id, index };
  }
  return undefined;
}

function standsForAnother(key: string, { id, payload }: ParsedRecord, index: number | undefined): Problem {
  if (!isRequestKey(key)) return new Problem('refused', `the key ${key} stands for another payment: ${paymentText(payload)}`, { reason: 'idempotency_key', hint: 'another payment needs another --idempotency-key' });
  const done = index === undefined ? 'signed' : 'paid';
  return new Problem('refused', `this request was ${done} before, and not as it is to be paid now: ${paymentText(payload)}, in record ${id.slice(0, 12)}`, { reason: 'idempotency_key', hint: index === undefined ? 'pay it from the same account' : `3bot bcdb get ${id.slice(0, 12)}` });
}

/**
 * Finds out about payments of an account that were handed over without a verdict, before another is made. The one
 * that is wanted now is handed in again, the very same record: it cannot be recorded twice. Others need no verdict:
 * the next payment takes their place on the chain, or they have it already.
 * @param account its key, hex
 * @param key idempotency key of the payment that is wanted now
 * @param isSame whether a payment is the one that is wanted now, where it has no key
 * @throws Problem as `deliver`; the payment stays in doubt
 */
export async function settle(grid: Grid, unsent: Unsent, account: string, key: string | undefined, isSame: (payload: Payload) => boolean): Promise<Settled[]> {
  const look = (): InDoubt[] => unsent.of(account, grid.clock());
  if (look().length === 0) return [];
  // Held from here on: a command of this home folder that is just sending ends first, and clears what is its own.
  await grid.hold();
  await grid.refresh();
  const settled: Settled[] = [];
  for (const one of look()) {
    const { record: { id, payload } } = one;
    const isWanted = key === undefined ? one.key === null && one.recent && isSame(payload) : one.key === key;
    const index = grid.reader.find(one.record) ?? (isWanted ? await handInAgain(grid, one) : null);
    const { height = -1 } = grid.reader.head(payload.chain) ?? {};
    if (index === null && !isWanted && height < payload.height) continue;
    unsent.clear(id);
    settled.push({ id, index, payload, isWanted: isWanted && index !== null });
  }
  return settled;
}

/** Its line; null where it is refused, which what is recorded never is. */
async function handInAgain(grid: Grid, { signed }: InDoubt): Promise<number | null> {
  try {
    return (await deliver(grid, signed, REPEAT)).index;
  } catch (thrown) {
    if (isProblem(thrown, 'refused') || isProblem(thrown, 'malformed')) return null;
    throw thrown;
  }
}

const REPEAT = 'the same command again settles it and does not pay twice';

/**
 * Hands a payment over. The signed record is kept until there is a verdict, for `settle`; under a key for good.
 * @throws Problem as `deliverOwn`
 */
export async function handOver(grid: Grid, unsent: Unsent, record: ParsedRecord, signed: SignedRecord, key: string | undefined): Promise<Written> {
  effect('payment_kept', () => unsent.keep(record, signed, grid.clock(), key));
  try {
    const written = await deliverOwn(grid, signed, REPEAT);
    unsent.clear(record.id);
    return written;
  } catch (thrown) {
    if (isProblem(thrown, 'refused') || isProblem(thrown, 'malformed')) unsent.clear(record.id);
    throw thrown;
  }
}
