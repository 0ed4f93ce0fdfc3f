// What a contract owes its payees, before it ends: anyone of them claims it for all.
import type { Reader } from '../bcdb/reader.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { Signer } from '../keys/ed25519.js';
import { appendSigned } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import { read, type ContractObject } from '../rules/objects.js';
import { sharesOf } from '../rules/split.js';
import { viewOf } from '../rules/view.js';
import type { Claim } from '../schema/types.js';

/** What an account would get of a contract now, stroops; 0 where nothing is due. */
export function dueTo(state: ReadState, contract: ContractObject, account: string, at: number): bigint {
  const { settled, billed_stroops } = viewOf(state, contract, at);
  if (settled) return 0n;
  const partOf = (billed: bigint): bigint => sharesOf(contract.agreement.payees, billed).reduce((sum, share) => (share.account === account ? sum + share.amount_stroops : sum), 0n);
  return partOf(billed_stroops) - partOf(BigInt(contract.paid_stroops ?? '0'));
}

/**
 * Has all payees of a contract paid what is billed by now.
 * @param payee signs as an account that is one of them
 * @returns what it got, stroops; 0 where nothing was due, and nothing was recorded
 * @throws Problem what `append` throws
 */
export async function claim(grid: Grid, payee: Signer, id: string): Promise<bigint> {
  let due = 0n;
  const body = (reader: Reader): Claim | null => {
    const contract = read(reader, 'contract', id);
    due = contract === undefined ? 0n : dueTo(reader, contract, payee.key, Math.max(grid.clock(), reader.lastAt));
    return due > 0n ? { contract: id } : null;
  };
  await appendSigned(grid, { chain: `account/${payee.key}`, kind: 'claim@1', body }, [payee]);
  return due;
}
