// The meter of a node: who confirms that it is up, and how much time that makes.
//
//   entry        entry           (nothing)            entry        entry
//     │ ── counts ── │ ── does not count: a gap ──────── │ ── counts ── │ ── open: may still count ──▶ now
//
// Time counts from entry to entry if they are at most one and a half heartbeats apart. An entry names lines of this
// book that hold the entry before it: so none can be written in advance, but for one, nor afterwards.
import { iso } from '../base/clock.js';
import { MAX_METER_GAPS } from '../base/limits.js';
import type { Moment, ReadState, State } from '../bcdb/rulebook.js';
import type { Agreement, Seen, Status } from '../schema/types.js';
import { read, readGrid, write, type ContractObject, type MeterObject } from './objects.js';
import { grantsOf, resolve, someOf } from './quorum.js';
import { demand, short } from './refusal.js';
import type { Rule } from './rule.js';
import { countUptime } from './uptime.js';

/** status@1: an entry of a meter: a node's own, or a bot's of a node. */
export const status: Rule<Status> = {
  kind: 'status@1',
  chain: 'meter',
  since: 2,
  signers(state, { body: { node, seen }, subject, moment: { at }, occasion }) {
    demand(read(state, 'node', node) !== undefined, 'not_found', `no node ${short(node)} on this grid`);
    const last = read(state, 'meter', `${subject}/${node}`);
    if (last !== undefined) {
      const next = last.at + readGrid(state).heartbeat_ms;
      demand(at >= next, 'meter', () => `a status is recorded once a heartbeat: of node ${short(node)} the next one at ${iso(next)}`);
      demand(seen.size > last.line, 'meter', () => `a status names lines that hold the last entry, which is line ${last.line}; this one names ${seen.size}`);
    }
    return [resolve(state, someOf(1, [subject === node ? `node/${node}` : `bot/${subject}`]), occasion)];
  },
  apply(state, { record, body: { node, seen }, subject, moment }) {
    enter(state, { meter: subject, node, seen, time: record.payload.time }, moment);
  },
};

/** What makes an entry of a meter. */
export interface Entry {
  /** Key of the meter: the node's own, or a bot's. */
  readonly meter: string;
  readonly node: string;
  readonly seen: Seen;
  /** When it was signed, by its author's clock, ms since 1970. */
  readonly time: number;
}

/** Makes an entry. Where `seen` does not hold the entry before, it is none, and nothing changes. */
export function enter(state: State, { meter, node, seen, time }: Entry, { at, index }: Moment): void {
  const id = `${meter}/${node}`;
  const last = read(state, 'meter', id) ?? { line: -1, at, confirmed_ms: 0, gaps: [] };
  if (seen.size <= last.line) return;
  const isConfirmed = at - last.at <= windowMs(readGrid(state).heartbeat_ms);
  write(state, 'meter', id, { line: index, at, confirmed_ms: last.confirmed_ms + (isConfirmed ? at - last.at : 0), gaps: isConfirmed ? last.gaps : withGap(last, at) });
  if (meter === node) countUptime(state, node, { from: isConfirmed ? last.at : at, at, time });
}

/** The gaps with the one that ends now; what follows a gap at once is the same gap. */
function withGap({ at: from, gaps }: MeterObject, to: number): MeterObject['gaps'] {
  const before = gaps.at(-1);
  return before?.to === from ? [...gaps.slice(0, -1), { from: before.from, to }] : [...gaps, { from, to }].slice(-MAX_METER_GAPS);
}

/** The longest time between two entries that counts: one and a half heartbeats. */
export function windowMs(heartbeat_ms: number): number {
  return Math.floor((heartbeat_ms * 3) / 2);
}

/** The meter that a contract's agreement names; undefined where there is none, or it has not begun. */
export function meterOf(state: ReadState, { agreement: { meter, node } }: Pick<ContractObject, 'agreement'>): MeterObject | undefined {
  return meter === null ? undefined : read(state, 'meter', `${meter.by.slice(meter.by.indexOf('/') + 1)}/${node}`);
}

/** Who confirms a contract's time, and what it has confirmed so far. */
export interface Metering {
  readonly heartbeat_ms: number;
  readonly meter: MeterObject | undefined;
}

/** Since when time may still count that no entry has confirmed yet; undefined where too much has passed, or there is no entry. */
export function openSince({ heartbeat_ms, meter }: Metering, at: number): number | undefined {
  return meter !== undefined && at - meter.at <= windowMs(heartbeat_ms) ? meter.at : undefined;
}

/**
 * What the counter stands at, at a moment: with the open window, as if an entry was to confirm it. If none does, what
 * begins here is counted by so much less, never by more.
 */
export function markOf(metering: Metering, at: number): number {
  return (metering.meter?.confirmed_ms ?? 0) + at - (openSince(metering, at) ?? at);
}

/**
 * Time that a meter confirmed between a mark and a moment. What lies after the moment is taken off again by the gaps
 * the meter remembers; of more gaps than those it may be less than it was, never more.
 * @param until ms since 1970
 */
export function confirmedBetween(meter: MeterObject | undefined, mark_ms: number, until: number): number {
  if (meter === undefined) return 0;
  const lost = meter.gaps.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, until)), 0);
  const after = Math.max(0, meter.at - until - lost);
  return Math.max(0, meter.confirmed_ms - mark_ms - after);
}

/**
 * Demands that an agreement's meter can be one: its node, or a bot that neither buys nor sells.
 * @throws Problem `refused`
 */
export function checkMeter(state: ReadState, { meter, node, farm, roles }: Agreement): void {
  if (meter === null) return;
  const { heartbeat_ms } = readGrid(state);
  demand(meter.heartbeat_ms === heartbeat_ms, 'meter', `a heartbeat of this grid is ${heartbeat_ms} ms, the agreement's meter has ${meter.heartbeat_ms} ms`);
  if (meter.by === `node/${node}`) return;
  demand(meter.by.startsWith('bot/'), 'meter', `${short(meter.by)} cannot be the meter: the contract's node can, or a bot`);
  grantsOf(state, meter.by);
  const sides = [read(state, 'farm', farm)?.owner, ...roles.filter(({ role }) => role === 'consumer' || role === 'farmer').map(({ party }) => party)];
  demand(!sides.includes(meter.by), 'meter', `${short(meter.by)} buys or sells, so it confirms no time; a third bot can`);
}
