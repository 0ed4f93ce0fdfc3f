// Every field of a Compose service: read, without effect here, or impossible here, and then what to do instead.
import type { Faults } from './faults.js';
import { nameOf } from './read.js';
import type { Table } from './tree.js';

/** Fields of a service that say something here. */
export const SERVICE_FIELDS = [
  'image', 'command', 'entrypoint', 'environment', 'env_file', 'ports', 'expose', 'volumes', 'tmpfs', 'read_only', 'user', 'working_dir', 'healthcheck', 'restart', 'depends_on',
  'stop_signal', 'stop_grace_period', 'ulimits', 'deploy', 'cpus', 'mem_limit', 'mem_reservation', 'pids_limit', 'scale', 'secrets', 'configs', 'networks', 'network_mode', 'links',
  'container_name', 'hostname', 'profiles', 'extends', 'cap_add', 'security_opt', 'shm_size', 'build',
] as const;

/** Fields that change nothing here, with the reason. */
export const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  annotations: 'nothing here reads them',
  attach: 'see what it prints with 3bot logs',
  blkio_config: 'all workloads of a node have the same right to its disk',
  cap_drop: 'every capability but the few that images need to set themselves up is dropped anyway',
  cpu_shares: 'each workload has its cpus to itself: deploy.resources.limits.cpus says how many',
  cpu_quota: 'deploy.resources.limits.cpus says how many cores it has',
  cpu_period: 'deploy.resources.limits.cpus says how many cores it has',
  develop: 'it is for building on your own machine',
  domainname: 'services are reached by their names alone',
  init: 'the image starts what it starts; zombies are reaped where its first process does so',
  label_file: 'nothing here reads labels',
  labels: 'nothing here reads labels',
  logging: 'the node keeps the last of what it prints: 3bot logs',
  mac_address: 'the node chooses it',
  mem_swappiness: 'nothing here swaps',
  memswap_limit: 'nothing here swaps',
  oom_kill_disable: 'what is above its memory is ended',
  oom_score_adj: 'each workload has its memory to itself',
  platform: 'only nodes are taken that the image is for',
  pull_policy: 'what runs is named by its digest, and fetched once',
  pull_refresh_after: 'what runs is named by its digest, and fetched once',
  stdin_open: 'nobody is at its streams; 3bot exec opens a terminal within it',
  tty: 'nobody is at its streams; 3bot exec opens a terminal within it',
};

/** Fields that cannot be here: why, and what to do instead. */
const IMPOSSIBLE: Readonly<Record<string, readonly [why: string, instead: string]>> = {
  cgroup: ['it would reach out of the container', 'leave it out'],
  cgroup_parent: ['the node places its containers', 'leave it out'],
  cpu_rt_period: ['no workload has real-time rights on a node that others share', 'leave it out'],
  cpu_rt_runtime: ['no workload has real-time rights on a node that others share', 'leave it out'],
  cpuset: ['which cores a workload runs on is the node\'s choice', 'deploy.resources.limits.cpus says how many'],
  cpu_count: ['it is for Windows', 'deploy.resources.limits.cpus says how many cores it has'],
  cpu_percent: ['it is for Windows', 'deploy.resources.limits.cpus says how many cores it has'],
  credential_spec: ['it is for Windows', 'leave it out'],
  device_cgroup_rules: ['a workload has no devices of the machine', 'leave it out'],
  devices: ['a workload has no devices of the machine', 'leave it out'],
  dns: ['names are answered by the node\'s resolver', 'leave it out'],
  dns_opt: ['names are answered by the node\'s resolver', 'leave it out'],
  dns_search: ['names are answered by the node\'s resolver', 'leave it out, and write whole names'],
  external_links: ['there is nothing outside of this file to link to', 'reach other contracts by a private network: x-3bot: {network: true}'],
  extra_hosts: ['the names that a workload knows are those of the other services', 'use the address itself in the configuration'],
  gpus: ['no node sells GPUs', 'leave it out'],
  group_add: ['a workload has the groups of its user', 'user: UID:GID'],
  ipc: ['it would reach out of the container', 'leave it out; shared memory of its own is at /dev/shm'],
  isolation: ['it is for Windows', 'leave it out'],
  models: ['no node sells models', 'run one as a service with an image'],
  pid: ['it would reach out of the container', 'leave it out'],
  post_start: ['nothing is run beside a workload when it starts', 'let its command do it: ["sh", "-c", "before; exec main"]'],
  pre_stop: ['nothing is run beside a workload when it stops', 'let it handle its stop_signal'],
  privileged: ['a workload never has the rights of the machine', 'leave it out'],
  provider: ['nothing here runs programs of other providers', 'give it an image'],
  runtime: ['the node chooses how containers are run', 'leave it out'],
  storage_opt: ['what a workload writes is bounded by its volume', 'x-3bot: {parts: {main: {ssd: 20GiB}}}'],
  sysctls: ['settings of the kernel are the farmer\'s', 'leave it out, or run it in a virtual machine'],
  use_api_socket: ['a workload never reaches the runtime of its node', 'leave it out'],
  userns_mode: ['the node chooses it', 'leave it out'],
  uts: ['it would reach out of the container', 'leave it out'],
  volumes_from: ['each service names its volumes itself', 'name the same volume in both services'],
};

/** Complains about the fields of a service that are impossible, or unknown, and notes those without effect. */
export function checkFields(service: Table, faults: Faults): void {
  for (const [name, { value }] of service.entries) {
    if (name.startsWith('x-') || (SERVICE_FIELDS as readonly string[]).includes(name)) continue;
    // Said to be as it is anyway.
    if (value.kind === 'scalar' && (value.value === null || value.value === false)) continue;
    const where = nameOf(service, name);
    const impossible = own(IMPOSSIBLE, name);
    const idle = own(WITHOUT_EFFECT, name);
    if (impossible !== undefined) faults.refuse(where, `not supported: ${impossible[0]}`, impossible[1]);
    else if (idle !== undefined) faults.note(where, `without effect: ${idle}`);
    else faults.refuse(where, 'Compose knows no such field of a service', nearest(name));
  }
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The field that was probably meant. */
function nearest(name: string): string {
  const all = [...SERVICE_FIELDS, ...Object.keys(WITHOUT_EFFECT), ...Object.keys(IMPOSSIBLE)];
  const best = all.map((one) => [distance(name, one), one] as const).sort(([a], [b]) => a - b)[0];
  return best !== undefined && best[0] <= 2 ? `${best[1]}?` : 'leave it out, or begin it with x- to keep it for yourself';
}

/** Letters to change, add or leave out between two short words (Levenshtein). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 3;
}
