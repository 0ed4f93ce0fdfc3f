// What a container may use: its share of cpu and memory, its processes, and the limits of setrlimit(2). Pure.
import { Problem } from '../../base/errors.js';
import type { Limits } from '../driver.js';
import type { Ulimit, Workload } from '../../schema/types.js';

const CPU_PERIOD_US = 100_000;
/** Open files: what databases ask for. */
const OPEN_FILES = 65_536;
/** A workload's processes are bounded by its cgroup; this limit counts a user's over all containers. Podman's own is no higher. */
const USER_PROCESSES = 32_768;

/** Too little for a file, and the kernel's sign that a dump is not even given to the machine's own collector (core(5): 0 would be). */
const CORE_DUMPS = { soft: 1, hard: 1 };

/** As `/proc/<pid>/limits` names them (proc(5)). */
const KERNEL_NAMES: Readonly<Record<Ulimit['name'], string>> = {
  core: 'Max core file size', cpu: 'Max cpu time', data: 'Max data size', fsize: 'Max file size', locks: 'Max file locks', memlock: 'Max locked memory', msgqueue: 'Max msgqueue size', nice: 'Max nice priority',
  nofile: 'Max open files', nproc: 'Max processes', rss: 'Max resident set', rtprio: 'Max realtime priority', rttime: 'Max realtime timeout', sigpending: 'Max pending signals', stack: 'Max stack size',
};
/** Whoever runs before others takes what they have paid for. */
const NOT_FOR_SALE: ReadonlySet<Ulimit['name']> = new Set(['nice', 'rtprio', 'rttime']);

/** The hard limits of this process: without CAP_SYS_RESOURCE a container cannot be given more. */
export type HardLimits = Readonly<Record<Ulimit['name'], number>>;

/** Reads `/proc/<pid>/limits`; what is not there or unlimited counts as no bound. */
export function parseHardLimits(text: string): HardLimits {
  const hard = (name: string): number => {
    const found = new RegExp(`^${name} +\\S+ +([0-9]+)`, 'm').exec(text);
    return found?.[1] === undefined ? Number.MAX_SAFE_INTEGER : Number(found[1]);
  };
  return Object.fromEntries(Object.entries(KERNEL_NAMES).map(([name, words]) => [name, hard(words)])) as Record<Ulimit['name'], number>;
}

/** `resource_limits` of a container: cpu as a quota, memory without swap. @param limits at least a hundredth of a core, 8 MiB and a process */
export function resourceLimits({ cru, mru_mib, pids }: Limits): Record<string, unknown> {
  const memory = mru_mib * 1_048_576;
  return { cpu: { period: CPU_PERIOD_US, quota: Math.round(cru * CPU_PERIOD_US) }, memory: { limit: memory, swap: memory }, pids: { limit: pids } };
}

/**
 * `r_limits` of a container: what the workload asks for, as far as this process has it to give.
 * @throws Problem `refused`, reason `limits`, for those that are not given to anybody
 */
export function processLimits({ ulimits = [] }: Pick<Workload, 'ulimits'>, hard: HardLimits): Record<string, unknown>[] {
  const named = new Map<Ulimit['name'], { soft: number; hard: number }>([['nofile', { soft: OPEN_FILES, hard: OPEN_FILES }], ['nproc', { soft: USER_PROCESSES, hard: USER_PROCESSES }], ['core', CORE_DUMPS]]);
  for (const { name, ...wanted } of ulimits) {
    if (NOT_FOR_SALE.has(name)) throw new Problem('refused', `the limit ${name} is not given to workloads`, { reason: 'limits' });
    named.set(name, wanted);
  }
  return [...named].map(([type, wanted]) => ({ type, soft: Math.min(wanted.soft, hard[type]), hard: Math.min(wanted.hard, hard[type]) }));
}
