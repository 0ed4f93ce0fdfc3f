// --allocate ADDRESS=TFT
import { parseTft } from '../../src/base/amount.js';
import { Problem } from '../../src/base/errors.js';
import { parseKey } from '../../src/keys/did.js';
import type { Allocation } from '../../src/net/genesis.js';

/** @throws Problem `usage` */
export function parseAllocation(text: string): Allocation {
  const [address, amount, ...more] = text.split('=');
  if (address === undefined || amount === undefined || more.length > 0) throw new Problem('usage', `not an allocation: ${JSON.stringify(text.slice(0, 100))}`, { hint: '--allocate ADDRESS=TFT' });
  return { account: parseKey(address), amount_stroops: String(parseTft(amount)) };
}
