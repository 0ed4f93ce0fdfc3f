// How much of a contract a service needs: processors, memory, processes.
import { MAX_WORKLOAD_PIDS } from '../../base/limits.js';
import type { WorkloadLimits } from '../../schema/types.js';
import type { Faults } from './faults.js';
import { at, integerAt, knownOnly, listAt, parsedAt, tableAt } from './read.js';
import type { Table } from './tree.js';
import { mibOf } from './volumes.js';

/** What a service has that does not say: half a core and half a GiB. */
export const USUAL = { cpu_millis: 500, mru_mib: 512 } as const;

/** What a service adds to its part. */
export interface Needs {
  readonly cpu_millis: number;
  readonly mru_mib: number;
  /** What its workload says of it; undefined: it has the same as the others that do not say. */
  readonly limits: WorkloadLimits | undefined;
}

/** Limits before reservations, and both before the fields that Compose had in their place earlier. */
export function needsOf(service: Table, deploy: Table | undefined, faults: Faults): Needs {
  const resources = deploy === undefined ? undefined : tableAt(deploy, 'resources', faults);
  if (resources !== undefined) knownOnly(resources, ['limits', 'reservations'], faults);
  const [limits, reservations] = (['limits', 'reservations'] as const).map((name) => (resources === undefined ? undefined : tableAt(resources, name, faults)));
  for (const table of [limits, reservations]) if (table !== undefined) checkTable(table, faults);
  const cpus = [limits, service, reservations].map((table) => (table === undefined ? undefined : parsedAt(table, 'cpus', millisOf, 'cores, for example 0.5', faults)));
  const memory = [[limits, 'memory'], [service, 'mem_limit'], [reservations, 'memory'], [service, 'mem_reservation']] as const;
  const mib = memory.map(([table, name]) => (table === undefined ? undefined : parsedAt(table, name, mibOf, 'for example 512m or 1g', faults)));
  const pids = (limits === undefined ? undefined : integerAt(limits, 'pids', faults, 1, MAX_WORKLOAD_PIDS)) ?? integerAt(service, 'pids_limit', faults, -1, MAX_WORKLOAD_PIDS);
  const said = { cpu_millis: cpus.find((one) => one !== undefined), mru_mib: mib.find((one) => one !== undefined) };
  const all = { cpu_millis: said.cpu_millis ?? USUAL.cpu_millis, mru_mib: said.mru_mib ?? USUAL.mru_mib };
  const isSaid = said.cpu_millis !== undefined || said.mru_mib !== undefined || (pids !== undefined && pids > 0);
  return { ...all, limits: isSaid ? { ...all, ...(pids === undefined || pids < 1 ? {} : { pids }) } : undefined };
}

function checkTable(table: Table, faults: Faults): void {
  knownOnly(table, ['cpus', 'memory', 'pids', 'devices', 'generic_resources'], faults);
  for (const name of ['devices', 'generic_resources']) {
    const list = listAt(table, name, faults);
    if (list !== undefined && list.items.length > 0) faults.refuse(at(table, name) ?? table, 'not supported: no node sells GPUs or other devices', 'leave it out');
  }
}

/** Thousandths of a core. @throws where it is no number of cores */
function millisOf(text: string): number {
  const millis = Math.round(Number(text) * 1_000);
  if (!/^[0-9]{1,5}(\.[0-9]{1,6})?$/.test(text) || millis < 10) throw new Error('no cores');
  return millis;
}
