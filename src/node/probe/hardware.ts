// Disks, network interfaces and control groups of this machine, read from /sys and /proc alone.
import { readdir, readFile, realpath } from 'node:fs/promises';
import { BlockList, isIP } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { join } from 'node:path';
import type { Interface } from '../../schema/types.js';

/** A disk of its own, whether anything lies on it or not. */
export interface Disk {
  /** `vda`, `nvme0n1`. */
  readonly name: string;
  readonly model: string;
  /** What the kernel says; null: it cannot be told. */
  readonly rotational: boolean | null;
  readonly size_mib: number;
  /** Where it or a part of it is mounted, and what else is made of it (`dm-0`, `md0`); empty: nothing uses it. */
  readonly uses: readonly string[];
}

/** How this machine limits groups of processes. */
export interface Cgroups {
  readonly version: '1' | '2' | 'hybrid' | 'none';
  readonly controllers: readonly string[];
}

// Made of files, memory or other disks, or without a medium of their own.
const NO_DISK = /^(loop|ram|zram|dm-|md|sr|fd|nbd|drbd|zd)/;

async function text(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}

async function names(path: string): Promise<string[]> {
  return (await readdir(path).catch(() => [])).sort();
}

/**
 * All disks, by name.
 * @param sys where sysfs is mounted
 * @param mountinfo text of /proc/self/mountinfo (proc(5)): its third field is the device, its fifth where it is mounted
 */
export async function disksOf(sys: string, mountinfo: string): Promise<Disk[]> {
  const mounts = new Map<string, string[]>();
  for (const line of mountinfo.split('\n')) {
    const [, , device = '', , point = ''] = line.split(' ');
    mounts.set(device, [...(mounts.get(device) ?? []), point]);
  }
  const disks: Disk[] = [];
  for (const name of (await names(join(sys, 'block'))).filter((one) => !NO_DISK.test(one))) {
    const folder = join(sys, 'block', name);
    const sectors = Number(await text(join(folder, 'size')));
    // A card reader without a card.
    if (!(sectors > 0)) continue;
    const parts = (await names(folder)).filter((part) => part.startsWith(name)).map((part) => join(folder, part));
    const uses: string[] = [];
    for (const part of [folder, ...parts]) uses.push(...(mounts.get(await text(join(part, 'dev'))) ?? []), ...(await names(join(part, 'holders'))));
    const rotational = await text(join(folder, 'queue', 'rotational'));
    disks.push({ name, model: (await text(join(folder, 'device', 'model'))) || name, rotational: rotational === '' ? null : rotational === '1', size_mib: Math.floor(sectors / 2_048), uses: [...new Set(uses)] });
  }
  return disks;
}

// IANA special-purpose registries, as far as a machine can have such an address; of IPv6 only 2000::/3 is given out.
const SPECIAL = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.0.2.0', 24],
  ['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 3],
] as const) SPECIAL.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [['2001:db8::', 32], ['2001::', 23], ['2002::', 16], ['3fff::', 20]] as const) SPECIAL.addSubnet(network, bits, 'ipv6');
const GIVEN_OUT = new BlockList();
GIVEN_OUT.addSubnet('2000::', 3, 'ipv6');

/** Whether the whole Internet may reach a machine under this address. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  return family === 4 ? !SPECIAL.check(address, 'ipv4') : family === 6 && GIVEN_OUT.check(address, 'ipv6') && !SPECIAL.check(address, 'ipv6');
}

/**
 * Interfaces that are up and are hardware, or have a public address: not the bridges and pairs that runtimes make.
 * @param sys where sysfs is mounted
 * @param up what `os.networkInterfaces()` gives
 */
export async function interfacesOf(sys: string, up: Readonly<Record<string, readonly Pick<NetworkInterfaceInfo, 'address' | 'internal'>[] | undefined>>): Promise<Interface[]> {
  const found: Interface[] = [];
  for (const [name, all = []] of Object.entries(up).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!/^[A-Za-z0-9_.@-]{1,32}$/.test(name) || all.some(({ internal }) => internal)) continue;
    const addresses = all.map(({ address }) => address.toLowerCase()).filter(isPublicAddress).slice(0, 16);
    const isHardware = await realpath(join(sys, 'class', 'net', name, 'device')).then(() => true, () => false);
    if (!isHardware && addresses.length === 0) continue;
    // -1 where the driver does not know, an error while there is no cable.
    const rate = Number(await text(join(sys, 'class', 'net', name, 'speed')));
    found.push({ name, rate_mbit: Number.isSafeInteger(rate) && rate > 0 ? rate : 0, addresses });
  }
  return found.slice(0, 32);
}

/** @param sys where sysfs is mounted */
export async function cgroupsOf(sys: string): Promise<Cgroups> {
  const folder = join(sys, 'fs', 'cgroup');
  const unified = await text(join(folder, 'cgroup.controllers'));
  if (unified !== '') return { version: '2', controllers: unified.split(' ').sort() };
  const all = await names(folder);
  if (all.length === 0) return { version: 'none', controllers: [] };
  return { version: all.includes('unified') ? 'hybrid' : '1', controllers: all.filter((name) => name !== 'unified' && name !== 'systemd' && !name.includes(',')) };
}
