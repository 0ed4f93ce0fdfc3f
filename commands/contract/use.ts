// What contract show --watch shows: what the workloads of a contract use now.
import { formatDuration } from '../../src/base/duration.js';
import type { Grid } from '../../src/net/grid.js';
import type { ContractUse, WorkloadUse } from '../../src/node/inside/views.js';
import type { ContractObject } from '../../src/rules/objects.js';
import type { Context } from '../command.js';
import { showLooks, type Look } from '../looks.js';

const INTERVAL_MS = 2_000;

/** Shows again and again what a contract uses, until it is interrupted. */
export async function watchUse(context: Context, grid: Grid, contract: ContractObject): Promise<void> {
  await showLooks(context, shownUse(looks(context, grid, contract)));
}

async function* shownUse(uses: AsyncIterable<ContractUse>): AsyncGenerator<Look> {
  let before: ContractUse | undefined;
  for await (const now of uses) {
    const rows = now.workloads.map((one) => rowOf(one, before?.workloads.find(({ workload }) => workload === one.workload)));
    yield { json: { ...now, workloads: now.workloads.map((one, i) => ({ ...one, cpu_percent: rows[i]?.cpu ?? null })) }, text: textOf(now, rows) };
    before = now;
  }
}

async function* looks(context: Context, grid: Grid, contract: ContractObject): AsyncGenerator<ContractUse> {
  const { readConfig } = await import('../../src/home.js');
  const { home, clock, signal } = context;
  const { node } = readConfig(home);
  if (node?.key === contract.agreement.node) {
    const { setTimeout: pause } = await import('node:timers/promises');
    const { openTools } = await import('../../src/node/tools.js');
    const { useOf } = await import('../../src/node/inside/views.js');
    const { driver, volumes } = openTools(home, node, true);
    await using _driver = driver;
    for (; !signal.aborted; await pause(INTERVAL_MS, undefined, { signal })) yield await useOf({ driver, volumes, grid, clock }, contract.id, signal);
    return;
  }
  const { lookInside, shown } = await import('../../src/consumer/inside.js');
  const { openBuyer } = await import('../deal.js');
  await using opened = await openBuyer(context, grid.id, undefined, true);
  using session = await lookInside({ home, grid: opened.grid, signer: opened.buyer.keyring.signer('bot'), clock, signal }, contract, { what: 'stats', interval_ms: INTERVAL_MS });
  for await (const part of shown(session.channel)) {
    const stats = part.kind === 'said' ? (part.said['stats'] as ContractUse | undefined) : undefined;
    if (stats !== undefined) yield stats;
  }
}

interface Row {
  readonly cpu: number | null;
  readonly cells: readonly string[];
}

/** Processor time is told as a sum: how busy it was follows from two looks. */
function rowOf({ workload, state, started, health, restarts, use }: WorkloadUse, before: WorkloadUse | undefined): Row {
  const since = before?.use;
  const cpu = use == null || since == null || use.time <= since.time ? null : Math.max(0, Math.round(((use.cpu_ms - since.cpu_ms) / (use.time - since.time)) * 1_000) / 10);
  const bytes = (count: number | null | undefined): string => (count == null ? '-' : sizeText(count));
  return {
    cpu,
    cells: [
      workload, health === null ? state : `${state}, ${health}`, cpu === null ? '-' : `${cpu} %`, bytes(use?.memory_bytes), use == null ? '-' : String(use.pids),
      `${bytes(use?.received_bytes)} / ${bytes(use?.sent_bytes)}`, started === null || state !== 'running' ? '-' : formatDuration(Math.max(0, Math.floor(((use?.time ?? started) - started) / 1_000) * 1_000)), restarts === null ? '-' : String(restarts),
    ],
  };
}

const COLUMNS = ['workload', 'state', 'cpu', 'memory', 'pids', 'net in / out', 'up', 'restarts'];

function textOf({ contract, disk, time }: ContractUse, rows: readonly Row[]): string {
  const all = [COLUMNS, ...rows.map(({ cells }) => cells)];
  const widths = COLUMNS.map((_, i) => Math.max(...all.map((cells) => (cells[i] ?? '').length)));
  const head = `contract ${contract.slice(0, 12)} at ${new Date(time).toISOString().slice(11, 19)}${disk === null ? '' : `, disk ${sizeText(disk.used_bytes)} of ${sizeText(disk.size_bytes)}`}`;
  return [head, ...all.map((cells) => cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ').trimEnd())].join('\n');
}

function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let size = bytes;
  for (; size >= 1_024 && unit < units.length - 1; unit += 1) size /= 1_024;
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit] ?? ''}`;
}
