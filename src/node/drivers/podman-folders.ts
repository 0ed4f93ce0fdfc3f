// What a container sees of its contract's volume, and how it is made sure that it sees nothing else of the machine.
//
//   <volume>/files/             what workloads see: as a whole at /data, or folders of it where the workload says
//   <volume>/roots/<workload>/  what a workload writes outside of that (podman-root.ts)
//
// The tenant writes below files/, also while this agent looks. A folder that is a folder now may be a link to the
// farmer's /etc a moment later. So the container is made up to its first instruction, then its own table of mounts
// says what it would really see, and only then it is started.
import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../base/errors.js';
import type { Mount } from '../../schema/types.js';
import type { StartSpec } from '../driver.js';
import { filesOf, layOut } from '../layout.js';
import { placeOf, type MountLine } from '../mounts.js';

/** What a workload has of its volume: what it says, else all of it at /data. */
export function mountsOf({ workload, data }: Pick<StartSpec, 'workload' | 'data'>): readonly Mount[] {
  return data === null ? [] : (workload.mounts ?? [{ path: '/data', folder: null, read_only: false }]);
}

/** `mounts` of a container, as podman takes them. */
export function volumeMounts(spec: Pick<StartSpec, 'workload' | 'data'>): Record<string, unknown>[] {
  const { data } = spec;
  if (data === null) return [];
  return mountsOf(spec).map(({ path, folder, read_only }) => ({
    type: 'bind', source: join(filesOf(data), folder ?? '.'), destination: path, options: ['bind', 'rprivate', read_only ? 'ro' : 'rw', 'nosuid', 'nodev'],
  }));
}

/**
 * Lays the volume out, and makes the folders that a workload wants and that are not there; whoever the workload runs as
 * may write them.
 * @throws Problem as `layOut`; Problem `refused`, reason `mount`, where something else is in the place of one
 */
export async function makeFolders(spec: Pick<StartSpec, 'workload' | 'data'>): Promise<void> {
  const { data } = spec;
  if (data === null) return;
  await layOut(data);
  const files = filesOf(data);
  for (const { folder } of mountsOf(spec)) {
    if (folder === null) continue;
    const path = join(files, folder);
    const isNew = await mkdir(path).then(() => true, (error: NodeJS.ErrnoException) => (error.code === 'EEXIST' ? false : Promise.reject(error)));
    // By the folder that was opened: by its name, a link that the tenant has put there meanwhile would be followed.
    const opened = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(() => null);
    if (isNew) await opened?.chmod(0o777);
    await opened?.close();
    if (opened === null) throw new Problem('refused', `${folder} in the volume is no folder`, { reason: 'mount' });
  }
}

/**
 * Whether a container that was made, but not started, sees just the folders that it is to see.
 * @param inside its table of mounts, and `own` that of this process
 * @throws Problem `refused`, reason `mount`
 */
export function checkMounts(spec: Pick<StartSpec, 'workload' | 'data'>, inside: readonly MountLine[], own: readonly MountLine[]): void {
  const { data } = spec;
  if (data === null) return;
  const { device, root: base } = placeOf(filesOf(data), own);
  const wanted = mountsOf(spec).map(({ folder }) => join(base, folder ?? '.'));
  for (const root of new Set(wanted)) {
    const count = (all: readonly string[]): number => all.filter((one) => one === root).length;
    if (count(inside.filter((line) => line.device === device).map((line) => line.root)) < count(wanted)) throw new Problem('refused', 'a folder of the volume was replaced while it was mounted', { reason: 'mount' });
  }
}
