// What a wallet writes into the book: transfers, and what it takes from the faucet of a development grid.
import { formatTft } from '../base/amount.js';
import { Problem } from '../base/errors.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { Keyring } from '../keys/keyring.js';
import { appendSigned } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import { readGrid } from '../rules/objects.js';
import type { Transfer } from '../schema/types.js';
import { balanceOf } from './account.js';

/** A transfer that is wanted. */
export interface WantedTransfer {
  /** Account keys, hex. */
  readonly from: string;
  readonly to: string;
  /** Stroops, above 0. */
  readonly amount: bigint;
  /** At most 100 characters. */
  readonly memo: string;
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
  if (to === from) throw new Problem('usage', 'this is your own wallet');
  if (memo.length > 100) throw new Problem('usage', `the memo has ${memo.length} characters, 100 are allowed`);
  const { balance_stroops } = balanceOf(state, from);
  const { dev } = readGrid(state);
  if (amount <= balance_stroops) return;
  throw new Problem('refused', `too little TFT: ${formatTft(amount)} are to be sent, ${formatTft(balance_stroops)} are there, ${formatTft(amount - balance_stroops)} are missing`, {
    reason: 'funds',
    hint: dev ? '3bot wallet faucet' : '3bot wallet show',
  });
}

/**
 * Sends TFT. When nobody answers it is not known whether it was recorded; the Problem says how to find out.
 * @param keyring identity whose wallet is `from`
 * @throws Problem what `append` throws
 */
export async function send(grid: Grid, keyring: Keyring, { from, to, amount, memo }: WantedTransfer): Promise<Written> {
  const signer = keyring.signer('wallet');
  if (signer.key !== from) throw new Problem('integrity', `the keystore of ${keyring.name} holds another wallet than its header says`);
  const body: Transfer = { payers: [{ account: from, amount_stroops: amount.toString() }], to, memo };
  const { height = -1 } = grid.reader.head(`account/${from}`) ?? {};
  try {
    return await appendSigned(grid, { chain: `account/${from}`, kind: 'transfer@1', body }, [signer]);
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.code !== 'unreachable') throw thrown;
    throw new Problem('unreachable', `${thrown.message}; it is not known whether the transfer was recorded`, {
      cause: thrown,
      hint: `before sending again: 3bot bcdb query --chain account/${from} shows height ${height + 1} if it was`,
    });
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
