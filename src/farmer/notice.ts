// The farm ends a contract early, as far as the agreement lets it.
import { Problem } from '../base/errors.js';
import type { Reader } from '../bcdb/reader.js';
import type { Keyring } from '../keys/keyring.js';
import { appendSigned } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import { read, type ContractObject } from '../rules/objects.js';
import type { Notice } from '../schema/types.js';
import { farmOf } from './farm.js';

/**
 * Gives notice of a contract; one that was given before stays.
 * @returns the contract, and whether something was recorded
 * @throws Problem `refused` where the agreement knows no notice, or it is over; what `append` throws
 */
export async function giveNotice(grid: Grid, keyring: Keyring, id: string, reason: string): Promise<{ contract: ContractObject; appended: boolean }> {
  const { id: farm } = farmOf(grid, keyring);
  const body = (reader: Reader): Notice | null => (read(reader, 'contract', id)?.notice === undefined ? { contract: id, reason } : null);
  const appended = (await appendSigned(grid, { chain: `farm/${farm}`, kind: 'notice@1', body }, [keyring.signer('farm')])) !== null;
  const contract = read(grid.reader, 'contract', id);
  if (contract === undefined) throw new Problem('not_found', `no contract ${id} on this grid`, { reason: 'contract', hint: '3bot farm show' });
  return { contract, appended };
}
