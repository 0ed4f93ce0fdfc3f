// Everything that a farm's answer depends on, and what of it is left to sell. Pure.
import { iso } from '../base/clock.js';
import { MAX_ALLOCATIONS } from '../base/limits.js';
import { NOTHING, subtract } from '../capacity/fit.js';
import { contractsOn, drainOf, freeCapacity } from '../rules/node.js';
import type { DealObject, FarmObject, GridObject, NodeObject } from '../rules/objects.js';
import type { Fee, Resources, TalkDecline } from '../schema/types.js';
import type { Policy } from './policy/policy.js';

/** What the farm is held to already, though the book does not show it yet. */
export interface Held {
  /** Node key. */
  readonly node: string;
  readonly resources: Resources;
}

/** Everything a decision depends on. */
export interface Shop {
  readonly grid: Pick<GridObject, 'prices' | 'rules' | 'shares'>;
  readonly farm: FarmObject;
  /** With who asks, if there is one. */
  readonly deal: DealObject | undefined;
  /** Nodes that name this farm, admitted or not. */
  readonly nodes: readonly NodeObject[];
  /** What architects are to get, as `feesOf` says. */
  readonly fees: readonly Fee[];
  /** A paying account has several keys: they may take their time, as further signers may. */
  readonly shared?: boolean;
  readonly policy: Policy;
  /** Live holds, without the one of the contract that is asked for. */
  readonly held: readonly Held[];
  /** What who asks has of these nodes, in the book and on hold; read only where the policy bounds it. */
  readonly theirs?: readonly Held[];
  /** The most that who asks pays for an hour, in a counter. */
  readonly counter_stroops?: bigint;
}

/** Why a farm does not sell. */
export interface Refusal {
  readonly decline: TalkDecline;
}

/** Why not; `final`: asking again does not help. */
export function decline(code: TalkDecline['code'], reason: string, more: Partial<Pick<TalkDecline, 'final' | 'retry_after_ms' | 'nearest' | 'would_do'>> = {}): Refusal {
  const { would_do } = more;
  return { decline: { code, reason: reason.slice(0, 200), final: more.final ?? true, retry_after_ms: more.retry_after_ms ?? null, nearest: more.nearest ?? null, ...(would_do === undefined ? {} : { would_do }) } };
}

/** What a node has left beyond contracts in force and live holds; nothing where it can take no more contracts. */
export function leftOn(node: NodeObject, held: readonly Held[], at: number): Resources {
  const here = held.filter((hold) => hold.node === node.key);
  const contracts = contractsOn(node, at) + here.length;
  if (contracts >= MAX_ALLOCATIONS) return NOTHING;
  return here.reduce((left, hold) => subtract(left, hold.resources), subtract(freeCapacity(node, at), NOTHING));
}

/** Whether nobody has anything of a node. */
export function isWhole(node: NodeObject, held: readonly Held[], at: number): boolean {
  return contractsOn(node, at) === 0 && !held.some((hold) => hold.node === node.key);
}

/** Why nodes that are drained take nothing, of one by its own words. */
export function drainedText(nodes: readonly NodeObject[], at: number): string {
  const [said] = nodes.length === 1 ? nodes.map((node) => drainOf(node, at)) : [];
  const until = said?.until == null ? '' : ` until ${iso(said.until)}`;
  const why = said === undefined || said.reason === '' ? '' : `: ${said.reason}`;
  return `${nodes.length === 1 ? 'the node is' : 'all nodes of this farm are'} drained and ${nodes.length === 1 ? 'takes' : 'take'} nothing new${until}${why}`.slice(0, 200);
}
