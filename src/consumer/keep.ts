// The receipt of a contract, checked before it is kept: proof that survives this home, the farm and the grid's home.
import { join } from 'node:path';
import { effect } from '../base/effect.js';
import { Problem } from '../base/errors.js';
import { trustOf } from '../bcdb/pinned.js';
import { verifyReceipt } from '../bcdb/receipt.js';
import type { ParsedRecord } from '../bcdb/record.js';
import { replaceFile, type Home } from '../home.js';
import type { Grid } from '../net/grid.js';
import { read } from '../rules/objects.js';
import type { Signature } from '../schema/types.js';

/** Where the receipt of a contract is kept. */
export function receiptPath(home: Home, contract: string): string {
  return join(home.receipts, `${contract}.tlog-proof`);
}

/**
 * Makes, verifies and keeps the receipt of a contract's agreement. Doing it again replaces the file with a newer proof.
 * @throws Problem `not_found` where the copy has no such contract; `integrity` where the proof does not hold
 */
export function keepReceipt(grid: Grid, home: Home, contract: string): { receipt: string; record: ParsedRecord; signatures: readonly Signature[] } {
  const id = read(grid.reader, 'contract', contract)?.record;
  if (id === undefined) throw new Problem('not_found', `no contract ${contract} on this grid`);
  const text = grid.receipt(id);
  const { record, signatures } = verifyReceipt(text, trustOf(grid.reader));
  if (record.id !== id) throw new Problem('integrity', 'the receipt is of another record', { reason: 'receipt' });
  const receipt = receiptPath(home, contract);
  effect('receipt_kept', () => replaceFile(receipt, text));
  return { receipt, record, signatures };
}
