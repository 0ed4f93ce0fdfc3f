// What a farm may mint, and minting it: period by period, node by node, as the book's own counters say.
import { iso } from '../base/clock.js';
import { isProblem, Problem } from '../base/errors.js';
import { MAX_ROWS } from '../base/limits.js';
import type { Keyring } from '../keys/keyring.js';
import { nodesOf, type DirectoryState } from '../market/directory.js';
import { appendSigned, type Appended } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import { windowMs } from '../rules/meter.js';
import { mintable } from '../rules/mint.js';
import { read, readGrid, type UptimeObject } from '../rules/objects.js';
import { mintPeriodMs } from '../rules/uptime.js';

/**
 * How a period of a node stands: its amount is due; it was minted; it is not over, or the status that confirms its last
 * minutes is awaited; it gives nothing.
 */
export type Standing =
  | { readonly state: 'due'; readonly amount_stroops: bigint }
  | { readonly state: 'minted'; readonly amount_stroops: bigint; readonly record: string }
  | { readonly state: 'running' | 'awaited' | 'nothing'; readonly why: string };

/** The periods of a farm's nodes for which time was counted, oldest first. @param node only this one, also if it has left the farm */
export function periodsOf(state: DirectoryState, farm: string, node: string | null): UptimeObject[] {
  const nodes = node === null ? [...nodesOf(state)].filter((one) => one.farm === farm).map(({ key }) => key) : [node];
  const periods = nodes.flatMap((key) => state.objects(`uptime/${key}/`, MAX_ROWS).map(({ value }) => value as UptimeObject));
  return periods.filter((uptime) => uptime.farm === farm).sort((a, b) => a.from - b.from || (a.node < b.node ? -1 : 1));
}

/** Nodes that the farm admits and that have no certificate in force, so that none of their time counts. @param at ms since 1970 */
export function uncertified(state: DirectoryState, farm: string, at: number): string[] {
  return [...nodesOf(state)].filter((node) => node.admitted === farm && (read(state, 'certificate', node.key)?.until ?? 0) <= at).map(({ key }) => key);
}

/** How a period stands. @param at ms since 1970 */
export function standingOf(state: DirectoryState, uptime: UptimeObject, at: number): Standing {
  if (uptime.minted !== null) return { state: 'minted', amount_stroops: BigInt(uptime.minted.amount_stroops), record: uptime.minted.record };
  if (at < uptime.until) return { state: 'running', why: `it is over at ${iso(uptime.until)}` };
  const last = read(state, 'meter', `${uptime.node}/${uptime.node}`)?.at ?? 0;
  const awaited = last + windowMs(readGrid(state).heartbeat_ms);
  if (last < uptime.until && at < awaited) return { state: 'awaited', why: `the node's status of after its end confirms its last minutes, and may come until ${iso(awaited)}` };
  try {
    return { state: 'due', amount_stroops: mintable(uptime, at) };
  } catch (thrown) {
    if (!isProblem(thrown, 'refused')) throw thrown;
    return { state: 'nothing', why: thrown.message };
  }
}

/** What a farm can mint now for the newest period that is over: older ones `periodsOf` tells. @param at ms since 1970 @returns stroops */
export function dueNow(state: DirectoryState, farm: string, at: number): bigint {
  const newest = Math.floor(at / mintPeriodMs(readGrid(state))) - 1;
  let sum = 0n;
  for (const { key } of nodesOf(state)) {
    const uptime = read(state, 'uptime', `${key}/${newest}`);
    const standing = uptime?.farm === farm ? standingOf(state, uptime, at) : undefined;
    if (standing?.state === 'due') sum += standing.amount_stroops;
  }
  return sum;
}

/**
 * Mints for a period of a node.
 * @throws Problem `refused` where the rules give nothing for it; what `append` throws
 */
export async function mintPeriod(grid: Grid, keyring: Keyring, { farm, node, period }: UptimeObject): Promise<Appended> {
  const body = (): { node: string; period: number; amount_stroops: string } => {
    const uptime = read(grid.reader, 'uptime', `${node}/${period}`);
    if (uptime === undefined) throw new Problem('not_found', `no time of node ${node} in period ${period} is confirmed and certified`, { reason: 'uptime' });
    return { node, period, amount_stroops: mintable(uptime, Math.max(grid.clock(), grid.reader.lastAt)).toString() };
  };
  return appendSigned(grid, { chain: `farm/${farm}`, kind: 'mint@1', body }, [keyring.signer('farm')]);
}

/** What came of several mints. */
export interface Minted {
  /** `node/period` of those in the book. */
  readonly done: ReadonlySet<string>;
  /** Why the rules refused the others: a cap, say. */
  readonly refused: readonly Problem[];
}

/** Mints for several periods; one that is refused holds up no other. @throws Problem what `append` throws, but `refused` */
export async function mintAll(grid: Grid, keyring: Keyring, periods: readonly UptimeObject[]): Promise<Minted> {
  const done = new Set<string>();
  const refused: Problem[] = [];
  for (const uptime of periods) {
    try {
      await mintPeriod(grid, keyring, uptime);
      done.add(`${uptime.node}/${uptime.period}`);
    } catch (thrown) {
      if (!isProblem(thrown, 'refused')) throw thrown;
      refused.push(thrown);
    }
  }
  return { done, refused };
}
