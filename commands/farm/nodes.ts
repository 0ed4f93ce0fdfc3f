// The nodes of a farm as farm show prints them: a row each, at most 80 columns.
import { formatDuration } from '../../src/base/duration.js';
import type { NodeHealth } from '../../src/farmer/health.js';
import type { Resources } from '../../src/schema/types.js';

/** A node with its figures. */
export interface ShownNode extends NodeHealth {
  readonly node: string;
  readonly declared: boolean;
  readonly free: Resources;
  readonly sold: Resources;
}

const COLUMNS = ['node', 'state', 'heard', 'contracts', 'cpu', 'mem GiB', 'disk GiB', 'failed', 'release'];

/** A heading, a row a node, and what there is to say of single ones. Processors, memory and disk are `free/sold`. */
export function nodeLines(nodes: readonly ShownNode[]): string[] {
  const rows = nodes.map(({ node, state, heartbeat_age_ms, contracts, free, sold, failed, release }) => [
    node.slice(0, 8), state, heartbeat_age_ms === null ? 'never' : ageText(heartbeat_age_ms), `${contracts}`, `${free.cru}/${sold.cru}`,
    `${gib(free.mru_mib)}/${gib(sold.mru_mib)}`, `${gib(free.sru_mib + free.hru_mib)}/${gib(sold.sru_mib + sold.hru_mib)}`, `${failed}`, release ?? '-',
  ]);
  const widths = COLUMNS.map((name, i) => Math.max(name.length, ...rows.map((cells) => (cells[i] ?? '').length)));
  const table = [COLUMNS, ...rows].map((cells) => cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ').trimEnd());
  return [...table, ...nodes.flatMap(remarks)];
}

function remarks({ node, draining, declared }: ShownNode): string[] {
  const name = node.slice(0, 8);
  return [
    ...(draining === null ? [] : [`${name} takes nothing new${draining.until === null ? '' : ` until ${draining.until}`}${draining.reason === '' ? '' : `: ${draining.reason}`}`]),
    ...(declared ? [`${name} declares what it has; it was not measured`] : []),
  ];
}

/** In its largest unit: `3m`. */
function ageText(ms: number): string {
  return /^\d+[a-z]+/.exec(formatDuration(Math.floor(ms / 1_000) * 1_000))?.[0] ?? '0s';
}

/** GiB, cut; tenths below ten. */
function gib(mib: number): string {
  const whole = mib / 1_024;
  return `${whole < 10 ? Math.floor(whole * 10) / 10 : Math.floor(whole)}`;
}
