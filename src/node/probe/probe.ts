// What this machine can offer: measured, less what it keeps for itself and what it cannot enforce.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Problem } from '../../base/errors.js';
import { PROBE_TIMEOUT_MS } from '../../base/limits.js';
import { NOTHING, subtract } from '../../capacity/fit.js';
import { parseSize } from '../../capacity/parse.js';
import type { Announcement, Device, Resources } from '../../schema/types.js';
import { release } from '../../net/release.js';
import { oneLine, run } from '../children.js';
import type { Check, Driver } from '../driver.js';
import { checkMachines } from '../machines/check.js';
import type { Measured } from './measure.js';
import { PLATFORM } from './platform.js';
import type { Volumes } from '../volume.js';

/** What a probe looks at and what it is told. */
export interface ProbeOptions {
  readonly driver: Driver;
  readonly volumes: Volumes;
  /** Folder of the volumes; made if it is not there. */
  readonly folder: string;
  /** What a person says of the disk; null: only what can be told counts. */
  readonly disk: 'ssd' | 'hdd' | null;
  /** Capacity that a person declares instead of what was measured; null: measured. */
  readonly declare: Resources | null;
}

/** The part of an announcement that a machine knows of itself. */
export type Offer = Pick<Announcement, 'declared' | 'capacity' | 'host_share' | 'devices' | 'platform' | 'runtime' | 'features' | 'virtualised' | 'kernel' | 'interfaces' | 'release'>;

/** Where an amount of capacity went: measured = kept + offered, unless it cannot be enforced, or is declared. */
export interface Account {
  readonly resource: Exclude<keyof Resources, 'ipv4'>;
  readonly measured: number;
  readonly kept: number;
  readonly offered: number;
  /** What it is kept for, or why less is offered. */
  readonly why: string;
}

/** What a probe found. */
export interface Probe {
  readonly offer: Offer;
  /** Everything that was looked at; a check that is not ok says what is not offered because of it. */
  readonly checks: readonly Check[];
  readonly accounts: readonly Account[];
}

const MEASURE = fileURLToPath(new URL('./measure.js', import.meta.url));

/**
 * What the machine keeps for itself: one core where there are more than two (with two, the agent's share of time is
 * small and a core would be half of the machine), the larger of 1 GiB and a tenth of the memory (system, agent,
 * podman), and 5 GiB and a tenth of the disk space (images, logs, the book).
 */
export function hostShare(whole: Resources): Resources {
  const disk = (size_mib: number): number => (size_mib === 0 ? 0 : Math.min(size_mib, 5 * 1_024 + Math.ceil(size_mib / 10)));
  return {
    cru: whole.cru > 2 ? 1 : 0,
    mru_mib: Math.min(whole.mru_mib, Math.max(1_024, Math.ceil(whole.mru_mib / 10))),
    sru_mib: disk(whole.sru_mib),
    hru_mib: disk(whole.hru_mib),
    ipv4: 0,
  };
}

/**
 * Capacity as a person declares it: `CRU/MRU/SRU/HRU`, cores and sizes (a bare number is GiB).
 * @throws Problem `usage`
 * @example declared('8/16/500/0')
 */
export function declared(text: string): Resources {
  const parts = text.split('/');
  const [cru = '', mru = '', sru = '', hru = ''] = parts;
  if (parts.length !== 4 || !/^[1-9][0-9]{0,4}$/.test(cru)) {
    throw new Problem('usage', `not a capacity: ${JSON.stringify(text)}`, { hint: 'cores/memory/ssd/hdd, sizes in GiB, for example 8/16/500/0' });
  }
  const memory = parseSize(mru);
  if (memory > 1_000_000_000) throw new Problem('usage', 'more memory than a machine can have');
  return { cru: Number(cru), mru_mib: memory, sru_mib: parseSize(sru), hru_mib: parseSize(hru), ipv4: 0 };
}

/**
 * Measures the machine and says what it offers.
 * @throws Problem `unreachable` when measuring takes longer than a minute, `interrupted`, `failed`
 */
export async function probe(options: ProbeOptions, signal: AbortSignal): Promise<Probe> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const [text, runtimeChecks, volumeChecks, machines] = await Promise.all([
    run(process.execPath, [MEASURE, options.folder], signal, PROBE_TIMEOUT_MS),
    options.driver.check(signal),
    options.volumes.check(signal),
    options.driver.runtime === 'podman' ? checkMachines(signal) : null,
  ]);
  const measured = JSON.parse(text) as Measured;
  return offerOf(measured, [...runtimeChecks, ...volumeChecks, ...(machines === null ? [] : [machines])], options);
}

/** What follows from measurements and checks. Pure. */
export function offerOf(measured: Measured, found: readonly Check[], options: Pick<ProbeOptions, 'disk' | 'declare'> & { readonly driver: Pick<Driver, 'runtime'> }): Probe {
  const { runtime } = options.driver;
  const kind = options.disk ?? measured.disk.kind;
  const holds = (name: string): boolean => found.some((check) => check.name === name && check.ok);
  // The runtime `process` enforces nothing at all, and development grids that allow it know so.
  const canCompute = runtime === 'process' ? holds('process') : holds('podman') && holds('limits') && holds('isolation') && holds('storage');
  const canStore = runtime === 'process' || holds('volumes');
  const space_mib = measured.disk.free_mib + measured.disk.ours_mib;
  const whole: Resources = {
    cru: canCompute ? measured.cpu.cores : 0,
    mru_mib: canCompute ? measured.memory_mib : 0,
    sru_mib: canStore && kind === 'ssd' ? space_mib : 0,
    hru_mib: canStore && kind === 'hdd' ? space_mib : 0,
    ipv4: 0,
  };
  const share = options.declare === null ? hostShare(whole) : NOTHING;
  const capacity = options.declare ?? subtract(whole, share);
  const checks: Check[] = [
    { name: 'machine', ok: true, evidence: oneLine(`${measured.cpu.cores} cores, ${measured.memory_mib} MiB of memory${measured.virtualised ? ', a virtual machine' : ''}`), remedy: null },
    { name: 'kernel', ok: true, evidence: oneLine(kernelText(measured)), remedy: null },
    ...found.map((check) => withConsequence(check, runtime)),
    {
      name: 'disk',
      ok: kind !== null,
      evidence: `${measured.disk.free_mib} MiB free of ${measured.disk.size_mib} on ${oneLine(measured.disk.model, 60)}: ${kind === null ? 'it cannot be told whether SSD or HDD, so none is offered' : `${kind.toUpperCase()}, ${options.disk === null ? 'measured' : 'as a person says'}`}`,
      remedy: kind === null ? 'say it: --disk ssd or --disk hdd' : null,
    },
  ];
  checks.push(...measured.disks.filter(({ name }) => name !== measured.disk.name).map(otherDisk), networkCheck(measured));
  if (options.declare !== null) checks.push({ name: 'capacity', ok: true, evidence: 'declared by a person, not measured', remedy: null });
  return {
    offer: {
      declared: options.declare !== null,
      capacity,
      host_share: share,
      devices: devicesOf(measured, options.disk),
      platform: PLATFORM,
      runtime,
      features: [...(runtime === 'podman' ? ['limits', 'seccomp', 'isolation', 'wireguard', 'volumes'].filter(holds) : []), ...(runtime === 'podman' && holds('machines') && holds('podman') ? ['vm'] : [])],
      virtualised: measured.virtualised,
      kernel: oneLine(kernelText(measured), 200),
      interfaces: [...measured.interfaces],
      release: release(),
    },
    checks,
    accounts: accountsOf(measured, whole, share, capacity, kind, options.declare !== null),
  };
}

/** `linux 6.1.0, cgroups 2 (cpu io memory pids)`. */
function kernelText({ kernel, cgroups: { version, controllers } }: Measured): string {
  return `${kernel}, cgroups ${version}${controllers.length === 0 ? '' : ` (${controllers.join(' ')})`}`;
}

/** Each amount with what became of it, so that nothing that was measured is missing without a word. */
function accountsOf(measured: Measured, whole: Resources, share: Resources, capacity: Resources, kind: 'ssd' | 'hdd' | null, isDeclared: boolean): Account[] {
  const there: Resources = { cru: measured.cpu.cores, mru_mib: measured.memory_mib, sru_mib: 0, hru_mib: 0, ipv4: 0 };
  const space_mib = measured.disk.free_mib + measured.disk.ours_mib;
  const disk = kind === 'hdd' ? 'hru_mib' : 'sru_mib';
  there[disk] = space_mib;
  const kept = { cru: share.cru === 0 ? 'with one or two, the agent takes its share of time only' : 'the system and this agent', mru_mib: 'the system, this agent and the runtime', sru_mib: 'images, logs and the book', hru_mib: 'images, logs and the book' };
  return (['cru', 'mru_mib', disk] as const).map((resource) => {
    const why = isDeclared ? 'declared, not measured' : whole[resource] < there[resource] ? (resource === disk && kind === null ? 'nobody can tell whether SSD or HDD' : 'it could not be limited, so it is not offered') : kept[resource];
    return { resource, measured: there[resource], kept: share[resource], offered: capacity[resource], why };
  });
}

/** A disk that is not the one below the folder: shown, since capacity is of one disk alone. */
function otherDisk({ name, model, size_mib, kind, uses }: Measured['disks'][number]): Check {
  const used = uses.length === 0 ? 'nothing uses it' : `used as ${uses.slice(0, 3).join(', ')}`;
  return {
    name: 'other disk', ok: true, evidence: oneLine(`${name}, ${model === name ? '' : `${model}, `}${size_mib} MiB${kind === null ? '' : ` ${kind.toUpperCase()}`}: ${used}; not offered`),
    remedy: uses.length === 0 ? `to offer it: mkfs.ext4 /dev/${name}, mount it, then 3bot node join --data FOLDER` : null,
  };
}

function networkCheck({ interfaces }: Measured): Check {
  const addresses = interfaces.flatMap((one) => one.addresses);
  const up = interfaces.map(({ name, rate_mbit }) => `${name}${rate_mbit === 0 ? '' : ` ${rate_mbit} Mbit/s`}`).join(', ') || 'no interface is up';
  return { name: 'network', ok: interfaces.length > 0, evidence: `${up}; ${addresses.length === 0 ? 'no public address' : `public: ${addresses.join(', ')}`}; addresses are not sold`, remedy: interfaces.length > 0 ? null : 'connect this machine' };
}

/** A check that failed says what is not offered because of it. */
function withConsequence(check: Check, runtime: Driver['runtime']): Check {
  if (check.ok || runtime === 'process') return check;
  const lost = { podman: 'no cpu and no memory are offered', limits: 'no cpu and no memory are offered', isolation: 'no cpu and no memory are offered', storage: 'no cpu and no memory are offered', volumes: 'no disk space is offered', machines: 'no virtual machines are offered' }[check.name];
  return lost === undefined ? check : { ...check, evidence: `${check.evidence}; ${lost}` };
}

function devicesOf(measured: Measured, said: 'ssd' | 'hdd' | null): Device[] {
  const model = (text: string): string => oneLine(text, 200) || 'unknown';
  const kind = said ?? measured.disk.kind;
  const devices: Device[] = [
    { class: 'cpu', model: model(measured.cpu.model), size_mib: 0, source: 'measured' },
    { class: 'memory', model: 'memory', size_mib: measured.memory_mib, source: 'measured' },
  ];
  if (kind !== null) devices.push({ class: kind, model: model(measured.disk.model), size_mib: measured.disk.size_mib, source: kind === measured.disk.kind ? 'measured' : 'person' });
  const others = measured.disks.filter(({ name }) => name !== measured.disk.name);
  for (const disk of others.slice(0, 16)) if (disk.kind !== null) devices.push({ class: disk.kind, model: model(disk.model), size_mib: disk.size_mib, source: 'measured' });
  for (const gpu of measured.gpus.slice(0, 16)) devices.push({ class: 'gpu', model: model(gpu.model), size_mib: Math.max(0, gpu.memory_mib), source: 'measured' });
  for (const { name } of measured.interfaces.slice(0, 16)) devices.push({ class: 'nic', model: model(name), size_mib: 0, source: 'measured' });
  return devices;
}
