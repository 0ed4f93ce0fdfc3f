// What a buyer does to a contract in force: other workloads, or the end.
import { canonical } from '../base/canonical.js';
import { Problem } from '../base/errors.js';
import type { Reader } from '../bcdb/reader.js';
import type { Keyring } from '../keys/keyring.js';
import { appendSigned } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import { read, type ContractObject } from '../rules/objects.js';
import { viewOf } from '../rules/view.js';
import type { End, Workload } from '../schema/types.js';

function current(reader: Reader, id: string): ContractObject {
  const contract = read(reader, 'contract', id);
  if (contract === undefined) throw new Problem('not_found', `no contract ${id} on this grid`, { reason: 'contract', hint: '3bot contract list' });
  return contract;
}

/** @throws Problem `refused`, reason `platform`, where the node of a contract cannot run images that are for these platforms only; null: any */
export function demandPlatform(reader: Reader, id: string, platforms: readonly string[] | null): void {
  const node = read(reader, 'node', current(reader, id).agreement.node);
  if (node === undefined || platforms === null || platforms.includes(node.announcement.platform)) return;
  throw new Problem('refused', `the node is ${node.announcement.platform}, the image is for ${platforms.join(', ')}`, { reason: 'platform' });
}

/**
 * Adds workloads to a contract, or replaces those of their names. The same again records nothing.
 * @returns whether something was recorded
 * @throws Problem `refused` where the contract is over, or the identity may not; `unreachable`
 */
export async function deploy(grid: Grid, keyring: Keyring, id: string, changed: readonly Workload[]): Promise<boolean> {
  const names = new Set(changed.map(({ name }) => name));
  const body = (reader: Reader): { workloads: Workload[] } | null => {
    const { workloads } = current(reader, id);
    const isThere = changed.every((one) => workloads.some((same) => canonical(same) === canonical(one)));
    return isThere ? null : { workloads: [...workloads.filter(({ name }) => !names.has(name)), ...changed] };
  };
  return (await appendSigned(grid, { chain: `contract/${id}`, kind: 'workload@1', body }, [keyring.signer('bot')])) !== null;
}

/**
 * Makes these, and no others, the workloads of a contract. The same again records nothing.
 * @returns whether something was recorded
 * @throws Problem as `deploy`
 */
export async function replaceWorkloads(grid: Grid, keyring: Keyring, id: string, wanted: readonly Workload[]): Promise<boolean> {
  const body = (reader: Reader): { workloads: Workload[] } | null => {
    const { workloads } = current(reader, id);
    return canonical(workloads) === canonical([...wanted]) ? null : { workloads: [...wanted] };
  };
  return (await appendSigned(grid, { chain: `contract/${id}`, kind: 'workload@1', body }, [keyring.signer('bot')])) !== null;
}

/**
 * Ends a contract and settles it in one record: what is used goes to the farm, the rest comes back. One that is
 * settled already stays as it is.
 * @param fault the time since its meter's last entry is not paid
 * @returns whether something was recorded
 * @throws Problem `refused` where the identity may not, or there is no meter and a fault; `unreachable`
 */
export async function endContract(grid: Grid, keyring: Keyring, id: string, reason: string, fault?: true): Promise<boolean> {
  const end: End = { reason, ...(fault === undefined ? {} : { fault }) };
  const body = (reader: Reader): End | null => (viewOf(reader, current(reader, id), grid.clock()).settled ? null : end);
  return (await appendSigned(grid, { chain: `contract/${id}`, kind: 'end@1', body }, [keyring.signer('bot')])) !== null;
}
