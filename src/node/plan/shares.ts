// What each workload of a contract may use of what the contract has. Pure.
import { MAX_CONTRACT_PORTS, MAX_WORKLOAD_PIDS, MIN_WORKLOAD_MIB, MIN_WORKLOAD_MILLIS } from '../../base/limits.js';
import type { Resources, Workload } from '../../schema/types.js';
import type { Limits } from '../driver.js';

/** A workload's part, and why it cannot run with that; null: it can. */
export interface Share {
  readonly workload: Workload;
  readonly limits: Limits;
  readonly refusal: string | null;
}

/**
 * Workloads that say what they need have that, in the order of the list, as long as there is enough; the others have
 * the same of what is left. So all of them together never have more than the contract.
 */
export function sharesOf({ cru, mru_mib, sru_mib, hru_mib }: Resources, workloads: readonly Workload[]): Share[] {
  const left = { millis: cru * 1_000, mib: mru_mib, ports: MAX_CONTRACT_PORTS };
  const refusals = workloads.map((workload) => {
    const { limits, ports, mounts = [] } = workload;
    left.ports -= ports.length;
    if (left.ports < 0) return `the workloads of a contract publish at most ${MAX_CONTRACT_PORTS} ports`;
    if (mounts.length > 0 && sru_mib + hru_mib === 0) return 'it mounts parts of a volume, and the contract has none';
    if (limits === undefined) return null;
    if ((limits.pids ?? 0) > MAX_WORKLOAD_PIDS) return `it asks for ${limits.pids} processes, a workload has at most ${MAX_WORKLOAD_PIDS}`;
    if (limits.cpu_millis > left.millis || limits.mru_mib > left.mib) return `it asks for ${limits.cpu_millis / 1_000} vCPU and ${limits.mru_mib} MiB, and of what the contract has ${left.millis / 1_000} vCPU and ${left.mib} MiB are left`;
    left.millis -= limits.cpu_millis;
    left.mib -= limits.mru_mib;
    return null;
  });
  const others = Math.max(1, workloads.filter(({ limits }) => limits === undefined).length);
  const same = { millis: Math.floor(left.millis / others), mib: Math.floor(left.mib / others) };
  return workloads.map((workload, i) => {
    const { limits } = workload;
    const { cpu_millis, mru_mib: mib, pids = MAX_WORKLOAD_PIDS } = limits ?? { cpu_millis: same.millis, mru_mib: same.mib };
    const tooSmall = cpu_millis >= MIN_WORKLOAD_MILLIS && mib >= MIN_WORKLOAD_MIB ? null : `${cpu_millis / 1_000} vCPU and ${mib} MiB are left for it, which is too little to run`;
    return { workload, limits: { cru: cpu_millis / 1_000, mru_mib: mib, pids }, refusal: refusals[i] ?? tooSmall };
  });
}
