// Makes a container up to where it can be started: image, limits, mounts, and bounds that podman itself cannot set.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isProblem, Problem } from '../../base/errors.js';
import { MIN_WORKLOAD_MIB, MIN_WORKLOAD_MILLIS } from '../../base/limits.js';
import { isAllowed, registryRefusal } from '../../market/images.js';
import { isPrivateHost } from '../../net/addresses.js';
import { parseLogin, type Login } from '../../net/registry/login.js';
import type { Scope, StartSpec } from '../driver.js';
import type { Machines } from '../machines/machines.js';
import { machineBody, type Prepared } from '../machines/spec.js';
import { mountsSeenBy } from '../mounts.js';
import type { PodmanApi } from './podman-api.js';
import { checkMounts, makeFolders, mountsOf } from './podman-folders.js';
import { haveImage } from './podman-image.js';
import { parseHardLimits } from './podman-limits.js';
import { boundRoot } from './podman-root.js';
import { placeSeccomp } from './podman-seccomp.js';
import { containerName, createBody, type Surroundings } from './podman-spec.js';

/** What containers are made with. */
export interface MakeParts extends Scope {
  readonly api: PodmanApi;
  /** Folder of the driver's own, on this machine's file system. */
  readonly folder: string;
  /** The farmer's exceptions to the rule on registries, see `registryRefusal`. */
  readonly allowRegistries: readonly string[];
  /** Bytes of free disk that are promised to others. */
  readonly promised: () => Promise<number>;
  /** Prepares workloads that are virtual machines; left out: they are refused. */
  readonly machines?: Machines;
  /** Makes what a container stands in; called once its image is here. */
  readonly around: (spec: StartSpec, signal: AbortSignal) => Promise<Pick<Surroundings, 'network' | 'address' | 'hosts' | 'log' | 'ports'>>;
}

/**
 * Creates the container of a spec.
 * @param secretEnv values of the variables that are secrets
 * @returns false where another process has made one of this name between our look and now
 * @throws Problem as `Driver.start`
 */
export async function makeContainer(parts: MakeParts, spec: StartSpec, secretEnv: Readonly<Record<string, string>>, signal: AbortSignal): Promise<boolean> {
  const { workload, limits } = spec;
  const { image } = workload;
  if (image === null) throw new Problem('refused', 'a node with containers runs images only', { reason: 'runtime' });
  // A quota or limit of 0 means none to podman.
  if (limits.cru * 1_000 < MIN_WORKLOAD_MILLIS || limits.mru_mib < MIN_WORKLOAD_MIB || limits.pids < 1) throw new Problem('refused', `a container needs at least a hundredth of a vCPU, ${MIN_WORKLOAD_MIB} MiB and 1 process`, { reason: 'limits' });
  if (spec.data === null && (workload.mounts ?? []).length > 0) throw new Problem('refused', 'the contract has no volume of which a part could be mounted', { reason: 'mount' });
  const name = await fetchImage(parts, spec, signal);
  const { User: user } = (await parts.api.json({ method: 'GET', path: `/images/${name}/json`, signal })) as { User: string };
  const hard = parseHardLimits(await readFile('/proc/self/limits', 'utf8').catch(() => ''));
  const around = await parts.around(spec, signal);
  const seccomp = (await placeSeccomp(parts.folder)) ?? undefined;
  await makeFolders(spec);
  const container = createBody(parts, spec, { name, user }, { ...around, hard, seccomp, secretEnv });
  const body = workload.vm === undefined ? container : machineBody(container, spec, await prepareMachine(parts, spec, name, signal));
  try {
    await parts.api.call({ method: 'POST', path: '/containers/create', body, signal });
    return true;
  } catch (error) {
    const taken = containerName(parts, spec.contract, workload.name);
    if (!isProblem(error, 'failed') || !error.message.includes('already in use') || !error.message.includes(taken)) throw error;
    return false;
  }
}

/**
 * Does what has to be done before a container that was made is started.
 * @param isOurs this process has made it just now; another one may still be at it
 * @returns false where it cannot be started any more and has to be made anew
 * @throws Problem `refused`, reason `storage` or `mount`
 */
export async function readyContainer(parts: MakeParts, id: string, spec: StartSpec, isOurs: boolean, signal: AbortSignal): Promise<boolean> {
  const { api, folder } = parts;
  if (spec.workload.vm !== undefined) {
    // Its root cannot be written. What it is told lies in memory, and may be gone with a restart of this machine.
    if (!isOurs) await prepareMachine(parts, spec, await fetchImage(parts, spec, signal), signal);
    return true;
  }
  return boundRoot(api, id, spec, folder, isOurs, signal);
}

/**
 * Looks at what a container would see, where its tenant could have a hand in that: made up to its first instruction.
 * @param isMade it is that far already
 * @returns whether it is that far now
 * @throws Problem `refused`, reason `mount`
 */
export async function checkContainer({ api }: MakeParts, id: string, spec: StartSpec, isMade: boolean, signal: AbortSignal): Promise<boolean> {
  // A machine's disk lies beside what its tenant writes, and is all that it has of the volume.
  if (spec.workload.vm !== undefined) return isMade;
  if (mountsOf(spec).length === 0) return isMade;
  if (!isMade) {
    await makeFolders(spec);
    await api.call({ method: 'POST', path: `/containers/${id}/init`, signal });
  }
  const { State } = (await api.json({ method: 'GET', path: `/containers/${id}/json`, signal })) as { State: { Pid: number } };
  checkMounts(spec, await mountsSeenBy(State.Pid), await mountsSeenBy('self'));
  return true;
}

/** Sees to it that the image is here, and gives the name under which podman has it. @throws Problem as `haveImage`; `refused`, reason `registry` */
export async function fetchImage(parts: MakeParts, spec: StartSpec, signal: AbortSignal): Promise<string> {
  const image = spec.workload.image ?? '';
  const refusal = registryRefusal(image, parts.allowRegistries);
  if (refusal !== null) throw new Problem('refused', refusal, { reason: 'registry' });
  return haveImage(image, {
    ...parts, folder: join(parts.folder, 'images'), onPull: (done, total) => spec.onPull?.(done, total),
    // Registries that are private by their name come here only where the farmer allows them.
    allowPrivate: isPrivateHost(image.slice(0, image.indexOf('/')).replace(/:[0-9]+$/, '')) || isAllowed(image, parts.allowRegistries),
    login: loginOf(spec), contract: spec.contract,
  }, signal);
}

async function prepareMachine({ machines }: MakeParts, spec: StartSpec, image: string, signal: AbortSignal): Promise<Prepared> {
  if (machines === undefined) throw new Problem('refused', 'this node runs no virtual machines', { reason: 'machine' });
  return machines.prepare(spec, image, signal);
}

function loginOf({ workload: { registry }, secrets }: StartSpec): (() => Promise<Login>) | undefined {
  if (registry === undefined) return undefined;
  return async () => {
    const bytes = await secrets?.bytes(registry.secret);
    if (bytes === undefined) throw new Problem('refused', 'this node takes no secrets, so it cannot log in at a registry', { reason: 'secrets' });
    return parseLogin(bytes, registry.secret);
  };
}
