// How long a node was up, period by period, and as what: the running counters that minting goes by.
//
//   entries of its own meter    ──●─────●─────●─────●─────●──   each confirms the time since the last
//   announced and admitted so        ├───────────────────────
//   certificate in force                  ├───────────────┤
//   counted                               ▓▓▓▓│▓▓▓▓▓▓▓▓▓▓▓      split where a period ends
import { MAX_MINT_CLOCK_SKEW_MS } from '../base/limits.js';
import type { State } from '../bcdb/rulebook.js';
import { FARMING_PERIOD_MS, type FarmingTerms } from '../capacity/farming.js';
import { smallerOf } from '../capacity/fit.js';
import { read, readGrid, write, type CertificateObject, type GridObject, type NodeObject, type UptimeObject } from './objects.js';

/** An entry of a node's own meter; all times in ms since 1970. */
export interface Beat {
  /** Since when it confirms that the node was up; `at` where it confirms nothing. */
  readonly from: number;
  /** When the home took it in. */
  readonly at: number;
  /** When it was signed, by the node's own clock. */
  readonly time: number;
}

/** Length of a period of minting on this grid, ms. Period n begins n times that after 1970. */
export function mintPeriodMs({ mint_period_ms = FARMING_PERIOD_MS }: Pick<GridObject, 'mint_period_ms'>): number {
  return mint_period_ms;
}

/**
 * Counts the time that an entry confirms, as far as the node was admitted, announced and certified the same all
 * through it. Nothing is counted without a certificate. For `meter`, which knows what an entry confirms.
 */
export function countUptime(state: State, key: string, beat: Beat): void {
  const node = read(state, 'node', key);
  const certificate = read(state, 'certificate', key);
  if (node === undefined || node.admitted === null || certificate === undefined) return;
  const { from, at } = beat;
  const grid = readGrid(state);
  const length = mintPeriodMs(grid);
  const start = Math.max(from, node.since ?? 0, certificate.since);
  const end = Math.min(at, certificate.until);
  const violation = violationOf(grid, node, beat);
  const now = Math.floor(at / length);
  // A gap is shorter than a period, so it spans two at the most; where a heartbeat is longer, what is before them is not counted.
  for (const period of [now - 1, now]) {
    const up_ms = Math.max(0, Math.min(end, (period + 1) * length) - Math.max(start, period * length));
    const isMarked = period === now && violation !== null;
    if (up_ms > 0 || isMarked) count(state, { node, certificate, farm: node.admitted, period, length, up_ms, violation });
  }
}

/** What no uptime makes up for. That more time is reported than has passed cannot be: entries are counted, not reports. */
function violationOf({ dev }: GridObject, { announcement }: NodeObject, { at, time }: Beat): UptimeObject['violation'] {
  if (Math.abs(time - at) > MAX_MINT_CLOCK_SKEW_MS) return 'clock';
  return announcement.virtualised && !dev ? 'virtualised' : null;
}

interface Counted {
  readonly node: NodeObject;
  readonly certificate: CertificateObject;
  readonly farm: string;
  readonly period: number;
  readonly length: number;
  readonly up_ms: number;
  readonly violation: UptimeObject['violation'];
}

function count(state: State, { node, certificate, farm, period, length, up_ms, violation }: Counted): void {
  const id = `${node.key}/${period}`;
  const from = period * length;
  const terms = { capacity: smallerOf(node.announcement.capacity, certificate.capacity), kind: certificate.kind, tft_musd: certificate.tft_musd };
  const before = read(state, 'uptime', id) ?? { node: node.key, period, from, until: from + length, farm, up_ms: 0, ...terms, violation: null, minted: null };
  // Another farm's, paid already, or of another length by a policy of before.
  if (before.farm !== farm || before.minted !== null || before.until - before.from !== length) return;
  write(state, 'uptime', id, { ...before, ...leastOf(before, terms), up_ms: before.up_ms + up_ms, violation: before.violation ?? violation });
}

/** The worse of both for the farmer, part by part; the price of TFT is the same in all certificates of a node. */
function leastOf(a: FarmingTerms, b: FarmingTerms): FarmingTerms {
  return { capacity: smallerOf(a.capacity, b.capacity), kind: a.kind === 'certified' ? b.kind : a.kind, tft_musd: b.tft_musd };
}
