// Wakes a farm's nodes: a node that sleeps reads no book, so somebody has to call it when there is work for it.
//
//   a contract in force of which the node has said nothing for a while  ──▶ wake: contract
//   on the list of those that never sleep, and silent                   ──▶ wake: never_sleep
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../base/errors.js';
import { POWER_LOOK_MS, WAKE_AFTER_MS, WAKE_AGAIN_MS } from '../base/limits.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { runHook } from '../hook.js';
import { readConfig } from '../home.js';
import { nodesOf } from '../market/directory.js';
import type { OpenRole } from '../net/daemon.js';
import { read, type NodeObject } from '../rules/objects.js';
import { healthOf } from './health.js';

/** Why a node is woken. */
export type WakeReason = 'contract' | 'never_sleep';

/** Whether a node is to be woken now; null: no. Pure. @param at ms since 1970 */
export function wakeReason(state: ReadState, node: NodeObject, farm: string, neverSleep: readonly string[], at: number): WakeReason | null {
  if (node.admitted !== farm) return null;
  for (const { contract, until } of node.allocations) {
    const isTaken = (read(state, 'run', contract)?.state ?? null) !== null;
    const since = read(state, 'contract', contract)?.committed_at ?? at;
    if (at < until && !isTaken && at - since >= WAKE_AFTER_MS) return 'contract';
  }
  return neverSleep.includes(node.key) && healthOf(state, node, farm, at).state === 'late' ? 'never_sleep' : null;
}

/** The role of a farm whose config names a hook that wakes nodes. */
export const powerRole: OpenRole = async ({ home, clock, signal, grids, log }) => {
  const { farm } = readConfig(home);
  const grid = farm === null ? undefined : grids.get(farm.grid);
  if (farm?.power === undefined || grid === undefined) return undefined;
  const { id, power: { wake, never_sleep = [] } } = farm;
  const woken = new Map<string, number>();
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  const look = async (): Promise<void> => {
    const at = clock();
    for (const node of nodesOf(grid.reader)) {
      if (node.farm !== id || at - (woken.get(node.key) ?? 0) < WAKE_AGAIN_MS) continue;
      const reason = wakeReason(grid.reader, node, id, never_sleep, at);
      if (reason === null) continue;
      woken.set(node.key, at);
      log.info({ node: node.key, reason }, 'a node is woken');
      await runHook(wake, { event: 'wake', node: node.key, farm: id, reason, address: node.announcement.address }, ending).catch((thrown: unknown) => log.warn({ node: node.key, error: messageOf(thrown) }, 'a node was not woken'));
    }
  };
  const loop = (async () => {
    while (!ending.aborted) {
      await look();
      await pause(POWER_LOOK_MS, undefined, { signal: ending }).catch(() => undefined);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await loop;
    },
  };
};
