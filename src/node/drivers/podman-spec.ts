// What podman is asked to make of a workload: limits, rights, mounts, ports. Pure.
import { constants } from 'node:os';
import { MIB } from '../../base/bytes.js';
import { Problem } from '../../base/errors.js';
import { MAX_WORKLOAD_LOG_BYTES } from '../../base/limits.js';
import { specDigest, stopOf, type Scope, type SecretsHere, type StartSpec } from '../driver.js';
import { volumeMounts } from './podman-folders.js';
import { processLimits, resourceLimits, type HardLimits } from './podman-limits.js';

/** Label names under which a container is found again. */
export const LABELS = {
  grid: 'io.3bot.grid',
  node: 'io.3bot.node',
  contract: 'io.3bot.contract',
  workload: 'io.3bot.workload',
  digest: 'io.3bot.digest',
} as const;

/** What images usually need to set themselves up and drop to a user of their own; no raw sockets, no device nodes, no tracing. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'];
/** What the node puts into a container for it to read. */
const READ_ONLY = ['bind', 'rprivate', 'ro', 'nosuid', 'nodev', 'noexec'];
/** /dev/shm, which counts towards the memory, too: what docker and podman give, or half of what there is. */
const SHM_MIB = 64;

/** Name of the container: podman itself lets there be only one of a name, whoever asks at the same time. */
export function containerName(scope: Scope, contract: string, workload: string): string {
  return `3bot-${scope.node.slice(0, 8)}-${contract}-${workload}`;
}

/** What the machine adds to a workload. */
export interface Surroundings {
  readonly hard: HardLimits;
  /** The contract's own, in podman. */
  readonly network: string;
  /** The workload's in it. */
  readonly address: string;
  /** File with the names of the others (hosts(5)). */
  readonly hosts: string;
  /** File for its output. */
  readonly log: string;
  /** Ports of this machine for those of the workload; left out: any. */
  readonly ports?: ReadonlyMap<number, number>;
  /** File with the system calls it may make; left out: podman's own list. */
  readonly seccomp?: string | undefined;
  /** Values of the variables that are secrets. */
  readonly secretEnv?: Readonly<Record<string, string>>;
}

/** An image as podman knows it. */
export interface ImageHere {
  readonly name: string;
  /** Whom it runs as unless it is told otherwise. */
  readonly user: string;
}

/**
 * Body of POST /containers/create (libpod SpecGenerator). The image must be there already. Every capability but a small
 * set is dropped; nothing of our environment is passed on; podman's masked paths stay.
 * @throws Problem `refused`, reason `limits`
 */
export function createBody(scope: Scope, spec: StartSpec, image: ImageHere, { hard, network, address, hosts, log, ports, seccomp, secretEnv = {} }: Surroundings): Record<string, unknown> {
  const { workload, limits } = spec;
  const { command, entrypoint, directory, user, read_only, tmpfs = [] } = workload;
  const stop = stopOf(workload);
  const inMemory = tmpfs.reduce((sum, { size_mib }) => sum + size_mib, 0);
  if (inMemory > limits.mru_mib) throw new Problem('refused', `its folders in memory have ${inMemory} MiB, its memory has ${limits.mru_mib}`, { reason: 'limits' });
  return {
    name: containerName(scope, spec.contract, workload.name),
    image: image.name,
    ...(command.length > 0 ? { command } : {}),
    ...(entrypoint === undefined ? {} : { entrypoint }),
    ...(directory === undefined ? {} : { work_dir: directory }),
    ...(user === undefined ? {} : { user }),
    env: { ...Object.fromEntries(workload.env.map(({ name, value }) => [name, value])), ...secretEnv },
    // Podman would pass the proxy variables of its own environment on.
    httpproxy: false,
    hostname: workload.name,
    labels: {
      [LABELS.grid]: scope.grid,
      [LABELS.node]: scope.node,
      [LABELS.contract]: spec.contract,
      [LABELS.workload]: workload.name,
      [LABELS.digest]: specDigest(spec),
    },
    resource_limits: resourceLimits(limits),
    r_limits: processLimits(workload, hard),
    shm_size: Math.min(SHM_MIB, Math.ceil(limits.mru_mib / 2)) * MIB,
    no_new_privileges: true,
    privileged: false,
    cap_drop: ['ALL'],
    // Podman gives these to whatever user there is; they are for root, to become another one.
    cap_add: isRoot(user ?? image.user) ? CAPABILITIES : [],
    ...(seccomp === undefined ? {} : { seccomp_profile_path: seccomp }),
    systemd: 'false',
    restart_policy: 'no',
    stop_signal: constants.signals[stop.signal],
    stop_timeout: Math.ceil(stop.grace_ms / 1_000),
    netns: { nsmode: 'bridge' },
    Networks: { [network]: { static_ips: [address], static_mac: macOf(address) } },
    // Podman's own file would know its own workload alone.
    use_image_hosts: true,
    // Without a host port podman picks a free one; the list says which.
    portmappings: workload.ports.map(({ container, protocol }) => ({ container_port: container, ...(ports?.get(container) === undefined ? {} : { host_port: ports.get(container) }), host_ip: spec.address, protocol })),
    read_only_filesystem: read_only === true,
    // What the image declares as volumes would lie on the farmer's disk without a bound; so it is part of the root.
    image_volume_mode: 'ignore',
    mounts: [
      ...volumeMounts(spec),
      ...tmpfs.map(({ path, size_mib }) => ({ type: 'tmpfs', destination: path, options: [`size=${size_mib}m`, 'mode=1777', 'nosuid', 'nodev'] })),
      ...secretMounts(spec.secrets),
      { type: 'bind', source: hosts, destination: '/etc/hosts', options: READ_ONLY },
    ],
    log_configuration: { driver: 'k8s-file', path: log, size: MAX_WORKLOAD_LOG_BYTES },
  };
}

/** Whether `user[:group]` is root; nothing said is. */
function isRoot(user: string): boolean {
  return /^(root|0*)(:|$)/.test(user);
}

/** A hardware address for an address: of what is made anew at the same one, others would not hear for half a minute where it is. */
function macOf(address: string): string {
  return ['02', '3b', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');
}

function secretMounts(secrets: SecretsHere | undefined): Record<string, unknown>[] {
  const all = [...(secrets?.files == null ? [] : [{ file: secrets.files, path: '/run/secrets' }]), ...(secrets?.placed ?? [])];
  return all.map(({ file, path }) => ({ type: 'bind', source: file, destination: path, options: READ_ONLY }));
}
