// In which fields two lists of workloads differ, in words that people find again in their file.
import { canonical } from '../../base/canonical.js';
import type { Workload } from '../../schema/types.js';

/** One field: null where it is not said. */
export interface FieldChange {
  /** `image`, `env.GREETING`, `ports.80/tcp`. */
  readonly field: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** What becomes of one service. */
export interface ServiceChange {
  readonly name: string;
  readonly change: 'add' | 'change' | 'keep' | 'end';
  /** What it runs: image or command, of the later list that has it. */
  readonly runs: string;
  /** Of one that changes. */
  readonly fields: readonly FieldChange[];
}

/** Services in the order of `after`, then those that end in the order of `before`. */
export function serviceChanges(before: readonly Workload[], after: readonly Workload[]): ServiceChange[] {
  const old = new Map(before.map((one) => [one.name, one]));
  const names = new Set(after.map(({ name }) => name));
  const kept = after.map((workload): ServiceChange => {
    const was = old.get(workload.name);
    const fields = was === undefined ? [] : fieldChanges(was, workload);
    return { name: workload.name, change: was === undefined ? 'add' : fields.length > 0 ? 'change' : 'keep', runs: runsOf(workload), fields };
  });
  return [...kept, ...before.filter(({ name }) => !names.has(name)).map((workload): ServiceChange => ({ name: workload.name, change: 'end', runs: runsOf(workload), fields: [] }))];
}

/** The fields in which two workloads differ, in the order of the later one; none where they are the same record. */
function fieldChanges(before: Workload, after: Workload): FieldChange[] {
  const [from, to] = [fieldsOf(before), fieldsOf(after)];
  const changed = [...new Set([...to.keys(), ...from.keys()])].filter((field) => from.get(field) !== to.get(field));
  // Ids and hashes are told apart by their beginnings, and nobody wants to read all of them twice.
  return changed.map((field) => ({ field, from: from.get(field) ?? null, to: to.get(field) ?? null }));
}

/** What somebody would call it: an image, or the command line. */
function runsOf({ image, command }: Workload): string {
  return image ?? command.join(' ');
}

/** Every field that is said, lists of named things by name; the order of such a list means nothing to people. */
function fieldsOf(workload: Workload): Map<string, string> {
  const { name: _, image, command, env, ports, secrets, mounts, web, tmpfs, ulimits, network, ...rest } = workload;
  const fields: [string, string][] = [
    ...(image === null ? [] : [['image', image] as [string, string]]),
    ...(command.length === 0 ? [] : [['command', command.join(' ')] as [string, string]]),
    ...env.map((one): [string, string] => [`env.${one.name}`, one.value]),
    ...ports.map((one): [string, string] => [`ports.${one.container}/${one.protocol}`, 'published']),
    ...(web ?? []).map((one): [string, string] => [`web.${one.host}`, `port ${one.port}`]),
    ...(mounts ?? []).map((one): [string, string] => [`mounts.${one.path}`, `${one.folder ?? 'the whole volume'}${one.read_only ? ', read-only' : ''}`]),
    ...(tmpfs ?? []).map((one): [string, string] => [`tmpfs.${one.path}`, `${one.size_mib} MiB`]),
    ...(ulimits ?? []).map((one): [string, string] => [`ulimits.${one.name}`, `${one.soft}:${one.hard}`]),
    ...secrets.map((one): [string, string] => [`secrets.${one.name}`, `${one.env !== undefined ? `the variable ${one.env}` : (one.path ?? 'a file')}, SHA-256 ${one.sha256.slice(0, 12)}`]),
    ...(network === undefined ? [] : [['network', network.address] as [string, string]]),
    ...Object.entries(rest).map(([field, value]): [string, string] => [field, typeof value === 'object' ? canonical(value as never) : String(value)]),
  ];
  return new Map(fields);
}
