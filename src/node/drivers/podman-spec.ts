// What podman is asked to make of a workload: limits, rights, mounts, ports. Pure.
import { constants } from 'node:os';
import { MAX_WORKLOAD_LOG_BYTES } from '../../base/limits.js';
import { specDigest, stopOf, type Scope, type SecretsHere, type StartSpec } from '../driver.js';

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
const CPU_PERIOD_US = 100_000;
/** Open files: what databases ask for. */
const OPEN_FILES = 65_536;
/** A workload's processes are bounded by its cgroup; this limit counts a user's over all containers. Podman's own is no higher. */
const USER_PROCESSES = 32_768;

/** Name of the container: podman itself lets there be only one of a name, whoever asks at the same time. */
export function containerName(scope: Scope, contract: string, workload: string): string {
  return `3bot-${scope.node.slice(0, 8)}-${contract}-${workload}`;
}

/** The hard limits of this process (`/proc/self/limits`): without CAP_SYS_RESOURCE a container cannot be given more. */
export interface HardLimits {
  readonly nofile: number;
  readonly nproc: number;
}

/** Reads `/proc/<pid>/limits`; what is not there or unlimited counts as no bound. */
export function parseHardLimits(text: string): HardLimits {
  const hard = (name: string): number => {
    const found = new RegExp(`^${name} +\\S+ +([0-9]+)`, 'm').exec(text);
    return found?.[1] === undefined ? Number.MAX_SAFE_INTEGER : Number(found[1]);
  };
  return { nofile: hard('Max open files'), nproc: hard('Max processes') };
}

/** What the machine adds to a workload. */
export interface Surroundings {
  readonly hard: HardLimits;
  /** The contract's own, in podman. */
  readonly network: string;
  /** File for its output. */
  readonly log: string;
  /** Values of the variables that are secrets. */
  readonly secretEnv?: Readonly<Record<string, string>>;
}

/**
 * Body of POST /containers/create (libpod SpecGenerator). The image is given by digest and must be there already.
 * Memory without swap; cpu as a quota; every capability but a small set dropped; nothing of our environment passed on.
 */
export function createBody(scope: Scope, spec: StartSpec, image: string, { hard, network, log, secretEnv = {} }: Surroundings): Record<string, unknown> {
  const { workload, limits } = spec;
  const memory = limits.mru_mib * 1_048_576;
  const stop = stopOf(workload);
  const nofile = Math.min(OPEN_FILES, hard.nofile);
  const nproc = Math.min(USER_PROCESSES, hard.nproc);
  return {
    name: containerName(scope, spec.contract, workload.name),
    image,
    ...(workload.command.length > 0 ? { command: workload.command } : {}),
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
    resource_limits: {
      cpu: { period: CPU_PERIOD_US, quota: limits.cru * CPU_PERIOD_US },
      memory: { limit: memory, swap: memory },
      pids: { limit: limits.pids },
    },
    r_limits: [
      { type: 'nofile', soft: nofile, hard: nofile },
      { type: 'nproc', soft: nproc, hard: nproc },
    ],
    no_new_privileges: true,
    privileged: false,
    cap_drop: ['ALL'],
    cap_add: CAPABILITIES,
    systemd: 'false',
    restart_policy: 'no',
    stop_signal: constants.signals[stop.signal],
    stop_timeout: Math.ceil(stop.grace_ms / 1_000),
    netns: { nsmode: 'bridge' },
    Networks: { [network]: {} },
    // No host port: podman picks a free one, and the list says which.
    portmappings: workload.ports.map(({ container, protocol }) => ({ container_port: container, host_ip: spec.address, protocol })),
    mounts: [
      ...(spec.data === null ? [] : [{ type: 'bind', source: spec.data, destination: '/data', options: ['rbind', 'rprivate', 'rw', 'nosuid', 'nodev'] }]),
      ...secretMounts(spec.secrets),
    ],
    log_configuration: { driver: 'k8s-file', path: log, size: MAX_WORKLOAD_LOG_BYTES },
  };
}

function secretMounts(secrets: SecretsHere | undefined): Record<string, unknown>[] {
  if (secrets === undefined || secrets.files === null) return [];
  return [{ type: 'bind', source: secrets.files, destination: '/run/secrets', options: ['bind', 'rprivate', 'ro', 'nosuid', 'nodev', 'noexec'] }];
}
