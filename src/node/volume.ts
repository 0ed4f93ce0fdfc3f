// Volumes of contracts: a sparse file with a file system of just the size sold, or a plain folder where nothing is enforced.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MIB } from '../base/bytes.js';
import { messageOf, Problem } from '../base/errors.js';
import { run } from './children.js';
import type { Check } from './driver.js';
import { parseMounts } from './mounts.js';

/*
 *   <folder>/<contract>.img   the file system, sparse; a later start of the machine mounts it again
 *   <folder>/<contract>.grow  it is being made larger; until that is done it counts as not ready
 *   <folder>/<contract>/      where it is mounted, or the folder itself where nothing is enforced
 *
 * Losing an .img loses the data of that contract. Everything else is made again.
 */

/** Below this ext4 has no room for itself. */
const SMALLEST_MIB = 4;
const CONTRACT = /^[0-9a-f]{40}$/;
const IMAGE = /^([0-9a-f]{40})\.img$/;

/** A volume that is there. */
export interface Volume {
  /** 40 hex digits. */
  readonly contract: string;
  /** Size of the image; null where it is not enforced. */
  readonly size_mib: number | null;
  /** Folder for the workloads' /data, or null while it is not mounted. */
  readonly path: string | null;
}

/** The volumes of one node. All methods may be repeated after a crash at any point. */
export interface Volumes {
  /** Whether a volume can hold no more than its size. */
  readonly enforced: boolean;
  /** Whether a volume can grow while workloads use it; else they have to be stopped. */
  readonly growsInUse: boolean;
  /** Why the disk of the volumes is not here, so that what it shows means nothing; null: it is here. */
  missing(): Promise<Problem | null>;
  /** Looks whether volumes can be made here. */
  check(signal: AbortSignal): Promise<Check[]>;
  /**
   * Makes and mounts the volume if it is not, lets it grow to this size if it is smaller, and gives its folder. It never shrinks: that could cut off data.
   * @throws Problem `refused`: reason `size` when it is too small to be one, `disk` when the disk has not got that much
   * left; `failed` with the system's words
   */
  ensure(contract: string, size_mib: number, signal: AbortSignal): Promise<string>;
  /** All volumes, sorted. */
  list(): Promise<Volume[]>;
  /** Unmounts and deletes: the data is gone. What is not there is fine. @throws Problem `failed` while it is in use */
  wipe(contract: string, signal: AbortSignal): Promise<void>;
}

/** Names come from records: nothing but an id may become part of a path. */
function checked(contract: string): string {
  if (!CONTRACT.test(contract)) throw new Problem('malformed', 'not a contract id', { reason: 'contract' });
  return contract;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Where something is mounted, from `/proc/self/mountinfo`. */
export function mountedAt(mountinfo: string): ReadonlySet<string> {
  return new Set(parseMounts(mountinfo).map(({ point }) => point));
}

/** Bytes of disk that volumes in a folder were promised and have not yet taken. */
export async function promisedBytes(folder: string): Promise<number> {
  let promised = 0;
  for (const name of await namesIn(folder)) {
    if (!IMAGE.test(name)) continue;
    const { size, blocks } = await stat(join(folder, name));
    promised += Math.max(0, size - blocks * 512);
  }
  return promised;
}

/** Sparse ext4 images on loop devices: Linux, as root. */
export class LoopVolumes implements Volumes {
  readonly enforced = true;
  readonly growsInUse = hasCapability(CAP_SYS_RESOURCE);
  readonly #folder: string;
  readonly #overcommit: boolean;

  /**
   * @param folder made with mode 0700
   * @param options overcommit true: sizes may add up to more than the disk has, as capacity that is only declared does
   */
  constructor(folder: string, options: { readonly overcommit: boolean }) {
    this.#folder = resolve(folder);
    this.#overcommit = options.overcommit;
  }

  missing(): Promise<null> {
    return Promise.resolve(null);
  }

  async check(signal: AbortSignal): Promise<Check[]> {
    const name = 'volumes';
    if (process.platform !== 'linux' || process.getuid?.() !== 0) {
      return [{ name, ok: false, evidence: 'volumes of a fixed size need Linux and root for a loop mount', remedy: 'run as root' }];
    }
    // Tried for real: what is there may still not be allowed, as in a container. In a folder beside the others, so that
    // a watcher never sees it, and two that check at a time do not meet.
    const folder = join(this.#folder, `check-${randomBytes(8).toString('hex')}`);
    const trial = new LoopVolumes(folder, { overcommit: this.#overcommit });
    const contract = 'f'.repeat(40);
    try {
      await trial.ensure(contract, SMALLEST_MIB, signal);
      return [{ name, ok: true, evidence: `a volume of ${SMALLEST_MIB} MiB was made, mounted and deleted`, remedy: null }];
    } catch (error) {
      if (signal.aborted) throw error;
      return [{ name, ok: false, evidence: messageOf(error), remedy: 'apt-get install -y e2fsprogs mount, and a kernel with loop devices' }];
    } finally {
      await trial.wipe(contract, AbortSignal.timeout(10_000)).catch(() => undefined);
      await rmdir(folder).catch(() => undefined);
    }
  }

  async ensure(contract: string, size_mib: number, signal: AbortSignal): Promise<string> {
    const point = join(this.#folder, checked(contract));
    const image = `${point}.img`;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    // By itself: where the disk is full, the recursive one says that the folder above is not there.
    await mkdir(point, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    const there = await stat(image).catch(() => null);
    if (there === null) await this.#make(image, size_mib, signal);
    const grows = there !== null && (there.size < size_mib * MIB || (await isThere(`${point}.grow`)));
    if (grows) await this.#grow(point, Math.max(size_mib, there.size / MIB), signal);
    if (await isMounted(point)) return point;
    // discard: what a tenant deletes is given back to the disk. The device goes away by itself when it is unmounted.
    await run('mount', ['-t', 'ext4', '-o', 'loop,nosuid,nodev,noatime,discard', image, point], signal);
    // Nothing is in it, and a tenant's /data should look empty. fsck would make it again.
    if (there === null || grows) await rmdir(join(point, 'lost+found')).catch(() => undefined);
    return point;
  }

  /** File, device, file system, each larger than before; unmounted where the kernel does not let it grow in use. */
  async #grow(point: string, size_mib: number, signal: AbortSignal): Promise<void> {
    const image = `${point}.img`;
    const { size } = await stat(image);
    if (!this.#overcommit) await this.#demandRoom(size_mib - size / MIB);
    const isInUse = await isMounted(point);
    if (isInUse && !this.growsInUse) await run('umount', [point], signal);
    // Cut short from here on, it is found by this and done again.
    await (await open(`${point}.grow`, 'w', 0o600)).close();
    const file = await open(image, 'r+');
    try {
      await file.truncate(size_mib * MIB);
    } finally {
      await file.close();
    }
    if (isInUse && this.growsInUse) {
      for (const device of await devicesOf(image, signal)) {
        await run('losetup', ['--set-capacity', device], signal);
        await run('resize2fs', [device], signal);
      }
    } else {
      const check = (): Promise<string> => run('e2fsck', ['-f', '-p', image], signal);
      // What it mends (our missing lost+found is enough) it does not call success; then a second look does.
      await check().catch(check);
      await run('resize2fs', [image], signal);
    }
    await rm(`${point}.grow`);
  }

  async list(): Promise<Volume[]> {
    const mounted = mountedAt(await readFile('/proc/self/mountinfo', 'utf8'));
    const all: Volume[] = [];
    const names = new Set(await namesIn(this.#folder));
    for (const name of names) {
      const contract = IMAGE.exec(name)?.[1];
      if (contract === undefined) continue;
      const point = join(this.#folder, contract);
      const { size } = await stat(join(this.#folder, name));
      all.push({ contract, size_mib: size / MIB, path: mounted.has(point) && !names.has(`${contract}.grow`) ? point : null });
    }
    return all;
  }

  async wipe(contract: string, signal: AbortSignal): Promise<void> {
    const point = join(this.#folder, checked(contract));
    if (await isMounted(point)) await run('umount', [point], signal);
    // A mount that was cut short can leave its device behind.
    if (await isThere(`${point}.img`)) for (const device of await devicesOf(`${point}.img`, signal)) await run('losetup', ['--detach', device], signal);
    await rm(`${point}.grow`, { force: true });
    await rm(`${point}.img`, { force: true });
    await rm(`${point}.img.new`, { force: true });
    // Not recursive: were something still mounted, this must not delete what lies in it.
    await rmdir(point).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  async #make(image: string, size_mib: number, signal: AbortSignal): Promise<void> {
    if (!Number.isSafeInteger(size_mib) || size_mib < SMALLEST_MIB) throw new Problem('refused', `a volume has at least ${SMALLEST_MIB} MiB`, { reason: 'size' });
    if (!this.#overcommit) await this.#demandRoom(size_mib);
    const draft = `${image}.new`;
    await rm(draft, { force: true });
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.truncate(size_mib * MIB);
    } finally {
      await file.close();
    }
    // -m 0: no blocks kept for root.
    await run('mkfs.ext4', ['-q', '-F', '-m', '0', draft], signal);
    await rename(draft, image);
  }

  /** Counts what other volumes were promised and have not yet taken as gone. */
  async #demandRoom(size_mib: number): Promise<void> {
    const disk = await statfs(this.#folder);
    const free_mib = Math.floor((disk.bavail * disk.bsize - (await promisedBytes(this.#folder))) / MIB);
    if (size_mib > free_mib) throw new Problem('refused', `the disk has ${Math.max(0, free_mib)} MiB left, not ${size_mib}`, { reason: 'disk' });
  }
}

/** ext4 asks for it before it lets a mounted file system grow; containers seldom have it (capabilities(7)). */
const CAP_SYS_RESOURCE = 24n;

/** Whether this process has a capability in effect, from /proc/self/status (proc(5)). */
function hasCapability(bit: bigint): boolean {
  try {
    const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return mask !== undefined && ((BigInt(`0x${mask}`) >> bit) & 1n) === 1n;
  } catch {
    return false;
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

/** The loop devices on an image. */
async function devicesOf(image: string, signal: AbortSignal): Promise<string[]> {
  const loops = await run('losetup', ['--noheadings', '--output', 'NAME', '--associated', image], signal);
  return loops.split('\n').map((line) => line.trim()).filter((line) => line.startsWith('/dev/loop'));
}

/** Whether something is mounted there. */
async function isMounted(point: string): Promise<boolean> {
  return mountedAt(await readFile('/proc/self/mountinfo', 'utf8')).has(point);
}

/** Plain folders, for the runtime `process`: no size is enforced. */
export class FolderVolumes implements Volumes {
  readonly enforced = false;
  readonly growsInUse = true;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = resolve(folder);
  }

  missing(): Promise<null> {
    return Promise.resolve(null);
  }

  async check(): Promise<Check[]> {
    return [{ name: 'volumes', ok: false, evidence: `volumes are plain folders below ${this.#folder}: their size is not enforced`, remedy: 'run as root on Linux with --runtime podman' }];
  }

  async ensure(contract: string): Promise<string> {
    const path = join(this.#folder, checked(contract));
    await mkdir(path, { recursive: true, mode: 0o700 });
    return path;
  }

  async list(): Promise<Volume[]> {
    const contracts = (await namesIn(this.#folder)).filter((name) => CONTRACT.test(name));
    return contracts.map((contract) => ({ contract, size_mib: null, path: join(this.#folder, contract) }));
  }

  async wipe(contract: string): Promise<void> {
    await rm(join(this.#folder, checked(contract)), { recursive: true, force: true });
  }
}
