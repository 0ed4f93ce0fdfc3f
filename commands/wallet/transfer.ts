// What `wallet send` and `wallet pay` have in common: settle what is in doubt, check, ask, pay, say what happened.
import type { Payee } from '../../src/market/find.js';
import type { DraftedTransfer } from '../../src/market/wallet.js';
import type { Grid } from '../../src/net/grid.js';
import type { Payload } from '../../src/schema/types.js';
import { Problem } from '../../src/base/errors.js';
import type { Context } from '../command.js';
import { openWallet, type Chosen } from './account.js';

/** A payment as the command line says it. */
export interface Payment {
  readonly payee: Payee;
  /** Stroops. */
  readonly amount: bigint;
  readonly memo: string;
  /** Idempotency key. */
  readonly key: string | undefined;
  /** What `--max` said. */
  readonly max: bigint | undefined;
  /** Throws what stands against paying it now; not asked where it is paid already. */
  readonly check?: () => void;
  /** Where a draft is written, if others have to sign, too. */
  readonly draft: string | undefined;
}

/** @throws Problem `usage` for a key that cannot be told from others at a glance */
export function parseIdempotencyKey(text: string): string {
  if (!/^[!-~]{1,100}$/.test(text)) throw new Problem('usage', `not an idempotency key: ${JSON.stringify(text.slice(0, 100))}`, { hint: '1 to 100 letters, digits and signs without spaces, for example invoice-2026-11' });
  return text;
}

/** Pays from the chosen account, once, and shows the record. @param grid refreshed */
export async function payAndShow(context: Context, grid: Grid, chosen: Chosen, { payee, amount, memo, key, max, check, draft: file }: Payment): Promise<void> {
  const { formatTft, GRID_MONEY } = await import('../../src/base/amount.js');
  const { balanceOf } = await import('../../src/market/account.js');
  const { isRequestKey, paidUnder, paymentText, settle } = await import('../../src/market/once.js');
  const { checkTransfer, isTransfer, send } = await import('../../src/market/wallet.js');
  const { addressOf } = await import('../../src/keys/did.js');
  const { Unsent } = await import('../../src/market/unsent.js');
  const { openPrivate } = await import('../../src/private.js');
  const { allowSpending } = await import('../spending.js');
  const { home, out, flags } = context;
  const { key: account } = chosen.account;
  const transfer = { from: account, to: payee.account, amount, memo, key };
  const address = addressOf(payee.account);
  const whom = payee.name === null ? address : `${payee.name} (${address})`;
  using data = openPrivate(home);
  const unsent = new Unsent(data, grid.id);
  const isSame = (payload: Payload): boolean => isTransfer(transfer, payload);
  const paid = paidUnder(grid, unsent, key, isSame);
  const settled = await settle(grid, unsent, account, key, isSame);
  const before = paid ?? settled.find(({ isWanted }) => isWanted);
  const notes = settled.filter(({ isWanted }) => !isWanted).map((one) => `an earlier ${paymentText(one.payload)} ${one.index === null ? 'was not recorded and never will be' : `is recorded as line ${one.index}`}`);
  if (before !== undefined && key !== undefined) notes.push(`paid before, ${isRequestKey(key) ? 'by this request' : `under the key ${key}`}; nothing was sent now`);
  else if (before !== undefined) notes.push('this is the transfer of the command before, whose answer was lost: it is paid once; to pay once more run the command again');
  if (!flags.json) for (const note of notes) out.note(note);
  if (before === undefined) {
    check?.();
    checkTransfer(grid.reader, transfer);
    await allowSpending(context, { amount, question: `Send ${formatTft(amount)} TFT of grid ${grid.name} to ${whom}?`, flag: '--max', max });
  }
  const done = before ?? await send(grid, await openWallet(context, chosen), unsent, transfer);
  if ('draft' in done) return leaveDraft(context, grid, done, file);
  const { id, index } = done;
  const balance = formatTft(balanceOf(grid.reader, account).balance_stroops);
  out.one({
    json: { record: id, index, amount: formatTft(amount), to: payee.account, address, name: payee.name, memo, balance, resumed: before !== undefined, ...(key === undefined ? {} : { idempotency_key: key }) },
    id,
    text: () => `sent ${formatTft(amount)} TFT of grid ${grid.name} to ${whom}, ${GRID_MONEY}; ${balance} TFT are left\nrecord ${id}, line ${index}`,
  });
  out.next(`3bot receipt get ${id.slice(0, 12)}`);
}

/** The account's other keys sign it, too: it is written into a file, and money moves when enough have. */
async function leaveDraft(context: Context, grid: Grid, { draft, why }: DraftedTransfer, file: string | undefined): Promise<void> {
  const { resolve } = await import('node:path');
  const { saveDraft } = await import('../../src/people/draft.js');
  const { sayDraft } = await import('../drafts.js');
  const path = resolve(file ?? `transfer-${draft.record.id.slice(0, 12)}.draft.json`);
  const saved = saveDraft(path, draft.record, draft.signatures);
  context.out.note(`nothing is paid yet: ${why.message}`);
  await sayDraft(context, grid, saved, 'signed', { file: path });
  context.out.next(`3bot sign ${path}   (by each who is missing; whoever signs last pays)`);
}
