// Which of a farm's nodes would do: each check narrows the list, and the last ones say how much room there is.
import { add, fits, NOTHING, RESOURCE_NAMES, subtract } from '../../capacity/fit.js';
import { formatPercent } from '../../capacity/percent.js';
import { resourcesText } from '../../market/words.js';
import { drainOf, freeCapacity } from '../../rules/node.js';
import type { NodeObject } from '../../rules/objects.js';
import { featuresFor } from '../../rules/workload.js';
import type { Resources, Workload } from '../../schema/types.js';
import { decline, drainedText, isWhole, leftOn, type Held } from '../shop.js';
import { seen, type Check, type Look, type Question } from './checks.js';
import { ALL_PPM } from './policy.js';
import type { Sold } from './pricing.js';

/** Capacity may be free again when a draft that holds it was not committed. */
const CAPACITY_RETRY_MS = 60_000;

/** Checks of nodes; a farm that has none left says why the last ones went. */
export const NODE_CHECKS: readonly Check[] = [
  { name: 'node', look: sold },
  { name: 'drained', look: open },
  { name: 'runtime', look: able },
  { name: 'features', look: equipped },
  { name: 'capacity', look: roomy },
  { name: 'share', look: within },
];

/** Of nodes that fit the one that keeps the least, so that large requests find room. */
export function fullest({ request, shop: { held }, at }: Question, nodes: readonly NodeObject[]): NodeObject | undefined {
  const kept = (node: NodeObject): number => size(subtract(leftOn(node, held, at), request.resources));
  return [...nodes].map((node) => ({ node, left: kept(node) })).sort((a, b) => compare(a.left, b.left) || compare(a.node.key, b.node.key))[0]?.node;
}

/** What of nodes is sold or on hold. */
export function soldOf(nodes: readonly NodeObject[], held: readonly Held[], at: number): Sold[] {
  return nodes.map((node) => {
    const { capacity } = node.announcement;
    const here = held.filter((hold) => hold.node === node.key);
    return { capacity, sold: here.reduce((sum, hold) => add(sum, hold.resources), subtract(capacity, freeCapacity(node, at))) };
  });
}

/** The nodes of a farm that are for sale. */
export function soldNodes({ shop: { farm, nodes } }: Pick<Question, 'shop'>): NodeObject[] {
  return nodes.filter(({ admitted }) => admitted === farm.id);
}

function sold({ request, shop }: Question): Look {
  const mine = soldNodes({ shop });
  const left = mine.filter(({ key }) => request.node === null || key === request.node);
  const saw = request.node === null ? `${left.length} of this farm` : `${request.node.slice(0, 16)} is asked for`;
  return seen(saw, left.length === 0 ? decline('no_node', request.node === null ? 'this farm has no node to sell' : 'this farm does not sell that node') : undefined, left);
}

function open({ at }: Question, nodes: readonly NodeObject[]): Look {
  const left = nodes.filter((node) => drainOf(node, at) === undefined);
  return seen(`${nodes.length - left.length} of ${nodes.length} are`, left.length === 0 ? decline('no_node', drainedText(nodes, at), { final: false }) : undefined, left);
}

function able({ request: { workloads } }: Question, nodes: readonly NodeObject[]): Look {
  const left = nodes.filter(({ announcement }) => runsAll(workloads, announcement.runtime));
  return seen(`${left.length} of ${nodes.length} run these workloads`, left.length === 0 ? decline('runtime', runtimeReason(workloads, nodes)) : undefined, left);
}

function equipped({ request }: Question, nodes: readonly NodeObject[]): Look {
  const needed = featuresFor(request.workloads, { exec: request.exec === true });
  const left = nodes.filter(({ announcement }) => needed.every((feature) => announcement.features.includes(feature)));
  return seen(needed.length === 0 ? 'none is needed' : `${left.length} of ${nodes.length} have ${needed.join(', ')}`, left.length === 0 ? decline('runtime', `no node of this farm announces ${needed.join(', ')}`) : undefined, left);
}

function roomy({ request, shop: { held }, at }: Question, nodes: readonly NodeObject[]): Look {
  const dedicated = request.dedicated === true;
  const rooms = nodes.map((node) => ({ node, left: dedicated && !isWhole(node, held, at) ? NOTHING : leftOn(node, held, at) }));
  const fitting = rooms.filter(({ left }) => fits(request.resources, left)).map(({ node }) => node);
  const [roomiest] = rooms.sort((a, b) => compare(size(b.left), size(a.left)) || compare(a.node.key, b.node.key));
  const saw = `${fitting.length} of ${nodes.length} have it; the roomiest ${resourcesText(roomiest?.left ?? NOTHING)}`;
  if (fitting.length > 0) return seen(saw, undefined, fitting);
  return seen(saw, decline('capacity', dedicated ? 'no node that is large enough is free as a whole' : 'too little is left', { final: false, retry_after_ms: CAPACITY_RETRY_MS, nearest: roomiest?.left ?? null }), fitting);
}

/** A buyer must not have more of a node than the farmer says; who takes it as a whole takes no part. */
function within({ request, shop: { theirs = [] }, policy: { max_share_ppm } }: Question, nodes: readonly NodeObject[]): Look {
  if (max_share_ppm === ALL_PPM || request.dedicated === true) return seen('of a node as much as there is');
  const left = nodes.filter((node) => isWithin(node, theirs, request.resources, max_share_ppm));
  const saw = `${left.length} of ${nodes.length} where it stays within ${formatPercent(max_share_ppm)} of a node`;
  return seen(saw, left.length === 0 ? decline('policy', `one buyer gets ${formatPercent(max_share_ppm)} of a node of this farm at most`, { final: false }) : undefined, left);
}

/** Whether a buyer stays within a share of a node with what is added. */
export function isWithin({ key, announcement: { capacity } }: NodeObject, theirs: readonly Held[], more: Resources, max_share_ppm: number): boolean {
  const all = theirs.filter(({ node }) => node === key).reduce((sum, { resources }) => add(sum, resources), more);
  return RESOURCE_NAMES.every((name) => BigInt(all[name]) * BigInt(ALL_PPM) <= BigInt(capacity[name]) * BigInt(max_share_ppm));
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
