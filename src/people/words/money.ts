// Payments in plain words.
import { formatTft } from '../../base/amount.js';
import type { Payload, Transfer } from '../../schema/types.js';
import type { Row } from '../kinds.js';

/** transfer@1 */
export function transferWords({ body }: Payload): Row[] {
  const { payers, to, memo } = body as unknown as Transfer;
  return [...payers.map(({ account, amount_stroops }): Row => ['pays', `account ${account}: ${formatTft(BigInt(amount_stroops))} TFT, at once and for good`]), ['to', `account ${to}`], ...(memo === null ? [] : [['memo', memo] as Row])];
}
