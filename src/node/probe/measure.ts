// Measures this machine's hardware and prints one JSON value: a program of its own, because systeminformation runs
// other programs with whatever environment it finds and may hang on one; `probe.ts` starts it clean and can end it.
import { readdir, readFile, realpath, stat, statfs } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import si from 'systeminformation';
import { MIB } from '../../base/bytes.js';
import type { Interface } from '../../schema/types.js';
import { cgroupsOf, disksOf, interfacesOf, type Cgroups, type Disk } from './hardware.js';

/** What was measured. Sizes in MiB, rounded down. */
export interface Measured {
  readonly cpu: { readonly model: string; readonly cores: number };
  readonly memory_mib: number;
  /** The disk below the folder; `kind` null: it cannot be told, as behind virtio. */
  readonly disk: { readonly name: string | null; readonly model: string; readonly kind: 'ssd' | 'hdd' | null; readonly size_mib: number; readonly free_mib: number; readonly ours_mib: number };
  /** Every disk, that below the folder among them. */
  readonly disks: readonly (Omit<Disk, 'rotational'> & { readonly kind: 'ssd' | 'hdd' | null })[];
  readonly interfaces: readonly Interface[];
  readonly cgroups: Cgroups;
  readonly gpus: readonly { readonly model: string; readonly memory_mib: number }[];
  readonly virtualised: boolean;
  readonly kernel: string;
}

/** Name of the block device that a file lies on (`vda`, `nvme0n1`, `dm-0`; of a partition: its disk), or null. */
async function blockDevice(folder: string): Promise<string | null> {
  const { dev } = await stat(folder);
  // glibc's gnu_dev_major and gnu_dev_minor.
  const major = (dev >>> 8) & 0xfff;
  const minor = (dev & 0xff) | ((dev >>> 12) & 0xfff00);
  const path = await realpath(`/sys/dev/block/${major}:${minor}`).catch(() => '');
  return /\/block\/([^/]+)/.exec(path)?.[1] ?? null;
}

/** What kind of disk this is; a virtual one says "rotational" whatever is behind it. */
function diskKind({ name, rotational }: Pick<Disk, 'name' | 'rotational'>, virtualised: boolean): 'ssd' | 'hdd' | null {
  if (name.startsWith('nvme')) return 'ssd';
  return virtualised || rotational === null ? null : rotational ? 'hdd' : 'ssd';
}

/** Of what is made of disks, such as `dm-0`: what the kernel concludes from them. */
async function isRotational(name: string): Promise<boolean | null> {
  const rotational = (await readFile(`/sys/block/${name}/queue/rotational`, 'utf8').catch(() => '')).trim();
  return rotational === '' ? null : rotational === '1';
}

/** Bytes that volume images in a folder really take. */
async function taken(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) if (name.endsWith('.img')) bytes += (await stat(join(folder, name))).blocks * 512;
  return bytes;
}

async function measure(folder: string): Promise<Measured> {
  const [cpu, memory, system, graphics, os, space, mountinfo] = await Promise.all([
    si.cpu(), si.mem(), si.system(), si.graphics(), si.osInfo(), statfs(folder), readFile('/proc/self/mountinfo', 'utf8').catch(() => ''),
  ]);
  const virtualised = system.virtual === true || cpu.flags.split(' ').includes('hypervisor');
  const name = await blockDevice(folder);
  const found = await disksOf('/sys', mountinfo);
  const disks = found.map(({ rotational, ...disk }) => ({ ...disk, kind: diskKind({ ...disk, rotational }, virtualised) }));
  const below = disks.find((disk) => disk.name === name);
  return {
    cpu: { model: `${cpu.manufacturer} ${cpu.brand}`.trim(), cores: cpu.cores },
    memory_mib: Math.floor(memory.total / MIB),
    disk: {
      name,
      model: below?.model ?? name ?? 'unknown',
      kind: below?.kind ?? (name === null ? null : diskKind({ name, rotational: await isRotational(name) }, virtualised)),
      size_mib: Math.floor((space.blocks * space.bsize) / MIB),
      free_mib: Math.floor((space.bavail * space.bsize) / MIB),
      ours_mib: Math.floor((await taken(folder)) / MIB),
    },
    disks,
    interfaces: await interfacesOf('/sys', networkInterfaces()),
    cgroups: await cgroupsOf('/sys'),
    gpus: graphics.controllers.filter((one) => one.model !== '').map((one) => ({ model: `${one.vendor} ${one.model}`.trim(), memory_mib: Math.floor(one.vram ?? 0) })),
    virtualised,
    kernel: `${os.platform} ${os.kernel}`,
  };
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('the folder of the volumes is missing');
process.stdout.write(JSON.stringify(await measure(folder)));
