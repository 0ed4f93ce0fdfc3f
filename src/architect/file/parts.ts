// Which contracts the services of a blueprint need: its parts, their copies, and how much each has.
import { Problem } from '../../base/errors.js';
import { MAX_BLUEPRINT_PARTS, MAX_PART_WORKLOADS } from '../../base/limits.js';
import { SPREADS } from '../../consumer/choose.js';
import { checkWorkloads } from '../../rules/workload.js';
import type { Resources, Workload } from '../../schema/types.js';
import { shapeError } from '../../schema/validate.js';
import type { Part } from '../design.js';
import type { Faults, Where } from './faults.js';
import { plain } from './names.js';
import { USUAL } from './needs.js';
import { at, integerAt, knownOnly, nameOf, oneOf, sizeAt, spanAt, tableAt, textAt, truthAt } from './read.js';
import type { Service } from './service.js';
import type { Table } from './tree.js';
import { VOLUME_MIB } from './volumes.js';

/** Where services go that do not say. */
export const MAIN = 'main';
/** How long somebody buys who does not say; as `reserve`. */
const TERM_MS = 30 * 24 * 3_600_000;
const FIELDS = ['cpu', 'memory', 'ssd', 'hdd', 'ipv4', 'nodes', 'spread', 'location', 'farm', 'node', 'runtime', 'dedicated', 'exec', 'term', 'notice', 'retention'];
const NAME = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;

/** Services that are one contract, or several alike. */
interface Group {
  readonly name: string;
  readonly services: Service[];
}

/** The parts of a blueprint, copies included, in the order in which its services name them. */
export function partsOf(root: Table, services: readonly Service[], faults: Faults): Part[] {
  const market = tableAt(root, 'x-3bot', faults);
  const declared = market === undefined ? undefined : tableAt(market, 'parts', faults);
  const term = (market === undefined ? undefined : spanAt(market, 'term', faults)) ?? TERM_MS;
  const groups = groupsOf(services, declared);
  for (const [name, { at: place, value }] of declared?.entries ?? []) {
    if (!groups.some((group) => group.name === name)) faults.refuse({ at: place, path: value.path }, 'no service is in this part', `a service says x-3bot: {part: ${name}}; those that do not say are in ${MAIN}`);
  }
  const parts = groups.flatMap(({ name, services: members }) => {
    const said = declared === undefined ? undefined : tableAt(declared, name, faults);
    if (said !== undefined) knownOnly(said, FIELDS, faults);
    return copiesOf({ name, services: members }, said, term, faults);
  });
  checkTogether(root, parts, groups, faults);
  return parts;
}

/** A service that is to run several times has a part of its own, unless it says which. */
function groupsOf(services: readonly Service[], declared: Table | undefined): Group[] {
  const groups = new Map<string, Service[]>();
  for (const service of services) {
    const name = service.part ?? (service.copies > 1 || declared?.entries.has(service.name) === true ? plain(service.name) : MAIN);
    groups.set(name, [...(groups.get(name) ?? []), service]);
  }
  return [...groups].map(([name, members]) => ({ name, services: members }));
}

function copiesOf({ name, services }: Group, said: Table | undefined, term: number, faults: Faults): Part[] {
  const first = said ?? services[0]?.table;
  if (first === undefined) return [];
  const where = { at: first.at, path: `part ${name}` };
  if (!NAME.test(name)) faults.refuse(where, `not a name for a part: ${JSON.stringify(name.slice(0, 60))}`, 'at most 40 of a-z, 0-9 and -, no - at the ends');
  if (services.length > MAX_PART_WORKLOADS) faults.refuse(where, `${services.length} services in one part`, `at most ${MAX_PART_WORKLOADS}; put some into another: x-3bot: {part: NAME}`);
  const copies = (said === undefined ? undefined : integerAt(said, 'nodes', faults, 1, MAX_BLUEPRINT_PARTS)) ?? Math.max(1, ...services.map((one) => one.copies));
  for (const { copies: wanted, table } of services) if (wanted !== 1 && wanted !== copies) faults.note(nameOf(table, 'deploy'), `it runs on each of the ${copies} nodes of its part, not ${wanted} times`);
  const folders = services.flatMap((one) => [...one.folders.keys()]);
  if (copies > 1 && folders.length > 0) faults.note(where, `each of the ${copies} nodes has volumes of its own: nothing is copied between them`);
  const part: Omit<Part, 'name'> = {
    group: name,
    spread: said === undefined ? null : (oneOf(said, 'spread', SPREADS, faults) ?? null),
    resources: resourcesOf(services, said, where, faults),
    term_ms: (said === undefined ? undefined : spanAt(said, 'term', faults)) ?? term,
    ...filtersOf(said, faults),
    workloads: services.map(({ workload }) => workload),
  };
  checkWhole(part.workloads, where, faults);
  return Array.from({ length: copies }, (_, i) => ({ name: i === 0 ? name : `${name}-${i + 1}`, ...part }));
}

function filtersOf(said: Table | undefined, faults: Faults): Pick<Part, 'farm' | 'node' | 'location' | 'runtime' | 'dedicated' | 'exec' | 'notice_ms' | 'retention_ms'> {
  if (said === undefined) return { farm: null, node: null, location: null, runtime: null, dedicated: false, exec: false, notice_ms: null, retention_ms: null };
  return {
    farm: textAt(said, 'farm', faults) ?? null,
    node: textAt(said, 'node', faults) ?? null,
    location: textAt(said, 'location', faults) ?? null,
    runtime: oneOf(said, 'runtime', ['podman', 'process'] as const, faults) ?? null,
    dedicated: truthAt(said, 'dedicated', faults) ?? false,
    exec: truthAt(said, 'exec', faults) ?? false,
    notice_ms: spanAt(said, 'notice', faults) ?? null,
    retention_ms: spanAt(said, 'retention', faults) ?? null,
  };
}

/** What a part says, else the sum of what its services say, and of what those have that do not. */
function resourcesOf(services: readonly Service[], said: Table | undefined, where: Where, faults: Faults): Resources {
  const sum = (pick: (service: Service) => number): number => services.reduce((all, one) => all + pick(one), 0);
  const millis = sum(({ needs }) => needs.cpu_millis);
  const mib = sum(({ needs }) => needs.mru_mib);
  const folders = new Map(services.flatMap((one) => [...one.folders]));
  const volumes = [...folders.values()].reduce((all, size) => all + size, 0);
  const named = said === undefined ? {} : { cru: integerAt(said, 'cpu', faults, 0, 99_999), mru_mib: sizeAt(said, 'memory', faults), sru_mib: sizeAt(said, 'ssd', faults), hru_mib: sizeAt(said, 'hdd', faults), ipv4: integerAt(said, 'ipv4', faults, 0, 99_999) };
  const resources: Resources = {
    cru: named.cru ?? Math.max(1, Math.ceil(millis / 1_000)), mru_mib: named.mru_mib ?? mib,
    sru_mib: named.sru_mib ?? (named.hru_mib === undefined ? volumes : 0), hru_mib: named.hru_mib ?? 0, ipv4: named.ipv4 ?? 0,
  };
  checkEnough(resources, services, where, volumes, faults);
  const unsaid = services.filter(({ needs }) => needs.limits === undefined).length;
  if (unsaid > 0 && (named.cru === undefined || named.mru_mib === undefined)) faults.note(where, `${unsaid} of its ${services.length} services ${unsaid === 1 ? 'does' : 'do'} not say what they need (deploy.resources.limits): ${USUAL.cpu_millis / 1_000} cores and ${USUAL.mru_mib} MiB are taken for each`);
  if (volumes > 0 && named.sru_mib === undefined && named.hru_mib === undefined && [...folders.values()].includes(VOLUME_MIB)) faults.note(where, `volumes that do not say (x-3bot: {size: 20GiB}) have ${VOLUME_MIB / 1_024} GiB each: ${volumes / 1_024} GiB in all`);
  return resources;
}

function checkEnough({ cru, mru_mib, sru_mib, hru_mib }: Resources, services: readonly Service[], where: Where, volumes: number, faults: Faults): void {
  const limits = services.flatMap(({ needs }) => needs.limits ?? []);
  const millis = limits.reduce((all, one) => all + one.cpu_millis, 0);
  const mib = limits.reduce((all, one) => all + one.mru_mib, 0);
  const others = services.length - limits.length;
  if (millis + 10 * others > cru * 1_000 || mib + 8 * others > mru_mib) faults.refuse(where, `its services ask for ${millis / 1_000} cores and ${mib} MiB${others > 0 ? `, ${others} more for what is left` : ''}, and it has ${cru} and ${mru_mib} MiB`, 'give it more cpu or memory, or its services lower limits');
  if (volumes > 0 && sru_mib + hru_mib === 0) faults.refuse(where, 'its services have volumes, and it has no ssd or hdd', `ssd: ${volumes / 1_024}GiB`);
}

/** What the records themselves ask for, of all services of a part together. */
function checkWhole(workloads: readonly Workload[], where: Where, faults: Faults): void {
  // Tags become digests later, and have been looked at.
  const wrong = shapeError('workload@1', { workloads: workloads.map((one) => ({ ...one, image: null })) });
  try {
    if (wrong === null) checkWorkloads(workloads, 2);
    else if (faults.faults.length === 0) faults.refuse(where, `no record can hold this: ${wrong}`, '');
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown;
    if (faults.faults.length === 0) faults.refuse(where, thrown.message, '');
  }
}

/** What holds over all parts. */
function checkTogether(root: Table, parts: readonly Part[], groups: readonly Group[], faults: Faults): void {
  const market = at(root, 'x-3bot') ?? root;
  if (parts.length > MAX_BLUEPRINT_PARTS) return faults.refuse(market, `${parts.length} contracts in all`, `at most ${MAX_BLUEPRINT_PARTS}`);
  const names = parts.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) faults.refuse(market, `two parts are called ${twice}: a further copy of a part is NAME-2, NAME-3 …`, 'call one of them otherwise');
  const homes = new Map<string, string>();
  for (const { name, services } of groups) {
    for (const { folders, table } of services) {
      for (const folder of folders.keys()) {
        const other = homes.get(folder) ?? name;
        if (other !== name) faults.refuse(at(table, 'volumes') ?? table, `the volume ${folder} is in two parts, ${other} and ${name}: a volume lies on one node`, `put both services into one part: x-3bot: {part: ${other}}`);
        homes.set(folder, other);
      }
    }
  }
}
