// How a farm stands when somebody asks: its nodes, its policy, what it has signed, and what the one who asks has already.
import { MAX_ROWS } from '../base/limits.js';
import type { Reader } from '../bcdb/reader.js';
import { chainId } from '../bcdb/record.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { dealOf } from '../market/asking.js';
import { feesOf } from '../market/blueprint.js';
import { read, readGrid, type FarmObject, type NodeObject } from '../rules/objects.js';
import type { TalkRequest } from '../schema/types.js';
import type { Hold } from './hold.js';
import { ALL_PPM, wholePolicy, type Policy } from './policy/policy.js';
import type { Held, Shop } from './shop.js';

/** What a farm goes by: itself, its policy, what it has signed, and when. */
export interface Standing {
  readonly farm: FarmObject;
  readonly policy: Policy;
  readonly held: readonly Hold[];
  /** Signed, and let go of by its buyer: it may still be committed. */
  readonly released: readonly Hold[];
  readonly at: number;
}

/** Everything that a decision on a request depends on. */
export function shopOf(reader: Reader, standing: Standing, request: TalkRequest, counter?: bigint): Shop {
  const { farm, policy, held } = standing;
  // Of one contract one draft at most is ever in the book.
  const contract = chainId(readGrid(reader).id, request.consumer, request.nonce);
  return {
    grid: readGrid(reader), farm, deal: dealOf(reader, farm.id, request.consumer), nodes: nodesOf(reader, farm.id), policy, fees: feesOf(reader, request), held: held.map(heldOf),
    shared: request.payers.some((payer) => read(reader, 'account', payer)?.keys !== undefined),
    theirs: theirsOf(reader, farm.id, request.consumer, { ...standing, released: standing.released.filter((hold) => hold.contract !== contract) }), ...(counter === undefined ? {} : { counter_stroops: counter }),
  };
}

/** What a buyer has of the farm's nodes; looked up only where the policy bounds it. */
export function theirsOf(reader: Reader, farm: string, consumer: string, { policy, held, released, at }: Omit<Standing, 'farm'>): Held[] {
  if (wholePolicy(policy).max_share_ppm === ALL_PPM) return [];
  return [...tenantsOf(reader, nodesOf(reader, farm), consumer, at), ...[...held, ...released].filter(({ agreement: { by } }) => by === consumer).map(heldOf)];
}

/** The contracts in force that a buyer has on these nodes. @param consumer key, hex @param at ms since 1970 */
function* tenantsOf(state: ReadState, nodes: readonly NodeObject[], consumer: string, at: number): Generator<Held> {
  for (const { key, allocations } of nodes) {
    for (const { contract, resources, until } of allocations) {
      if (at < until && read(state, 'contract', contract)?.agreement.by === consumer) yield { node: key, resources };
    }
  }
}

/** What a hold takes of a node. */
export function heldOf({ agreement: { node, resources } }: Hold): Held {
  return { node, resources };
}

/** The nodes a farm has ever admitted, without looking at everybody else's. */
function nodesOf(reader: Reader, farm: string): NodeObject[] {
  const nodes: NodeObject[] = [];
  const prefix = `admission/${farm}/`;
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page = reader.objects(prefix, MAX_ROWS, after);
    for (const { id } of page) {
      const node = read(reader, 'node', id.slice(prefix.length));
      if (node !== undefined) nodes.push(node);
    }
    after = page.length < MAX_ROWS ? undefined : page.at(-1)?.id;
  }
  return nodes;
}
