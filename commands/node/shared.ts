// What the commands of a node share: its settings, its flags, how checks are shown.
import type { Command } from 'commander';
import { Problem } from '../../src/base/errors.js';
import { readConfig, type Home } from '../../src/home.js';
import { formatSize } from '../../src/capacity/format.js';
import type { Check } from '../../src/node/driver.js';
import type { Account } from '../../src/node/probe/probe.js';
import type { Benchmark, NodeConfig, Resources } from '../../src/schema/types.js';

/** A runtime's name. */
export type Runtime = NodeConfig['runtime'];

/** The node of this home folder. @throws Problem `usage` where it is none yet */
export function ownNode(home: Home): NodeConfig {
  const { node } = readConfig(home);
  if (node === null) throw new Problem('usage', `${home.path} holds no node yet`, { reason: 'node', hint: '3bot node join INVITATION (a farmer gives you one), or 3bot node join --farm NAME (your own farm)' });
  return node;
}

/** @throws Problem `usage` */
export function parseRuntime(text: string): Runtime {
  if (text !== 'podman' && text !== 'process') throw new Problem('usage', `not a runtime: ${JSON.stringify(text.slice(0, 50))}`, { hint: 'podman or process' });
  return text;
}

/** Flags that say what a machine is; `probe` and `join` take the same. */
export interface MachineOptions {
  runtime?: Runtime;
  declare?: string;
  disk?: 'ssd' | 'hdd';
  data?: string;
}

/** Adds them. */
export function machineOptions(command: Command): Command {
  return command
    .option('--runtime <runtime>', 'podman (containers), or process (isolates nothing; development grids only)', parseRuntime)
    .option('--declare <cpu/memory/ssd/hdd>', 'sell this instead of what is measured (development grids only), sizes in GiB; "no" ends it')
    .option('--disk <kind>', 'ssd or hdd, where it cannot be told', parseDisk)
    .option('--data <folder>', 'where volumes lie (default: node in the home folder)');
}

function parseDisk(text: string): 'ssd' | 'hdd' {
  if (text !== 'ssd' && text !== 'hdd') throw new Problem('usage', `not a kind of disk: ${JSON.stringify(text.slice(0, 50))}`, { hint: 'ssd or hdd' });
  return text;
}

/** Checks as lines: `ok  name  evidence`, and below it what to do, where there is something. */
export function checkLines(checks: readonly Check[]): string[] {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  return checks.flatMap(({ name, ok, evidence, remedy }) => [`${ok ? 'ok ' : 'no '} ${name.padEnd(width)}  ${evidence}`, ...(remedy === null ? [] : [`    ${' '.repeat(width)}  → ${remedy}`])]);
}

/** Resources as a line. */
export function resourcesText({ cru, mru_mib, sru_mib, hru_mib }: Resources): string {
  const gib = (size_mib: number): string => (size_mib % 1_024 === 0 ? `${size_mib / 1_024} GiB` : `${size_mib} MiB`);
  return `${cru} vCPU, ${gib(mru_mib)} memory, ${gib(sru_mib)} SSD, ${gib(hru_mib)} HDD`;
}

/** A benchmark as a line. */
export function benchmarkText({ method, cpu_single, cpu_all, memory_mib_s, disk_read_mib_s, disk_write_mib_s, disk_sync_s }: Benchmark): string {
  return `${cpu_single} MiB/s on one core, ${cpu_all} on all; memory ${memory_mib_s} MiB/s; disk read ${disk_read_mib_s}, written ${disk_write_mib_s} MiB/s, ${disk_sync_s} syncs/s (${method})`;
}

/** What became of each amount, as columns. */
export function accountLines(accounts: readonly Account[]): string[] {
  const names = { cru: 'cores', mru_mib: 'memory', sru_mib: 'SSD', hru_mib: 'HDD' } as const;
  const shown = (resource: Account['resource'], value: number): string => (resource === 'cru' ? String(value) : formatSize(value));
  const rows = [['', 'measured', 'kept', 'offered', ''], ...accounts.map(({ resource, measured, kept, offered, why }) => [names[resource], shown(resource, measured), shown(resource, kept), shown(resource, offered), why])];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) => row.map((cell, i) => (i === 0 || i === 4 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ').trimEnd());
}

/** Said wherever the runtime `process` is chosen. */
export const NOTHING_ISOLATED = 'note: the runtime process isolates and limits nothing: a workload can read and do whatever this user can';
