// How a farm's node is, from the book alone: what it last said, and of what.
import type { ReadState } from '../bcdb/rulebook.js';
import { shortages, NOTHING } from '../capacity/fit.js';
import { iso } from '../base/clock.js';
import { drainOf, freeCapacity } from '../rules/node.js';
import { read, readGrid, type NodeObject } from '../rules/objects.js';

/** A node at a glance. */
export interface NodeHealth {
  /**
   * `up`, or what is to be known first: new (not admitted yet), retired, late (no entry for one and a half heartbeats),
   * asleep (late, without a contract, where the farm wakes its nodes), oversold, failing, draining.
   */
  readonly state: 'up' | 'new' | 'retired' | 'late' | 'asleep' | 'oversold' | 'failing' | 'draining';
  /** Since its last meter entry, ms; null: it never made one. */
  readonly heartbeat_age_ms: number | null;
  readonly contracts: number;
  /** Workloads of contracts in force that it said have failed. */
  readonly failed: number;
  /** Version of its program; null where it does not say. */
  readonly release: string | null;
  /** It takes nothing new: until when (ISO 8601; null: until it says otherwise), and why. Null: it does. */
  readonly draining: { readonly until: string | null; readonly reason: string } | null;
}

/** @param at ms since 1970 @param wakes the farm wakes its nodes, so they may sleep */
export function healthOf(state: ReadState, node: NodeObject, farm: string, at: number, wakes = false): NodeHealth {
  const entry = read(state, 'meter', `${node.key}/${node.key}`);
  const heartbeat_age_ms = entry === undefined ? null : Math.max(0, at - entry.at);
  const live = node.allocations.filter(({ until }) => at < until);
  const failed = live.reduce((sum, { contract }) => sum + (read(state, 'run', contract)?.workloads.filter((one) => one.state === 'failed').length ?? 0), 0);
  const { rules, heartbeat_ms } = readGrid(state);
  // Under rules 1 no node says anything.
  const isLate = rules >= 2 && (heartbeat_age_ms === null || heartbeat_age_ms > heartbeat_ms * 1.5);
  const isOversold = shortages(NOTHING, freeCapacity(node, at)).length > 0;
  const drain = drainOf(node, at);
  const late = wakes && live.length === 0 ? 'asleep' : 'late';
  const outside = read(state, 'admission', `${farm}/${node.key}`) === undefined ? 'new' : 'retired';
  const word = node.admitted !== farm ? outside : isLate ? late : isOversold ? 'oversold' : failed > 0 ? 'failing' : drain === undefined ? 'up' : 'draining';
  const draining = drain === undefined ? null : { until: drain.until === null ? null : iso(drain.until), reason: drain.reason };
  return { state: word, heartbeat_age_ms, contracts: live.length, failed, release: node.announcement.release ?? null, draining };
}
