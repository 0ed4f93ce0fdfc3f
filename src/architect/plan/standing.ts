// What runs of a blueprint, by the book alone: the buyer's contracts in force that are named after it and its parts.
import type { Reader } from '../../bcdb/reader.js';
import { perHourStroops } from '../../capacity/price.js';
import { contractsOf } from '../../consumer/contracts.js';
import { read, type ContractObject, type NodeObject } from '../../rules/objects.js';
import { resourcesOf, viewOf, type ContractState } from '../../rules/view.js';
import type { Resources } from '../../schema/types.js';

/** A contract of a blueprint that is not over. */
export interface Standing {
  /** Of the blueprint, without the generation. */
  readonly part: string;
  /** 1; the one that took its place is 2, and so on. */
  readonly generation: number;
  readonly contract: ContractObject;
  readonly state: Exclude<ContractState, 'ended'>;
  /** What it has now. */
  readonly resources: Resources;
  /** What was bought last, ms. */
  readonly term_ms: number;
  /** Exclusive, ms; null before its node holds it. */
  readonly funded_until: number | null;
  readonly per_hour_stroops: bigint;
  readonly escrow_stroops: bigint;
  /** What would come back if it were ended now. */
  readonly refundable_stroops: bigint;
  /** Where it runs, as announced now. */
  readonly node: NodeObject | undefined;
  /** Id of the newest record on its chain: what was planned on it holds as long as that is the newest. */
  readonly head: string;
}

/** What the contract of a part is called; a later generation runs beside the one before until it has taken its place. */
export function contractName(blueprint: string, part: string, generation: number): string {
  return `${blueprint}/${part}${generation === 1 ? '' : `.${generation}`}`;
}

/** The other way round; undefined for a contract that is not of that blueprint. */
function partNamed(blueprint: string, order: string | null): { readonly part: string; readonly generation: number } | undefined {
  if (order?.startsWith(`${blueprint}/`) !== true) return undefined;
  const [, part, generation = '1'] = /^([a-z0-9][a-z0-9-]*)(?:\.([2-9]|[1-9][0-9]{1,5}))?$/.exec(order.slice(blueprint.length + 1)) ?? [];
  return part === undefined ? undefined : { part, generation: Number(generation) };
}

/**
 * Everything that stands of a blueprint, by part, the newest generation of each first.
 * @param bot whose, key in hex
 * @param at now, ms since 1970
 */
export function standingOf(reader: Reader, bot: string, blueprint: string, at: number): Standing[] {
  const found: Standing[] = [];
  for (const contract of contractsOf(reader, bot)) {
    const named = partNamed(blueprint, contract.agreement.order);
    const one = named === undefined ? undefined : standing(reader, contract, at);
    if (named !== undefined && one !== undefined) found.push({ ...named, ...one });
  }
  return found.sort((a, b) => (a.part === b.part ? b.generation - a.generation : a.part < b.part ? -1 : 1));
}

function standing(reader: Reader, contract: ContractObject, at: number): Omit<Standing, 'part' | 'generation'> | undefined {
  const { state, period, funded_until, escrow_stroops, refundable_stroops } = viewOf(reader, contract, at);
  if (state === 'ended') return undefined;
  const { agreement } = contract;
  const { prices, discounts, term_ms } = period ?? agreement;
  const resources = resourcesOf(contract);
  return {
    contract, state, resources, term_ms, funded_until, escrow_stroops, refundable_stroops,
    per_hour_stroops: perHourStroops(resources, prices, discounts), node: read(reader, 'node', agreement.node), head: reader.head(`contract/${contract.id}`)?.id ?? contract.record,
  };
}

/** Names of all blueprints of which something stands; their parts have names, not the numbers of `reserve --nodes`. */
export function blueprintsOf(reader: Reader, bot: string, at: number): string[] {
  const names = new Set<string>();
  for (const contract of contractsOf(reader, bot)) {
    const { order } = contract.agreement;
    const name = order?.slice(0, Math.max(0, order.indexOf('/'))) ?? '';
    const named = name === '' ? undefined : partNamed(name, order);
    if (named !== undefined && !/^[0-9]+$/.test(named.part) && viewOf(reader, contract, at).state !== 'ended') names.add(name);
  }
  return [...names].sort();
}
