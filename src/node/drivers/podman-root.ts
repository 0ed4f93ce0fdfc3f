// What a container writes outside of its volume is bounded by what its contract has bought.
//
// Podman keeps a container's changes to its image in a layer of overlayfs, <storage>/overlay/<layer>/, on the farmer's
// own disk, and only XFS with project quotas would bound them there. So the layer is moved to where there is a bound,
// and a link left in its place:
//
//   the contract has a volume   <volume>/roots/<workload>/, beside what the tenant sees of it
//   it has none                 <folder>/roots/<contract>-<workload>/, a tmpfs of half of the workload's memory, counted to it
//
// Podman itself goes on as always. Where the volume is not mounted, or the machine was restarted, the link leads
// nowhere and the container does not start: never without a bound. Podman does not say then where the layer is, so
// that is noted in <folder>/layers/<container>.
import { lstat, mkdir, readlink, rename, rm, rmdir, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Problem } from '../../base/errors.js';
import { OTHER_MAKER_MS } from '../../base/limits.js';
import { run } from '../children.js';
import type { StartSpec } from '../driver.js';
import type { PodmanApi } from './podman-api.js';

/** Where layers of overlayfs go. */
interface Place {
  readonly path: string;
  /** Of the tmpfs that it is on; null: on the volume. */
  readonly tmpfs_mib: number | null;
}

function placeOf({ contract, workload, limits, data }: StartSpec, folder: string): Place {
  if (data !== null) return { path: join(data, 'roots', workload.name), tmpfs_mib: null };
  return { path: join(folder, 'roots', `${contract}-${workload.name}`, 'layer'), tmpfs_mib: Math.max(1, Math.floor(limits.mru_mib / 2)) };
}

/**
 * Sees to it that a container that does not run writes where there is a bound.
 * @param id podman's whole id of the container
 * @param folder the driver's own; on this machine's own file system
 * @param isOurs this process has made it just now; else another one may still be at it
 * @returns false where its layer is lost, as after a restart of the machine: it has to be made anew
 * @throws Problem `refused`, reason `storage`, where podman does not keep its layers in overlayfs
 */
export async function boundRoot(api: PodmanApi, id: string, spec: StartSpec, folder: string, isOurs: boolean, signal: AbortSignal): Promise<boolean> {
  const layer = await layerOf(api, id, folder, signal);
  if (layer === null) throw new Problem('refused', 'what containers write cannot be bounded here: podman does not use overlayfs', { reason: 'storage' });
  let found = await lstat(layer).catch(() => null);
  if (found?.isSymbolicLink() !== true && !isOurs) {
    await delay(OTHER_MAKER_MS);
    found = await lstat(layer).catch(() => null);
  }
  if (found?.isSymbolicLink() === true) return exists(layer);
  const place = placeOf(spec, folder);
  if (found !== null) await copyLayer(layer, place, signal);
  else if (!(await exists(place.path))) return false;
  await mkdir(join(folder, 'layers'), { recursive: true, mode: 0o700 });
  await rm(join(folder, 'layers', id), { force: true });
  await symlink(layer, join(folder, 'layers', id));
  await symlink(place.path, layer);
  await rm(`${layer}.old`, { recursive: true, force: true });
  return true;
}

/**
 * What is to be done about a container's layer once podman has removed the container.
 * @returns removes it, and the tmpfs that it is on
 */
export async function unboundRoot(api: PodmanApi, id: string, folder: string, signal: AbortSignal): Promise<() => Promise<void>> {
  const layer = await layerOf(api, id, folder, signal);
  const path = layer === null ? null : await readlink(layer).catch(() => null);
  return async () => {
    if (layer !== null) await rm(`${layer}.old`, { recursive: true, force: true });
    if (path !== null && basename(dirname(path)) !== 'roots') await dropMemory(dirname(path), signal);
    else if (path !== null) await rm(path, { recursive: true, force: true });
    await rm(join(folder, 'layers', id), { force: true });
  };
}

/** The layer is whole in its new place before the old one goes: a break in between is mended by the next `boundRoot`. */
async function copyLayer(layer: string, { path, tmpfs_mib }: Place, signal: AbortSignal): Promise<void> {
  if (tmpfs_mib !== null) {
    await dropMemory(dirname(path), signal);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // An inode for every 4 KiB: they take memory too.
    await run('mount', ['-t', 'tmpfs', '-o', `size=${tmpfs_mib}m,nr_inodes=${tmpfs_mib * 256},mode=0700,nosuid,nodev`, '3bot', dirname(path)], signal);
  } else {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rm(path, { recursive: true, force: true });
  }
  await run('cp', ['--archive', '--no-target-directory', layer, path], signal);
  await rename(layer, `${layer}.old`);
}

async function dropMemory(point: string, signal: AbortSignal): Promise<void> {
  if (!(await exists(point))) return;
  // Fails where nothing is mounted: then there is nothing to unmount.
  await run('umount', [point], signal).catch(() => undefined);
  await rmdir(point);
}

async function layerOf(api: PodmanApi, id: string, folder: string, signal: AbortSignal): Promise<string | null> {
  const noted = await readlink(join(folder, 'layers', id)).catch(() => null);
  if (noted !== null) return noted;
  const answer = await api.call({ method: 'GET', path: `/containers/${id}/json`, signal, accept: [404] });
  if (answer.status === 404) return null;
  const { GraphDriver } = JSON.parse(answer.bytes.toString('utf8')) as { GraphDriver: { Name: string; Data: { UpperDir?: string } | null } };
  const upper = GraphDriver.Name === 'overlay' ? GraphDriver.Data?.UpperDir : undefined;
  return upper === undefined ? null : dirname(upper);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
