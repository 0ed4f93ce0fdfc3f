// What a wallet writes into the book: transfers, and what it takes from the faucet of a development grid.
import { formatTft } from '../base/amount.js';
import { isProblem, Problem } from '../base/errors.js';
import { makeRecord } from '../bcdb/record.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { Keyring } from '../keys/keyring.js';
import { appendSigned, nextPayload } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import { missing, signWith, type SignedFile } from '../net/envelope.js';
import { readGrid } from '../rules/objects.js';
import type { Payload, Transfer } from '../schema/types.js';
import { balanceOf } from './account.js';
import { handOver, paidUnder, type Written } from './once.js';
import type { Unsent } from './unsent.js';

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

/** Whether a payment is this very transfer; without a key, another memo makes it no other one. */
export function isTransfer({ from, to, amount, memo, key }: WantedTransfer, { chain, kind, body }: Payload): boolean {
  if (kind !== 'transfer@1' || chain !== `account/${from}`) return false;
  const made = body as unknown as Transfer;
  return made.to === to && (key === undefined || made.memo === memo) && made.payers.reduce((sum, payer) => sum + BigInt(payer.amount_stroops), 0n) === amount;
}

/**
 * Sends TFT, once: see `paidUnder` and `settle` for what was sent before. Whatever was signed under the key before and
 * is not in the book has the place on the chain that this one takes, or one below it: it can never be recorded beside it.
 * @param keyring identity that has the account's key, or some of its keys
 * @returns a draft where these keys are not enough
 * @throws Problem as `handOver`, `paidUnder` and `signWith`
 */
export async function send(grid: Grid, keyring: Keyring, unsent: Unsent, wanted: WantedTransfer): Promise<Written | DraftedTransfer> {
  const { from, to, amount, memo, key } = wanted;
  const body: Transfer = { payers: [{ account: from, amount_stroops: amount.toString() }], to, memo };
  grid.demandWritable();
  await grid.hold();
  await grid.refresh();
  // Another command with this key may have been faster.
  const before = paidUnder(grid, unsent, key, (payload) => isTransfer(wanted, payload));
  if (before !== undefined) return before;
  const at = grid.clock();
  const record = makeRecord(nextPayload(grid, `account/${from}`, 'transfer@1', body, at));
  const draft = await signWith(grid.reader, { record, signatures: [] }, keyring, grid.clock);
  const why = missing(grid.reader, draft, at);
  if (why === null) return handOver(grid, unsent, record, { payload: record.text, signatures: [...draft.signatures] }, key);
  if (key !== undefined) unsent.note(record.id, record.text, key);
  return { draft, why };
}

/**
 * Takes what the grid's faucet gives, once an account. Asked on any grid: its rule refuses where there is no faucet.
 * @throws Problem `refused`, reason `dev` or `faucet`; what `append` throws
 */
export async function takeFromFaucet(grid: Grid, keyring: Keyring): Promise<Written & { readonly amount: bigint }> {
  const signer = keyring.signer('wallet');
  const amount_stroops = readGrid(grid.reader).faucet_stroops ?? '0';
  const written = await appendSigned(grid, { chain: `account/${signer.key}`, kind: 'faucet@1', body: { amount_stroops } }, [signer]).catch((thrown: unknown) => {
    if (!isProblem(thrown, 'refused', 'faucet')) throw thrown;
    throw new Problem('refused', thrown.message, { reason: 'faucet', hint: 'another account of yours (3bot wallet create NAME) may take it, too; or ask somebody: 3bot wallet request AMOUNT', cause: thrown });
  });
  return { ...written, amount: BigInt(amount_stroops) };
}
