// What a wallet writes into the book: transfers, and what it takes from the faucet of a development grid.
import { formatTft } from '../base/amount.js';
import { effect } from '../base/effect.js';
import { isProblem, Problem } from '../base/errors.js';
import { makeRecord } from '../bcdb/record.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { addressOf } from '../keys/did.js';
import type { Keyring } from '../keys/keyring.js';
import { appendSigned, nextPayload } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import { deliver, deliverOwn } from '../net/deliver.js';
import { missing, signWith, type SignedFile } from '../net/envelope.js';
import { readGrid } from '../rules/objects.js';
import type { Transfer } from '../schema/types.js';
import { balanceOf } from './account.js';
import type { InDoubt, Unsent } from './unsent.js';

/** A transfer that is wanted. */
export interface WantedTransfer {
  /** Account keys, hex. */
  readonly from: string;
  readonly to: string;
  /** Stroops, above 0. */
  readonly amount: bigint;
  /** At most 100 characters. */
  readonly memo: string;
  /** Idempotency key: under the same one nothing is paid twice. */
  readonly key?: string | undefined;
}

/** A line that was written. */
export interface Written {
  /** Record id. */
  readonly id: string;
  /** Line of the book. */
  readonly index: number;
}

/**
 * Says before anything is signed whether a transfer can be; the rule has the last word.
 * @throws Problem `usage` for what is never possible; `refused`, reason `funds`, saying how much is missing
 */
export function checkTransfer(state: ReadState, { from, to, amount, memo }: WantedTransfer): void {
  if (amount === 0n) throw new Problem('usage', 'nothing to send: the amount is 0');
  if (to === from) throw new Problem('usage', 'this is your own wallet: the account that would pay', { hint: '--account pays from another one' });
  if (memo.length > 100) throw new Problem('usage', `the memo has ${memo.length} characters, 100 are allowed`);
  const { balance_stroops } = balanceOf(state, from);
  const { dev } = readGrid(state);
  if (amount <= balance_stroops) return;
  throw new Problem('refused', `too little TFT: ${formatTft(amount)} are to be sent, ${formatTft(balance_stroops)} are there, ${formatTft(amount - balance_stroops)} are missing`, {
    reason: 'funds',
    hint: dev ? '3bot wallet faucet' : '3bot wallet show',
  });
}

/** A transfer that others have to sign, too. */
export interface DraftedTransfer {
  readonly draft: SignedFile;
  /** Who is missing. */
  readonly why: Problem;
}

/** What became of a transfer whose answer was lost. */
export interface Settled {
  readonly id: string;
  /** Line of the book; null: it is not recorded and can never be. */
  readonly index: number | null;
  readonly to: string;
  readonly amount: bigint;
  /** The one that is wanted now, by its key, or by receiver and amount and not long ago: recorded once, not to be sent again. */
  readonly isWanted: boolean;
}

/**
 * The line of the transfer that was made under the wanted one's key, if one is in the book.
 * @throws Problem `refused`, reason `idempotency_key`, where the key stands for another transfer
 */
export function paidUnder(grid: Grid, unsent: Unsent, { key, from, to, amount, memo }: WantedTransfer): Written | undefined {
  if (key === undefined) return undefined;
  const made = unsent.under(key);
  const other = made.find((one) => one.from !== from || one.to !== to || one.amount !== amount || one.memo !== memo);
  if (other !== undefined) {
    throw new Problem('refused', `the key ${key} stands for another transfer: ${formatTft(other.amount)} TFT from ${addressOf(other.from)} to ${addressOf(other.to)}, memo ${JSON.stringify(other.memo)}`, { reason: 'idempotency_key', hint: 'another transfer needs another --idempotency-key' });
  }
  for (const { record } of made) {
    const index = grid.reader.find(record);
    if (index !== undefined) return { id: record.id, index };
  }
  return undefined;
}

/**
 * Finds out about this wallet's transfers that were handed over without a verdict, before another is made. The one
 * that is wanted now is handed in again, the very same record: it cannot be recorded twice. Others need no verdict:
 * the next transfer takes their place on the chain, or they have it already.
 * @param grid refreshed
 * @throws Problem as `deliver`; the transfer stays in doubt
 */
export async function settleUnsent(grid: Grid, unsent: Unsent, { from, to, amount, key }: WantedTransfer): Promise<Settled[]> {
  const look = (): InDoubt[] => unsent.of(from, grid.clock());
  if (look().length === 0) return [];
  // Held from here on: a command of this home folder that is just sending ends first, and clears what is its own.
  await grid.hold();
  await grid.refresh();
  const settled: Settled[] = [];
  for (const one of look()) {
    const isWanted = key === undefined ? one.key === null && one.recent && one.to === to && one.amount === amount : one.key === key;
    const { record: { id, payload } } = one;
    const index = grid.reader.find(one.record) ?? (isWanted ? await handInAgain(grid, one) : null);
    const { height = -1 } = grid.reader.head(`account/${from}`) ?? {};
    if (index === null && !isWanted && height < payload.height) continue;
    unsent.clear(id);
    settled.push({ id, index, to: one.to, amount: one.amount, isWanted: isWanted && index !== null });
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
 * Sends TFT. The signed record is kept until there is a verdict, for `settleUnsent`; under a key for good. Whatever was
 * signed under the key before and is not in the book has the place on the chain that this one takes, or one below it:
 * it can never be recorded beside it.
 * @param keyring identity that has the account's key, or some of its keys
 * @returns a draft where these keys are not enough
 * @throws Problem as `deliverOwn`, `paidUnder` and `signWith`
 */
export async function send(grid: Grid, keyring: Keyring, unsent: Unsent, wanted: WantedTransfer): Promise<Written | DraftedTransfer> {
  const { from, to, amount, memo, key } = wanted;
  const body: Transfer = { payers: [{ account: from, amount_stroops: amount.toString() }], to, memo };
  grid.demandWritable();
  await grid.hold();
  await grid.refresh();
  // Another command with this key may have been faster.
  const before = paidUnder(grid, unsent, wanted);
  if (before !== undefined) return before;
  const at = grid.clock();
  const record = makeRecord(nextPayload(grid, `account/${from}`, 'transfer@1', body, at));
  const draft = await signWith(grid.reader, { record, signatures: [] }, keyring, grid.clock);
  const why = missing(grid.reader, draft, at);
  if (why !== null) {
    if (key !== undefined) unsent.note(record.id, record.text, key);
    return { draft, why };
  }
  const signed = { payload: record.text, signatures: [...draft.signatures] };
  effect('transfer_kept', () => unsent.keep(record, signed, at, key));
  try {
    const written = await deliverOwn(grid, signed, REPEAT);
    unsent.clear(record.id);
    return written;
  } catch (thrown) {
    if (isProblem(thrown, 'refused') || isProblem(thrown, 'malformed')) unsent.clear(record.id);
    throw thrown;
  }
}

/**
 * Takes what the grid's faucet gives, once an account. Asked on any grid: its rule refuses where there is no faucet.
 * @throws Problem `refused`, reason `dev` or `faucet`; what `append` throws
 */
export async function takeFromFaucet(grid: Grid, keyring: Keyring): Promise<Written & { readonly amount: bigint }> {
  const signer = keyring.signer('wallet');
  const amount_stroops = readGrid(grid.reader).faucet_stroops ?? '0';
  const written = await appendSigned(grid, { chain: `account/${signer.key}`, kind: 'faucet@1', body: { amount_stroops } }, [signer]);
  return { ...written, amount: BigInt(amount_stroops) };
}
