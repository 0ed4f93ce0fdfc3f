// What is asked of a node, check after check: order, words and evidence, the same for every search.
//
// Each check stands here twice, as a test of a node and as SQL on the catalog (bcdb/catalog.ts), side by side; a
// property test holds them against each other.
import { iso } from '../base/clock.js';
import { MAX_ALLOCATIONS } from '../base/limits.js';
import { RESOURCE_NAMES, type ResourceName } from '../capacity/fit.js';
import { formatPercent } from '../capacity/percent.js';
import { formatSize } from '../capacity/format.js';
import type { Announcement, Resources } from '../schema/types.js';
import type { Search } from './directory.js';

/** Why a node is no match, in the order in which it is asked; the first that applies counts. With words for people. */
export const EXCLUSIONS = {
  farm: 'of another farm',
  node: 'another node',
  not_admitted: 'not admitted by its farm',
  drained: 'draining',
  no_endpoint: 'whose farm cannot be reached',
  location: 'somewhere else',
  runtime: 'with another runtime',
  platform: 'of a platform that the image is not for',
  features: 'without a feature that is needed',
  architects: 'whose farm leaves less to architects',
  full: 'with as many contracts as a node can have',
  shared: 'that somebody has a part of already',
  cpu: 'with too few cores left',
  memory: 'with too little memory left',
  ssd: 'with too little SSD left',
  hdd: 'with too little HDD left',
  ipv4: 'with too few IPv4 addresses left',
  price: 'at a price above what can exist',
} as const;
/** A reason of EXCLUSIONS. */
export type Exclusion = keyof typeof EXCLUSIONS;

/** What checks look at, as of one moment. */
export interface Listed {
  /** Node key. */
  readonly key: string;
  /** Id of the farm that it names. */
  readonly farm: string;
  /** That farm sells it. */
  readonly admitted: boolean;
  /** It takes nothing new: until when, ms; null: it does. */
  readonly drained_until: number | null;
  /** Its farm says where it is reached. */
  readonly reachable: boolean;
  readonly location: Announcement['location'];
  readonly runtime: Announcement['runtime'];
  readonly platform: string;
  readonly features: readonly string[];
  /** What its farm leaves to architects, in millionths. */
  readonly architect_ppm: number;
  readonly contracts: number;
  readonly capacity: Resources;
  /** What is left; never below 0. */
  readonly free: Resources;
}

/** One thing that is asked. */
export interface Check {
  readonly reason: Exclusion;
  /** The feature, where it asks for one. */
  readonly feature?: string;
  /** The resource, where it asks for one. */
  readonly resource?: ResourceName;
  /** What was asked for, in words. */
  readonly wanted: string;
  /** What there is instead, in words. */
  readonly evidence: (node: Listed) => string;
  /** What would have to change, in words. */
  readonly remedy: (node: Listed) => string;
  /** How a buyer asks for less, in words; null where only others can change it. */
  readonly without: string | null;
  readonly fails: (node: Listed) => boolean;
  /** The same on a row of the catalog; 0 or 1, never null. */
  readonly sql: string;
  readonly params?: Readonly<Record<string, string | number>>;
  /** It depends on which contracts are in force at the moment. */
  readonly isTimed?: true;
}

/** What a resource is called in each place. */
const RESOURCES: Readonly<Record<ResourceName, { readonly reason: Exclusion; readonly flag: string; readonly amount: (count: number) => string; readonly of: (count: number) => string }>> = {
  cru: { reason: 'cpu', flag: '--cpu', amount: String, of: (count) => (count === 1 ? ' core' : ' cores') },
  mru_mib: { reason: 'memory', flag: '--memory', amount: formatSize, of: () => ' of memory' },
  sru_mib: { reason: 'ssd', flag: '--ssd', amount: formatSize, of: () => ' of SSD' },
  hru_mib: { reason: 'hdd', flag: '--hdd', amount: formatSize, of: () => ' of HDD' },
  ipv4: { reason: 'ipv4', flag: '--ipv4', amount: String, of: (count) => (count === 1 ? ' IPv4 address' : ' IPv4 addresses') },
};

/** So much of a resource, in words: `60GiB of SSD`. */
export function amountText(resource: ResourceName, count: number): string {
  return `${RESOURCES[resource].amount(count)}${RESOURCES[resource].of(count)}`;
}

/** Less of a resource than was asked for, in words: `with 60GiB of SSD instead of 100GiB`. */
export function lessText(resource: ResourceName, less: number, asked: number): string {
  return less === 0 ? `without ${amountText(resource, asked)}` : `with ${amountText(resource, less)} instead of ${RESOURCES[resource].amount(asked)}`;
}

/** The checks of a search, in order, without those that no node can fail. */
export function checksOf(wanted: Search): Check[] {
  return [...placeChecks(wanted), ...machineChecks(wanted), ...roomChecks(wanted)];
}

/** Whether it is sold, by whom, and where it is. */
function placeChecks({ farm, node, location, at }: Search): Check[] {
  const checks: (Check | undefined)[] = [
    farm === undefined ? undefined : {
      reason: 'farm', wanted: `farm ${farm.slice(0, 12)}`, without: 'without --farm', fails: (one) => one.farm !== farm, sql: 'farm <> :farm', params: { farm },
      evidence: (one) => `of farm ${one.farm.slice(0, 12)}`, remedy: () => 'leave out --farm',
    },
    node === undefined ? undefined : {
      reason: 'node', wanted: `node ${node.slice(0, 12)}`, without: 'without --node', fails: (one) => one.key !== node, sql: 'key <> :node', params: { node },
      evidence: (one) => `node ${one.key.slice(0, 12)}`, remedy: () => 'leave out --node',
    },
    {
      reason: 'not_admitted', wanted: 'admitted by its farm', without: null, fails: (one) => !one.admitted, sql: 'NOT admitted',
      evidence: (one) => (one.admitted ? 'admitted' : `names farm ${one.farm.slice(0, 12)}, which does not admit it`), remedy: () => 'its farm has to admit it',
    },
    {
      reason: 'drained', wanted: 'takes new contracts', without: null, fails: (one) => one.drained_until !== null, sql: 'drained_until > :at', params: { at },
      evidence: ({ drained_until }) => (drained_until === null ? 'it does' : `drained${untilText(drained_until)}`), remedy: ({ drained_until }) => `wait${drained_until === null || drained_until === Number.MAX_SAFE_INTEGER ? ' until it takes contracts again' : untilText(drained_until)}`,
    },
    {
      reason: 'no_endpoint', wanted: 'a farm that can be reached', without: null, fails: (one) => !one.reachable, sql: 'farm IN (SELECT id FROM catalog_farm WHERE NOT reachable)',
      evidence: (one) => (one.reachable ? 'it says where' : 'its farm says no address'), remedy: () => 'its farm has to say where it is reached',
    },
    location === undefined ? undefined : {
      reason: 'location', wanted: `in ${location}`, without: `without --location ${location}`, fails: (one) => !isAt(one.location, location),
      sql: 'NOT (country COLLATE NOCASE IS :location OR region COLLATE NOCASE IS :location)', params: { location },
      evidence: ({ location: { country, region } }) => [region, country].filter((part) => part !== null).join(', ') || 'does not say where', remedy: () => 'leave out --location',
    },
  ];
  return checks.filter((check) => check !== undefined);
}

/** What it is and can do. */
function machineChecks({ runtime, platforms, features = [], fees_ppm = 0 }: Search): Check[] {
  const checks: (Check | undefined)[] = [
    runtime === undefined ? undefined : {
      reason: 'runtime', wanted: `runtime ${runtime}`, without: `with another runtime than ${runtime}`, fails: (one) => one.runtime !== runtime, sql: 'runtime <> :runtime', params: { runtime },
      evidence: (one) => `runtime ${one.runtime}`, remedy: (one) => `run what needs ${one.runtime}`,
    },
    platforms === undefined ? undefined : {
      reason: 'platform', wanted: platforms.join(' or '), without: `for another platform than ${platforms.join(' or ')}`, fails: (one) => !platforms.includes(one.platform),
      sql: 'platform NOT IN (SELECT value FROM json_each(:platforms))', params: { platforms: JSON.stringify(platforms) },
      evidence: (one) => one.platform, remedy: (one) => `an image for ${one.platform}`,
    },
    ...features.map((feature, n): Check => ({
      reason: 'features', feature, wanted: `feature ${feature}`, without: `without the feature ${feature}`, fails: (one) => !one.features.includes(feature),
      sql: `instr(features, :feature_${n}) = 0`, params: { [`feature_${n}`]: `,${feature},` },
      evidence: (one) => (one.features.length === 0 ? 'announces no feature' : `announces ${one.features.join(', ')}`), remedy: () => `do without ${feature}, or its farmer has to set it up`,
    })),
    fees_ppm === 0 ? undefined : {
      reason: 'architects', wanted: `${formatPercent(fees_ppm)} for architects`, without: 'with a smaller share for architects', fails: (one) => one.architect_ppm < fees_ppm,
      sql: 'farm IN (SELECT id FROM catalog_farm WHERE architect_ppm < :fees_ppm)', params: { fees_ppm },
      evidence: (one) => `its farm leaves ${one.architect_ppm === 0 ? 'nothing' : formatPercent(one.architect_ppm)}`, remedy: (one) => `an architect's share of at most ${one.architect_ppm === 0 ? 'nothing' : formatPercent(one.architect_ppm)}`,
    },
  ];
  return checks.filter((check) => check !== undefined);
}

/** What is left of it. */
function roomChecks({ resources, buyer }: Search): Check[] {
  return [
    {
      reason: 'full', wanted: `fewer than ${MAX_ALLOCATIONS} contracts`, without: null, isTimed: true, fails: (one) => one.contracts >= MAX_ALLOCATIONS, sql: `contracts >= ${MAX_ALLOCATIONS}`,
      evidence: (one) => `${one.contracts} contracts`, remedy: () => 'wait until one of them is over',
    },
    ...(buyer?.dedicated === true ? [{
      reason: 'shared' as const, wanted: 'nobody else on it', without: 'without --dedicated', isTimed: true as const, fails: (one: Listed) => one.contracts > 0, sql: 'contracts > 0',
      evidence: (one: Listed) => `${one.contracts} contract${one.contracts === 1 ? '' : 's'} on it`, remedy: () => 'leave out --dedicated, or wait until it is empty',
    }] : []),
    ...RESOURCE_NAMES.filter((name) => resources[name] > 0).map((name): Check => ({
      reason: RESOURCES[name].reason, resource: name, wanted: amountText(name, resources[name]), without: null, isTimed: true, fails: (one) => one.free[name] < resources[name],
      sql: `${name} - taken_${name} < :${name}`, params: { [name]: resources[name] },
      evidence: (one) => `${amountText(name, one.free[name])} left`, remedy: (one) => (one.free[name] === 0 ? `leave out ${RESOURCES[name].flag}` : `ask for at most ${amountText(name, one.free[name])}`),
    })),
  ];
}

function untilText(until: number): string {
  return until === Number.MAX_SAFE_INTEGER ? '' : ` until ${iso(until)}`;
}

/** Whether something stands in a country or region, or no place is asked for. */
export function isAt({ country, region }: Announcement['location'], wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  const text = wanted.toLowerCase();
  return country?.toLowerCase() === text || region?.toLowerCase() === text;
}

/** The checks that a node fails, as a number: bit n is check n. */
export function failing(checks: readonly Check[], node: Listed): number {
  return checks.reduce((mask, { fails }, n) => (fails(node) ? mask | (1 << n) : mask), 0);
}
