// How a farm's node is, from the book alone: what it last said, and of what.
import type { ReadState } from '../bcdb/rulebook.js';
import { shortages, NOTHING } from '../capacity/fit.js';
import { drainOf, freeCapacity } from '../rules/node.js';
import { read, readGrid, type NodeObject } from '../rules/objects.js';

/** A node at a glance. */
export interface NodeHealth {
  /** `ok`, or what is wrong first: not admitted, silent (no entry for one and a half heartbeats), oversold, failing, draining. */
  readonly state: 'ok' | 'not admitted' | 'silent' | 'oversold' | 'failing' | 'draining';
  /** Since its last meter entry, ms; null: it never made one. */
  readonly heartbeat_age_ms: number | null;
  readonly contracts: number;
  /** Workloads of contracts in force that it said have failed. */
  readonly failed: number;
  /** Version of its program; null where it does not say. */
  readonly release: string | null;
}

/** @param at ms since 1970 */
export function healthOf(state: ReadState, node: NodeObject, farm: string, at: number): NodeHealth {
  const entry = read(state, 'meter', `${node.key}/${node.key}`);
  const heartbeat_age_ms = entry === undefined ? null : Math.max(0, at - entry.at);
  const live = node.allocations.filter(({ until }) => at < until);
  const failed = live.reduce((sum, { contract }) => sum + (read(state, 'run', contract)?.workloads.filter((one) => one.state === 'failed').length ?? 0), 0);
  const { rules, heartbeat_ms } = readGrid(state);
  // Under rules 1 no node says anything.
  const isSilent = rules >= 2 && (heartbeat_age_ms === null || heartbeat_age_ms > heartbeat_ms * 1.5);
  const isOversold = shortages(NOTHING, freeCapacity(node, at)).length > 0;
  const word = node.admitted !== farm ? 'not admitted' : isSilent ? 'silent' : isOversold ? 'oversold' : failed > 0 ? 'failing' : drainOf(node, at) === undefined ? 'ok' : 'draining';
  return { state: word, heartbeat_age_ms, contracts: live.length, failed, release: node.announcement.release ?? null };
}
