// From what runs and what is wanted to what is to be done. Pure: the same book, design and time give the same plan.
//
//   design ─┐             ┌─ add      ordered, all of them or none
//           ├─▶ plan ─────┼─ change   amended, workloads replaced: on the same node, data stays
//   book  ──┘             ├─ replace  ordered anew first, ended afterwards: its volume begins empty
//                         ├─ keep
//                         └─ end
import { fits, RESOURCE_NAMES } from '../../capacity/fit.js';
import { apart, type Place, type Spread } from '../../consumer/choose.js';
import { freeAddress } from '../../consumer/networks.js';
import type { Wanted } from '../../consumer/quote.js';
import { differences } from '../../consumer/same.js';
import { unable } from '../../market/amendment.js';
import { isAt } from '../../market/checks.js';
import { durationText, sizeText } from '../../market/words.js';
import { freeCapacity } from '../../rules/node.js';
import { featuresFor } from '../../rules/workload.js';
import type { Resources, Workload } from '../../schema/types.js';
import { serviceChanges, type FieldChange, type ServiceChange } from './differ.js';
import { contractName, type Standing } from './standing.js';

/** A part as it is wanted: farms and nodes found, images by digest, hashes of secrets filled in, in no network yet. */
export interface PartWish {
  readonly name: string;
  readonly group: string;
  readonly spread: Spread | null;
  readonly wanted: Wanted;
}

/** The private network of a blueprint: there, or to be made. */
export interface NetworkWish {
  readonly id: string;
  readonly name: string;
  readonly subnet: string;
  readonly make: boolean;
  /** Addresses that are taken already. */
  readonly taken: readonly string[];
}

/** What becomes of a part. */
export interface PartPlan {
  readonly part: string;
  readonly group: string | null;
  readonly spread: Spread | null;
  readonly action: 'add' | 'change' | 'replace' | 'keep' | 'end';
  /** Contract that stands, and the newest record on its chain; null where there is none yet. */
  readonly contract: string | null;
  readonly head: string | null;
  /** What the contract is called that has, or will have, this part; null for one that ends. */
  readonly order: string | null;
  /** Null for one that ends. */
  readonly wanted: Wanted | null;
  /** What changes of the contract itself: resources, term. */
  readonly fields: readonly FieldChange[];
  /** Why it cannot be changed where it is, or why it ends. */
  readonly why: readonly string[];
  readonly services: readonly ServiceChange[];
}

/** All of it, in the order in which parts depend on each other; what ends comes last. */
export interface Plan {
  readonly grid: string;
  readonly name: string;
  readonly network: Omit<NetworkWish, 'taken'> | null;
  readonly parts: readonly PartPlan[];
}

/** What a plan is made from. */
export interface PlanParts {
  readonly grid: string;
  readonly name: string;
  readonly wishes: readonly PartWish[];
  readonly network: NetworkWish | null;
  /** Of `standingOf`. */
  readonly standing: readonly Standing[];
  /** ms since 1970. */
  readonly at: number;
}

/** @throws Problem `refused`, reason `network`, where that has no address left */
export function planFor({ grid, name, wishes, network, standing, at }: PlanParts): Plan {
  const newest = new Map([...standing].reverse().map((one) => [one.part, one]));
  const places = new Map<string, Place[]>();
  const addresses = network === null ? null : new Addresses(network, wishes.map((wish) => newest.get(wish.name)));
  const wanted = wishes.map((wish): PartPlan => {
    const one = newest.get(wish.name);
    if (one === undefined) return ordered(name, { ...wish, wanted: addressed(wish.wanted, addresses, undefined) }, undefined, []);
    const here = addressed(wish.wanted, addresses, one);
    const why = [...immovable(here, one, at), ...crowded(wish, one, places)];
    if (why.length > 0) return ordered(name, { ...wish, wanted: addressed(wish.wanted, addresses, undefined) }, one, why);
    return changed({ ...wish, wanted: here }, one);
  });
  const names = new Set(wishes.map((wish) => wish.name));
  const ends = standing.filter((one) => !names.has(one.part) || newest.get(one.part) !== one).map((one) => ended(one, names.has(one.part)));
  return { grid, name, network: network === null ? null : { id: network.id, name: network.name, subnet: network.subnet, make: network.make }, parts: [...wanted, ...ends] };
}

/** Whether there is anything to do. */
export function isNothing({ network, parts }: Plan): boolean {
  return network?.make !== true && parts.every(({ action }) => action === 'keep');
}

/** Anew: under the next name where another one stands, which ends once this one works. */
function ordered(blueprint: string, { name, group, spread, wanted }: PartWish, old: Standing | undefined, why: readonly string[]): PartPlan {
  const order = contractName(blueprint, name, old === undefined ? 1 : old.generation + 1);
  return {
    part: name, group, spread, action: old === undefined ? 'add' : 'replace', contract: old?.contract.id ?? null, head: old?.head ?? null,
    order, wanted: { ...wanted, order }, fields: [], why, services: serviceChanges(old?.contract.workloads ?? [], wanted.workloads),
  };
}

function changed({ name, group, spread, wanted }: PartWish, one: Standing): PartPlan {
  const { contract, head } = one;
  const { order } = contract.agreement;
  const services = serviceChanges(contract.workloads, wanted.workloads);
  const fields = termsChanged(wanted, one);
  const isSame = fields.length === 0 && services.every(({ change }) => change === 'keep');
  return { part: name, group, spread, action: isSame ? 'keep' : 'change', contract: contract.id, head, order, wanted: { ...wanted, order }, fields, why: [], services };
}

function ended({ part, generation, contract, head }: Standing, isReplaced: boolean): PartPlan {
  const why = isReplaced ? [`a later one has taken the place of ${generation === 1 ? 'the first' : `number ${generation}`}`] : ['the blueprint has no such part'];
  return { part, group: null, spread: null, action: 'end', contract: contract.id, head, order: null, wanted: null, fields: [], why, services: serviceChanges(contract.workloads, []) };
}

/** What an amendment changes. A term that is longer than what was bought is bought; time that is left over comes back when it ends. */
function termsChanged({ resources, term_ms, dedicated }: Wanted, one: Standing): FieldChange[] {
  // Of a whole node it is the node that says how much that is.
  const fields: FieldChange[] = dedicated === true ? [] : RESOURCE_NAMES.filter((name) => one.resources[name] !== resources[name]).map((name) => ({ field: FIELD_OF[name], from: amountText(name, one.resources), to: amountText(name, resources) }));
  const isLonger = term_ms > one.term_ms;
  if (isLonger || fields.length > 0 || one.state === 'paused') fields.push({ field: 'term', from: one.state === 'paused' ? 'over' : durationText(one.term_ms), to: `${durationText(term_ms)} from now on` });
  return fields;
}

const FIELD_OF = { cru: 'cpu', mru_mib: 'memory', sru_mib: 'ssd', hru_mib: 'hdd', ipv4: 'ipv4' } as const;

function amountText(name: keyof Resources, resources: Resources): string {
  return name.endsWith('_mib') ? sizeText(resources[name]) : String(resources[name]);
}

/** Why the contract cannot become what is wanted: what is agreed for good, or what its node cannot do. */
function immovable(wanted: Wanted, { contract: { agreement }, resources, node }: Standing, at: number): string[] {
  const [payer] = agreement.payers;
  // Payees and the version of a published blueprint stay those that it was made from: nobody's data is given up for them.
  const same: Wanted = { ...wanted, resources: agreement.resources, term_ms: agreement.term_ms, workloads: agreement.workloads, order: agreement.order };
  const agreed = differences(agreement, { ...same, payer: payer?.account ?? '' }).filter((what) => what !== 'architect' && what !== 'blueprint').map((what) => `${what} cannot be changed`);
  if (node === undefined) return [...agreed, 'its node is gone'];
  const { announcement } = node;
  const runtime = wanted.workloads.length === 0 ? wanted.runtime : wanted.workloads.every(({ image }) => image === null) ? 'process' : 'podman';
  const lacks = featuresFor(wanted.workloads, { exec: wanted.exec === true }).filter((feature) => !announcement.features.includes(feature));
  const cannot = wanted.dedicated === true ? (fits(wanted.resources, resources) ? null : 'its node is too small') : unable(resources, wanted.resources);
  return [
    ...agreed,
    ...(isAt(announcement.location, wanted.location ?? undefined) ? [] : [`it is not in ${wanted.location}`]),
    ...(runtime === null || runtime === announcement.runtime ? [] : [`its node runs ${announcement.runtime}, not ${runtime}`]),
    ...(wanted.platforms?.includes(announcement.platform) === false ? [`its node is ${announcement.platform}`] : []),
    ...lacks.map((feature) => `its node has no ${feature}`),
    ...(wanted.notice_ms !== undefined && agreement.notice_ms !== 0 && agreement.notice_ms < wanted.notice_ms ? ['the notice of its farm is too short'] : []),
    ...(cannot === null ? [] : [cannot]),
    ...(cannot !== null || wanted.dedicated === true || grows(resources, wanted.resources, freeCapacity(node, at)) ? [] : ['its node has no room for it to grow']),
  ];
}

function grows(from: Resources, to: Resources, free: Resources): boolean {
  return RESOURCE_NAMES.every((name) => to[name] <= from[name] || to[name] - from[name] <= free[name]);
}

/** Whether an earlier part of the group stands where this one must not; notes where this one is. */
function crowded({ group, spread }: PartWish, one: Standing, places: Map<string, Place[]>): string[] {
  const taken = places.get(group) ?? [];
  const place = placeOf(one);
  if (!taken.every((other) => apart(spread, other, place))) return [`another ${group} has its ${spread ?? 'place'}`];
  places.set(group, [...taken, place]);
  return [];
}

/** Where a contract is, as far as spreading goes. */
export function placeOf({ contract: { agreement }, node }: Standing): Place {
  return { farm: agreement.farm, node: agreement.node, location: node?.announcement.location ?? { country: null, region: null } };
}

function addressed(wanted: Wanted, addresses: Addresses | null, one: Standing | undefined): Wanted {
  return addresses === null ? wanted : { ...wanted, workloads: wanted.workloads.map((workload) => ({ ...workload, network: addresses.of(workload, one) })) };
}

/** Addresses in the network: a service keeps the one it has in the same contract, others get the lowest free one. */
class Addresses {
  readonly #network: NetworkWish;
  readonly #taken: Set<string>;

  constructor(network: NetworkWish, standing: readonly (Standing | undefined)[]) {
    this.#network = network;
    this.#taken = new Set([...network.taken, ...standing.flatMap((one) => (one === undefined ? [] : placesIn(one.contract.workloads, network.id)))]);
  }

  of({ name }: Workload, one: Standing | undefined): NonNullable<Workload['network']> {
    const { id, subnet } = this.#network;
    const had = one?.contract.workloads.find((same) => same.name === name)?.network;
    const address = had?.id === id ? had.address : freeAddress(id, subnet, this.#taken);
    this.#taken.add(address);
    return { id, address };
  }
}

function placesIn(workloads: readonly Workload[], id: string): string[] {
  return workloads.flatMap(({ network }) => (network?.id === id ? [network.address] : []));
}
