// Taking a node out of the market for a time: no new contract, no growth; what runs goes on.
import type { Signer } from '../keys/ed25519.js';
import { appendSigned } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import type { Reader } from '../bcdb/reader.js';
import { drainOf } from '../rules/node.js';
import { read } from '../rules/objects.js';
import type { Drain } from '../schema/types.js';

/**
 * Says that a node takes nothing new, or, with null, that it does again. What is so already records nothing.
 * @param signer the node's own key
 * @returns whether something was recorded
 * @throws Problem `refused` by the rules; `unreachable`
 */
export async function sayDrained(grid: Grid, signer: Signer, said: Drain | null): Promise<boolean> {
  const body = (reader: Reader): Drain | null => {
    const node = read(reader, 'node', signer.key);
    const before = node === undefined ? undefined : drainOf(node, grid.clock());
    if (said === null) return before === undefined ? null : { until: 0, reason: '' };
    return before !== undefined && before.until === said.until && before.reason === said.reason ? null : said;
  };
  return (await appendSigned(grid, { chain: `node/${signer.key}`, kind: 'drain@1', body }, [signer])) !== null;
}
