// A machine's disk: made once from the disk image that an OCI image holds below /disk (as KubeVirt's containerdisks do),
// as large as the contract's volume, and kept there over restarts and updates.
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, open, readdir, rename, rm, statfs, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { MIB } from '../../base/bytes.js';
import { Problem } from '../../base/errors.js';
import { MAX_MACHINE_KERNEL_BYTES, MAX_MACHINE_WORDS_BYTES, PULL_TIMEOUT_MS } from '../../base/limits.js';
import { run } from '../children.js';

/*
 *   <volume>/machine-<name>/<digest>.raw      the disk; another image has another disk, and the one before stays
 *   <volume>/machine-<name>/<digest>.vmlinuz  and .initrd, .cmdline: where the image brings a kernel of its own
 *
 * Losing the disk loses the data of the machine. Everything else is made again.
 */

/** What the file system needs for itself when the disk is written full. */
const SPARE_PARTS = 50;

/** A disk that is there. Paths are within `folder`. */
export interface MachineDisk {
  readonly folder: string;
  readonly disk: string;
  /** To be started directly; null: the disk has a boot loader. */
  readonly kernel: { readonly file: string; readonly initrd: string | null; readonly words: string } | null;
}

/** Header of a qcow2 file, as far as it says whether the file stands alone (qcow2 specification, "Header"). Hostile. */
export interface Qcow2 {
  readonly virtual_bytes: bigint;
}

/**
 * Reads the beginning of a disk image; null: it is no qcow2, so every byte of it is the disk's.
 * @throws Problem `refused` where it refers to other files, which would be this machine's, or is encrypted
 */
export function parseQcow2(head: Buffer): Qcow2 | null {
  if (head.length < 104 || head.readUInt32BE(0) !== 0x514649fb) return null;
  const version = head.readUInt32BE(4);
  const features = version === 3 ? head.readBigUInt64BE(72) : 0n;
  // Of the incompatible features compression type (3) and extended entries (4) alone change nothing but the format.
  const alone = (version === 2 || version === 3) && head.readBigUInt64BE(8) === 0n && head.readUInt32BE(32) === 0 && (features & ~0x18n) === 0n;
  if (!alone) throw new Problem('refused', 'the disk image refers to other files, is encrypted or was not closed', { reason: 'image' });
  return { virtual_bytes: head.readBigUInt64BE(24) };
}

/**
 * Sees to it that a machine has its disk, at least as large as its volume has room for; it never shrinks.
 * @param mounted folder in which podman shows the image, read only
 * @param volume folder of the contract's volume, which only this machine's owner writes to
 * @param name of the workload
 * @param digest of the image, 64 hex digits
 * @throws Problem `refused`: reason `image` where there is not exactly one disk image, `disk` where it does not fit
 */
export async function ensureDisk(mounted: string, volume: string, name: string, digest: string, signal: AbortSignal): Promise<MachineDisk> {
  const folder = join(volume, `machine-${name}`);
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if (!(await lstat(folder)).isDirectory()) throw new Problem('refused', 'something else is in the place of the machine\'s disk', { reason: 'disk' });
  const base = digest.slice(0, 16);
  const disk = join(folder, `${base}.raw`);
  const there = await lstat(disk).catch(() => null);
  if (there !== null && !there.isFile()) throw new Problem('refused', 'something else is in the place of the machine\'s disk', { reason: 'disk' });
  const { source, kernel } = await findImage(mounted);
  const room = await roomOf(volume, there === null ? 0 : there.blocks * 512);
  if (there === null) await makeDisk(source, disk, room, signal);
  else if (there.size < room) await truncate(disk, room);
  return { folder, disk: `${base}.raw`, kernel: kernel === null ? null : await copyKernel(kernel, folder, base) };
}

/** Bytes that a disk may have: what is free, and what it has itself. */
async function roomOf(volume: string, own_bytes: number): Promise<number> {
  const { bavail, bsize } = await statfs(volume);
  const free = bavail * bsize + own_bytes;
  return Math.floor((free - free / SPARE_PARTS) / MIB) * MIB;
}

interface KernelFiles {
  readonly vmlinuz: string;
  readonly initrd: string | null;
  readonly cmdline: string | null;
}

/** The one disk image below /disk. Names come from whoever made the image: nothing but regular files of one folder counts. */
async function findImage(mounted: string): Promise<{ source: string; kernel: KernelFiles | null }> {
  const folder = join(mounted, 'disk');
  const isFolder = await lstat(folder).then((found) => found.isDirectory(), () => false);
  if (!isFolder) throw new Problem('refused', 'the image has no folder /disk, so it is no machine', { reason: 'image' });
  const entries = await readdir(folder, { withFileTypes: true });
  const files = new Set(entries.filter((entry) => entry.isFile()).map((entry) => entry.name));
  const path = (name: string): string | null => (files.has(name) ? join(folder, name) : null);
  const kernel = path('vmlinuz');
  const disks = [...files].filter((name) => !['vmlinuz', 'initrd', 'cmdline'].includes(name));
  const [only] = disks;
  if (only === undefined || disks.length > 1 || files.size < entries.length) throw new Problem('refused', `the image has ${disks.length} disk images below /disk, not just one file`, { reason: 'image' });
  return { source: join(folder, only), kernel: kernel === null ? null : { vmlinuz: kernel, initrd: path('initrd'), cmdline: path('cmdline') } };
}

async function makeDisk(source: string, disk: string, room: number, signal: AbortSignal): Promise<void> {
  await using file = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW);
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(104), 0, 104, 0);
  const qcow2 = parseQcow2(buffer.subarray(0, bytesRead));
  const wanted = qcow2 === null ? BigInt(size) : qcow2.virtual_bytes;
  if (wanted > BigInt(room)) throw new Problem('refused', `the machine's disk has ${wanted / BigInt(MIB)} MiB, its volume room for ${Math.floor(room / MIB)}`, { reason: 'disk_small' });
  const draft = `${disk}.new`;
  await rm(draft, { force: true });
  await run('qemu-img', ['convert', '-f', qcow2 === null ? 'raw' : 'qcow2', '-O', 'raw', source, draft], signal, PULL_TIMEOUT_MS);
  await truncate(draft, room);
  await rename(draft, disk);
}

async function copyKernel({ vmlinuz, initrd, cmdline }: KernelFiles, folder: string, base: string): Promise<NonNullable<MachineDisk['kernel']>> {
  for (const [from, kind] of [[vmlinuz, 'vmlinuz'], [initrd, 'initrd']] as const) {
    if (from === null) continue;
    if ((await lstat(from)).size > MAX_MACHINE_KERNEL_BYTES) throw new Problem('refused', `the image's ${kind} is too large`, { reason: 'image' });
    await copyFile(from, join(folder, `${base}.${kind}`));
  }
  const words = cmdline === null ? 'console=ttyS0' : await readWords(cmdline);
  return { file: `${base}.vmlinuz`, initrd: initrd === null ? null : `${base}.initrd`, words };
}

async function readWords(path: string): Promise<string> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_MACHINE_WORDS_BYTES + 1), 0, MAX_MACHINE_WORDS_BYTES + 1, 0);
  const words = buffer.toString('latin1', 0, bytesRead).trim();
  if (bytesRead > MAX_MACHINE_WORDS_BYTES || !/^[ -~]*$/.test(words)) throw new Problem('refused', 'the image\'s /disk/cmdline is no line of words', { reason: 'image' });
  return words;
}
