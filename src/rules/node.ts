// Nodes: what they offer, and which contracts take how much of it.
import { canonical } from '../base/canonical.js';
import { MAX_ALLOCATIONS } from '../base/limits.js';
import type { State } from '../bcdb/rulebook.js';
import { fits, NOTHING, RESOURCE_NAMES, shortages, type Shortage } from '../capacity/fit.js';
import type { Announcement, Drain, Resources } from '../schema/types.js';
import { checkNotLogKey } from './grid.js';
import { checkFree, takeKey } from './identity.js';
import { read, readGrid, write, type Allocation, type NodeObject } from './objects.js';
import { allOf } from './quorum.js';
import { demand, refused, short } from './refusal.js';
import type { Rule } from './rule.js';
import type { ContractView } from './view.js';

/** Fields that announcements of rules 1 do not know. */
export const ANNOUNCED_LATER = ['kernel', 'interfaces', 'benchmark', 'relay', 'gateway', 'release'] as const satisfies readonly (keyof Announcement)[];

/** announcement@1: a node says what it is. Capacity below what is allocated is taken: then nothing more is sellable. */
export const announcement: Rule<Announcement> = {
  kind: 'announcement@1',
  chain: 'node',
  signers(state, { body, subject, rules }) {
    const { dev, name } = readGrid(state);
    demand(dev || !body.declared, 'dev', `grid ${name} takes measured capacity only; declared capacity is for development grids`);
    demand(dev || body.runtime !== 'process', 'dev', `the process runtime isolates nothing; grid ${name} is no development grid`);
    const later = rules >= 2 ? undefined : ANNOUNCED_LATER.find((field) => body[field] !== undefined);
    demand(later === undefined, 'later_release', () => `an announcement that says ${later} needs rules 2`);
    demand(body.sealing_key !== subject, 'key', 'the sealing key is the signing key; use another');
    checkNotLogKey(state, subject);
    if (rules >= 2) checkFree(state, subject, `node/${subject}`);
    return [allOf([subject, `node/${subject}`])];
  },
  apply(state, { body, subject, moment, rules }) {
    const farm = read(state, 'farm', body.farm);
    demand(farm !== undefined, 'not_found', `no farm ${short(body.farm)} on this grid`);
    demand(farm.farm_key !== subject && farm.owner !== `bot/${subject}`, 'key', 'a node has a key of its own, not its farm\'s or its owner\'s');
    const admitted = read(state, 'admission', `${body.farm}/${subject}`)?.admitted === true ? body.farm : null;
    if (rules >= 2) takeKey(state, subject, `node/${subject}`);
    const before = read(state, 'node', subject);
    const allocations = live(before?.allocations ?? [], moment.at);
    const since = rules < 2 ? undefined : isSame(before, body) ? before?.since : moment.at;
    const drain = before?.drain;
    write(state, 'node', subject, { key: subject, farm: body.farm, admitted, announcement: body, allocations, ...(drain === undefined ? {} : { drain }), ...(since === undefined ? {} : { since }) });
  },
};

/** drain@1: a node takes nothing new for a time, or takes on contracts again. */
export const drain: Rule<Drain> = {
  kind: 'drain@1',
  chain: 'node',
  since: 2,
  signers(state, { subject }) {
    demand(read(state, 'node', subject) !== undefined, 'not_found', `no node ${short(subject)} on this grid`);
    return [allOf([subject, `node/${subject}`])];
  },
  apply(state, { body, subject, moment: { at } }) {
    const { drain: _before, ...node } = nodeOf(state, subject);
    write(state, 'node', subject, body.until !== null && body.until <= at ? node : { ...node, drain: { ...body, at } });
  },
};

/** What a node says of taking nothing new, if it does at that moment. */
export function drainOf({ drain: said }: NodeObject, at: number): NodeObject['drain'] {
  return said === undefined || (said.until !== null && said.until <= at) ? undefined : said;
}

function demandNotDrained(node: NodeObject, at: number): void {
  demand(drainOf(node, at) === undefined, 'drained', `node ${short(node.key)} takes nothing new: it is drained`);
}

/** Whether minting may go on as before. */
function isSame(before: NodeObject | undefined, { farm, capacity, virtualised }: Announcement): boolean {
  return before !== undefined && before.farm === farm && before.announcement.virtualised === virtualised && canonical(before.announcement.capacity) === canonical(capacity);
}

function live(allocations: readonly Allocation[], at: number): Allocation[] {
  return allocations.filter(({ disk_until }) => at < disk_until);
}

/** What a contract takes of its node at a moment: once it is over, the disk on which its data is kept, and then nothing. */
export function takenBy({ resources, until, disk_until }: Allocation, at: number): Resources {
  if (at < until) return resources;
  const { sru_mib, hru_mib } = resources;
  return at < disk_until ? { ...NOTHING, sru_mib, hru_mib } : NOTHING;
}

/** Contracts that count towards `MAX_ALLOCATIONS` at a moment: in force, or over and with data that is still kept. */
export function contractsOn(node: NodeObject, at: number): number {
  return live(node.allocations, at).length;
}

/**
 * What a node has left at a moment: announced capacity less what contracts in force take, and kept data.
 * @returns resources; below 0 where the node announces less than it has sold, so that nothing at all fits
 */
export function freeCapacity(node: NodeObject, at: number): Resources {
  const free = { ...node.announcement.capacity };
  for (const allocation of node.allocations) {
    const taken = takenBy(allocation, at);
    for (const name of RESOURCE_NAMES) free[name] -= taken[name];
  }
  return free;
}

/** Whether `wanted` is left at that moment, and room for one more contract. */
export function hasCapacity(node: NodeObject, wanted: Resources, at: number): boolean {
  return contractsOn(node, at) < MAX_ALLOCATIONS && fits(wanted, freeCapacity(node, at));
}

/**
 * Takes capacity of a node for a contract, until a time; there is no data to keep before the node holds it.
 * @throws Problem `refused`, reason `drained`, or `capacity`, that names what is short
 */
export function allocate(state: State, key: string, allocation: Omit<Allocation, 'disk_until'>, at: number): void {
  const node = nodeOf(state, key);
  demandNotDrained(node, at);
  const allocations = live(node.allocations, at);
  if (!hasCapacity(node, allocation.resources, at)) {
    const lacking = shortages(allocation.resources, freeCapacity(node, at));
    throw refused('capacity', lacking.length === 0 ? `node ${short(key)} has ${allocations.length} contracts, those with kept data included, and takes no more` : lackingText(key, lacking));
  }
  write(state, 'node', key, { ...node, allocations: [...allocations, { ...allocation, disk_until: allocation.until }] });
}

/**
 * Changes what a contract takes of its node; for how long, `keepUntil` says.
 * @returns the node
 * @throws Problem `refused`, reason `drained` where it grows, or `capacity`, that names what is short
 */
export function reallocate(state: State, key: string, contract: string, resources: Resources, at: number): NodeObject {
  const node = nodeOf(state, key);
  const had = node.allocations.find((allocation) => allocation.contract === contract)?.resources ?? NOTHING;
  if (!fits(resources, had)) demandNotDrained(node, at);
  const others = { ...node, allocations: node.allocations.filter((allocation) => allocation.contract !== contract) };
  const lacking = shortages(resources, freeCapacity(others, at));
  demand(lacking.length === 0, 'capacity', () => lackingText(key, lacking));
  const changed = { ...node, allocations: node.allocations.map((allocation) => (allocation.contract === contract ? { ...allocation, resources } : allocation)) };
  write(state, 'node', key, changed);
  return changed;
}

/** Keeps a contract's capacity until another time, and its disk until the data may go; what is over by then is given back. */
export function keepUntil(state: State, key: string, contract: string, { ends_at, data_until }: Pick<ContractView, 'ends_at' | 'data_until'>, at: number): void {
  const node = nodeOf(state, key);
  const allocations = node.allocations.map((allocation) => {
    if (allocation.contract !== contract) return allocation;
    const { sru_mib, hru_mib } = allocation.resources;
    return { ...allocation, until: ends_at, disk_until: sru_mib + hru_mib > 0 ? data_until : ends_at };
  });
  write(state, 'node', key, { ...node, allocations: live(allocations, at) });
}

function lackingText(key: string, lacking: readonly Shortage[]): string {
  return `node ${short(key)} has too little left: wanted ${lacking.map(({ resource, wanted, free }) => `${resource} ${wanted} of ${Math.max(0, free)}`).join(', ')}`;
}

function nodeOf(state: State, key: string): NodeObject {
  const node = read(state, 'node', key);
  if (node === undefined) throw new Error(`no node ${key}`);
  return node;
}
