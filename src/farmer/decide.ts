// What a farm says to a request: a node and prices, or why not. Pure; the same facts give the same answer.
import { iso } from '../base/clock.js';
import { MAX_ALLOCATIONS, MAX_COMMIT_OF_TWO_MS, MAX_COMMIT_WITHIN_MS, MAX_RETENTION_MS, NOTICE_MS } from '../base/limits.js';
import { fits, NOTHING, subtract } from '../capacity/fit.js';
import { formatPercent } from '../capacity/percent.js';
import { askingOf, type Asking } from '../market/asking.js';
import { sumOf } from '../market/blueprint.js';
import { registryRefusal } from '../market/images.js';
import { PPM } from '../rules/agreement.js';
import { contractsOn, drainOf, freeCapacity } from '../rules/node.js';
import type { DealObject, FarmObject, GridObject, NodeObject } from '../rules/objects.js';
import { featuresFor } from '../rules/workload.js';
import type { FarmConfig, Fee, Resources, TalkDecline, TalkRequest, Workload } from '../schema/types.js';

/** The farmer's own limits, from config.json. */
export type Policy = Pick<FarmConfig, 'allow_registries' | 'allow_consumers' | 'deny_consumers' | 'max_term_ms' | 'max_retention_ms' | 'notice_ms' | 'meters'>;

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
}

/** A node and what it costs, or a refusal that says what would do. */
export type Decision = (Asking & { readonly node: NodeObject }) | { readonly decline: TalkDecline };

/** Why not; `final`: asking again does not help. */
export function decline(code: TalkDecline['code'], reason: string, more: Partial<Pick<TalkDecline, 'final' | 'retry_after_ms' | 'nearest'>> = {}): { readonly decline: TalkDecline } {
  return { decline: { code, reason, final: more.final ?? true, retry_after_ms: more.retry_after_ms ?? null, nearest: more.nearest ?? null } };
}

/** Capacity may be free again when a draft that holds it was not committed. */
const CAPACITY_RETRY_MS = 60_000;

/**
 * Decides on a request, in the order who → for how long → what runs → where it fits. Of the nodes that fit, the one
 * that keeps the least, so that large requests find room.
 * @param at ms since 1970; capacity counts as of then
 */
export function decide(request: TalkRequest, shop: Shop, at: number): Decision {
  return refusesWho(request, shop.policy) ?? refusesTerms(request, shop) ?? refusesShares(request, shop) ?? refusesWorkloads(request.workloads, shop.policy) ?? place(request, shop, at);
}

/** Whom the farmer does not sell to, now. @param consumer key of the bot, hex */
export function refusesConsumer(consumer: string, { allow_consumers, deny_consumers }: Policy): { readonly decline: TalkDecline } | undefined {
  if (deny_consumers.includes(consumer)) return decline('consumer', 'this farm does not sell to you');
  if (allow_consumers !== null && !allow_consumers.includes(consumer)) return decline('consumer', 'this farm sells to those on its list only');
  return undefined;
}

function refusesWho({ consumer, signers, payers }: TalkRequest, policy: Policy): Decision | undefined {
  const refusal = refusesConsumer(consumer, policy);
  if (refusal !== undefined) return refusal;
  if (new Set(payers).size !== payers.length) return decline('malformed', 'an account stands twice among the payers');
  if (new Set([`bot/${consumer}`, ...signers]).size !== signers.length + 1) return decline('malformed', 'a signer stands twice');
  return undefined;
}

function refusesTerms({ resources, term_ms, retention_ms, commit_within_ms, signers, dedicated, meter, notice_ms }: TalkRequest, { shared = false, policy }: Shop): Decision | undefined {
  const { max_term_ms, max_retention_ms = MAX_RETENTION_MS, meters = [] } = policy;
  if (fits(resources, NOTHING) && dedicated !== true) return decline('malformed', 'nothing is asked for');
  if (term_ms < 1_000) return decline('term', 'a term has a second at least');
  if (term_ms > max_term_ms) return decline('term', `this farm sells for ${Math.floor(max_term_ms / 3_600_000)} hours at most`);
  // Disk that keeps data is not sold again, and nobody pays for it.
  if (retention_ms !== null && retention_ms > max_retention_ms) return decline('policy', `this farm keeps data ${Math.floor(max_retention_ms / 3_600_000)} hours after the end at most`);
  // Whoever confirms no time leaves the farm unpaid: only its own nodes do unless the farmer trusts somebody else to.
  if (typeof meter === 'string' && !meters.some((key) => meter === `bot/${key}`)) return decline('policy', 'this farm does not take that bot as meter; its own nodes confirm time');
  const gives = noticeOf(policy);
  if (notice_ms !== undefined && gives !== 0 && gives < notice_ms) return decline('policy', `this farm ends contracts with a notice of ${Math.floor(gives / 3_600_000)} hours`);
  if (signers.length === 0 && !shared && commit_within_ms > MAX_COMMIT_OF_TWO_MS) return decline('term', `without further signers an agreement is committed within ${MAX_COMMIT_OF_TWO_MS / 1_000} seconds`);
  if (commit_within_ms < 1_000 || commit_within_ms > MAX_COMMIT_WITHIN_MS) return decline('term', 'signatures are collected within a second to seven days');
  return undefined;
}

/** How long before the end this farm says that it ends a contract early, ms; 0: it never does. */
export function noticeOf({ notice_ms = NOTICE_MS }: Pick<Policy, 'notice_ms'>): number {
  return notice_ms;
}

/** Architects are paid out of the farmer's part, so as much as the farmer says and no more. */
function refusesShares({ dedicated, blueprint }: TalkRequest, { fees, grid: { rules, shares = [] }, farm: { architect_ppm = 0 } }: Shop): Decision | undefined {
  if (rules < 2 && (dedicated === true || blueprint !== undefined || fees.length > 0)) return decline('policy', 'dedicated nodes, blueprints and architects need a grid of rules 2');
  const asked = sumOf(fees);
  if (asked > architect_ppm) return decline('policy', `this farm leaves ${architect_ppm === 0 ? 'nothing' : `${formatPercent(architect_ppm)} at most`} to architects, ${formatPercent(asked)} is asked for`);
  const taken = shares.reduce((sum, { share_ppm }) => sum + share_ppm, asked);
  return taken < PPM ? undefined : decline('policy', 'architects and grid would leave nothing to this farm');
}

function refusesWorkloads(workloads: readonly Workload[], { allow_registries }: Policy): Decision | undefined {
  if (new Set(workloads.map(({ name }) => name)).size !== workloads.length) return decline('malformed', 'two workloads have the same name');
  for (const { image } of workloads) {
    const refusal = image === null ? null : registryRefusal(image, allow_registries);
    if (refusal !== null) return decline('image', refusal.slice(0, 200));
  }
  return undefined;
}

function place(request: TalkRequest, { grid, farm, deal, nodes, held }: Shop, at: number): Decision {
  const sold = nodes.filter(({ key, admitted }) => admitted === farm.id && (request.node === null || key === request.node));
  if (sold.length === 0) return decline('no_node', request.node === null ? 'this farm has no node to sell' : 'this farm does not sell that node');
  const open = sold.filter((node) => drainOf(node, at) === undefined);
  if (open.length === 0) return decline('no_node', drainedText(sold, at), { final: false });
  const able = open.filter(({ announcement }) => runsAll(request.workloads, announcement.runtime));
  if (able.length === 0) return decline('runtime', runtimeReason(request.workloads, open));
  const needed = featuresFor(request.workloads, { exec: request.exec === true });
  const equipped = able.filter(({ announcement }) => needed.every((feature) => announcement.features.includes(feature)));
  if (equipped.length === 0) return decline('runtime', `no node of this farm announces ${needed.join(', ')}`);

  const dedicated = request.dedicated === true;
  const rooms = equipped.map((node) => ({ node, left: dedicated && !isWhole(node, held, at) ? NOTHING : leftOn(node, held, at) }));
  const fitting = rooms.filter(({ left }) => fits(request.resources, left));
  const [best] = fitting.sort((a, b) => compare(size(subtract(a.left, request.resources)), size(subtract(b.left, request.resources))) || compare(a.node.key, b.node.key));
  if (best !== undefined) return { node: best.node, ...askingOf(farm, grid, deal, { term_ms: request.term_ms, dedicated, at }) };
  const [roomiest] = rooms.sort((a, b) => compare(size(b.left), size(a.left)) || compare(a.node.key, b.node.key));
  return decline('capacity', dedicated ? 'no node that is large enough is free as a whole' : 'too little is left', { final: false, retry_after_ms: CAPACITY_RETRY_MS, nearest: roomiest?.left ?? null });
}

/** Why nodes that are drained take nothing, of one by its own words. */
export function drainedText(nodes: readonly NodeObject[], at: number): string {
  const [said] = nodes.length === 1 ? nodes.map((node) => drainOf(node, at)) : [];
  const until = said?.until == null ? '' : ` until ${iso(said.until)}`;
  const why = said === undefined || said.reason === '' ? '' : `: ${said.reason}`;
  return `${nodes.length === 1 ? 'the node is' : 'all nodes of this farm are'} drained and ${nodes.length === 1 ? 'takes' : 'take'} nothing new${until}${why}`.slice(0, 200);
}

/** Whether nobody has anything of a node. */
function isWhole(node: NodeObject, held: readonly Held[], at: number): boolean {
  return contractsOn(node, at) === 0 && !held.some((hold) => hold.node === node.key);
}

/** What a node has left beyond contracts in force and live holds; nothing where it can take no more contracts. */
export function leftOn(node: NodeObject, held: readonly Held[], at: number): Resources {
  const here = held.filter((hold) => hold.node === node.key);
  const contracts = contractsOn(node, at) + here.length;
  if (contracts >= MAX_ALLOCATIONS) return NOTHING;
  return here.reduce((left, hold) => subtract(left, hold.resources), subtract(freeCapacity(node, at), NOTHING));
}

/** A workload without an image is a command of the process runtime; one with an image needs podman. */
function runsAll(workloads: readonly Workload[], runtime: 'podman' | 'process'): boolean {
  return workloads.every(({ image }) => (image === null) === (runtime === 'process'));
}

function runtimeReason(workloads: readonly Workload[], nodes: readonly NodeObject[]): string {
  const images = workloads.filter(({ image }) => image !== null).length;
  if (images > 0 && images < workloads.length) return 'no node runs images and bare commands together';
  const here = [...new Set(nodes.map(({ announcement }) => announcement.runtime))].join(' and ');
  return images > 0 ? `images need the podman runtime, this farm has ${here}` : `commands without an image need the process runtime, this farm has ${here}`;
}

/** One number for how much is left, in cloud-unit like proportions: enough to tell a fuller node from an emptier one. */
function size({ cru, mru_mib, sru_mib, hru_mib, ipv4 }: Resources): number {
  return cru * 2_048 + mru_mib + sru_mib / 25 + hru_mib / 150 + ipv4 * 1_024;
}

function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
