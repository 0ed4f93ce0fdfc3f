// What should run on this node: the contracts that name it, as its own copy of the book has them, each with the
// checks it passed. Pure.
import { iso } from '../../base/clock.js';
import { formatTft } from '../../base/amount.js';
import type { ReadState } from '../../bcdb/rulebook.js';
import { add, NOTHING, shortages } from '../../capacity/fit.js';
import { registryRefusal } from '../../market/images.js';
import { webHolders } from '../../market/web.js';
import { takenBy } from '../../rules/node.js';
import { read, readGrid, type ContractObject, type NodeObject, type RunObject } from '../../rules/objects.js';
import { resourcesOf, viewOf, type ContractView } from '../../rules/view.js';
import type { NodeConfig, Quorum, Workload } from '../../schema/types.js';
import type { Check, Limits } from '../driver.js';
import { sharesOf } from './shares.js';
import { webRefusal } from '../gateway/names.js';

/** What a node may conclude from its copy at this moment. */
export interface BookTime {
  /** False: "cannot read". Nothing may be started, stopped or wiped. */
  readonly fresh: boolean;
  /** The home's clock as far as the copy shows it, ms since 1970: of the newest checkpoint or line. */
  readonly stamp: number;
  /** This machine's clock, ms since 1970. */
  readonly now: number;
  /** Lines in the copy. */
  readonly size: number;
}

/**
 * What a contract asks of the node now.
 * run: in force and nothing speaks against it · refused: in force, but a check fails: keep what runs, begin nothing ·
 * paused: the term is over, the grace is not: no workload, data stays · over: ended ·
 * unclear: the home's clock and ours disagree on which, or nothing can be proven now · unknown: no such contract for this node in the copy
 */
export type Phase = 'run' | 'refused' | 'paused' | 'over' | 'unclear' | 'unknown';

/** A workload as it should run. */
export interface Task {
  readonly workload: Workload;
  readonly limits: Limits;
  /** Why this node does not run it; null when it does. */
  readonly refusal: string | null;
}

/** A contract on this node. */
export interface Desired {
  readonly contract: string;
  readonly phase: Phase;
  readonly checks: readonly Check[];
  /** The node has said `held`. */
  readonly held: boolean;
  /** Size of the volume at /data; 0 for none. */
  readonly volume_mib: number;
  readonly tasks: readonly Task[];
  /** What ran before and may come back, should the list not work. */
  readonly spare?: readonly Workload[];
  /** Data stays until here, ms since 1970. */
  readonly keep_until: number;
  /** What the book holds of what this node said. */
  readonly said: RunObject | undefined;
}

/** Whether an agreement is proven to be in the book and signed. */
export interface Proof {
  readonly checks: readonly Check[];
  /** False: no proof could be made or looked at now, which speaks neither for the agreement nor against it. */
  readonly made: boolean;
}

/** What needs an agreement's record: `proveAgreement`, remembered by the caller. */
export type Prove = (contract: ContractObject) => Proof;

/**
 * Every contract of this node that is in force, and whatever else was found on the machine.
 * @param found ids of contracts of which this node has containers, volumes or notes
 * @returns in the order in which capacity was given out, then the found ones
 */
export function desired(state: ReadState, config: NodeConfig, time: BookTime, found: Iterable<string>, prove: Prove): Desired[] {
  const node = read(state, 'node', config.key);
  const allocations = node?.allocations ?? [];
  const ids = new Set([...allocations.map(({ contract }) => contract), ...found]);
  const inForce = allocations.filter(({ until }) => Math.min(time.now, time.stamp) < until).map(({ contract }) => contract);
  const names = config.gateway === undefined ? new Map<string, string>() : webHolders(state, inForce, config.gateway.domain);
  return [...ids].map((id) => {
    const contract = read(state, 'contract', id);
    if (contract === undefined || contract.agreement.node !== config.key) return unknown(id, contract);
    return desiredContract(state, config, node, contract, time, prove, names);
  });
}

function unknown(id: string, contract: ContractObject | undefined): Desired {
  const evidence = contract === undefined ? 'this copy of the book has no such contract' : `the contract names node ${contract.agreement.node}, not this one`;
  const check = { name: 'known', ok: false, evidence, remedy: null };
  return { contract: id, phase: 'unknown', checks: [check], held: false, volume_mib: 0, tasks: [], keep_until: Infinity, said: undefined };
}

function desiredContract(state: ReadState, config: NodeConfig, node: NodeObject | undefined, contract: ContractObject, time: BookTime, prove: Prove, names: ReadonlyMap<string, string>): Desired {
  const { id, workloads } = contract;
  const resources = resourcesOf(contract);
  const early = viewOf(state, contract, Math.min(time.now, time.stamp));
  const late = viewOf(state, contract, Math.max(time.now, time.stamp));
  const tasks = sharesOf(resources, workloads).map(({ workload, limits, refusal }) => ({ workload, limits, refusal: refusal ?? refusalOf(config, workload) ?? webRefusal(config, names, contract, workload) }));
  const proof = prove(contract);
  const checks = [
    ...proof.checks,
    { name: 'node', ok: true, evidence: `the agreement names node ${config.key}`, remedy: null },
    fundedCheck(late),
    capacityCheck(node, contract, Math.min(time.now, time.stamp)),
    consumerCheck(state, config, contract),
    ...tasks.map(workloadCheck),
  ];
  // What is held already keeps going when only a later workload is not allowed: that one fails by itself.
  const counted = contract.started_at === null ? checks : checks.slice(0, checks.length - tasks.length);
  const phase = phaseOf(early, late);
  return {
    contract: id,
    phase: phase !== 'run' ? phase : !proof.made ? 'unclear' : counted.some(({ ok }) => !ok) ? 'refused' : 'run',
    checks,
    held: contract.started_at !== null,
    // A node's data folder lies on one disk, so it sells either of the two; whichever it is, /data has all of it.
    volume_mib: resources.sru_mib + resources.hru_mib,
    tasks,
    keep_until: early.data_until,
    said: read(state, 'run', id),
  };
}

/** Something ends when the home's clock and ours both say so, and begins only while both say that it is in force. */
function phaseOf(early: ContractView, late: ContractView): Phase {
  if (early.state === 'ended') return 'over';
  if (late.state === 'ended') return 'unclear';
  if (early.state === 'paused') return 'paused';
  return late.state === 'paused' ? 'unclear' : 'run';
}

function fundedCheck(seen: ContractView): Check {
  const ok = seen.state === 'committed' || seen.state === 'active';
  const until = seen.funded_until === null ? `to be held before ${iso(seen.provision_deadline)}` : `funded until ${iso(seen.funded_until)}`;
  const evidence = `${seen.state}${seen.reason === null ? '' : ` (${seen.reason})`}, ${formatTft(seen.escrow_stroops)} TFT in escrow, ${until}`;
  return { name: 'funded', ok, evidence, remedy: ok ? null : seen.state === 'paused' ? 'the consumer runs 3bot contract fund' : 'reserve anew' };
}

/** Who came first has its capacity, should the node have announced less than it had sold. */
function capacityCheck(node: NodeObject | undefined, contract: ContractObject, at: number): Check {
  if (node === undefined) return { name: 'capacity', ok: false, evidence: 'this node has announced nothing', remedy: '3bot node join' };
  let taken = NOTHING;
  for (const allocation of node.allocations) {
    taken = add(taken, takenBy(allocation, at));
    if (allocation.contract === contract.id) break;
  }
  const short = shortages(taken, node.announcement.capacity);
  if (short.length > 0) {
    const what = short.map(({ resource, wanted, free }) => `${resource} ${wanted} of ${free}`).join(', ');
    return { name: 'capacity', ok: false, evidence: `this and earlier contracts take more than the node announces: ${what}`, remedy: '3bot node join, with the capacity it has' };
  }
  const { cru, mru_mib, sru_mib, hru_mib } = resourcesOf(contract);
  return { name: 'capacity', ok: true, evidence: `${cru} vCPU, ${mru_mib} MiB memory, ${sru_mib} MiB SSD and ${hru_mib} MiB HDD are within what the node announces`, remedy: null };
}

/** Whoever may say what runs here: the consumer, and those who may change the workloads. */
function consumerCheck(state: ReadState, { runtime, allow_consumers }: NodeConfig, { agreement }: ContractObject): Check {
  const name = 'consumer';
  const { dev, name: grid } = readGrid(state);
  if (runtime === 'process' && !dev) return { name, ok: false, evidence: `the process runtime isolates nothing, and grid ${grid} is no development grid`, remedy: '3bot node join --runtime podman' };
  const consumers = agreement.roles.filter(({ role }) => role === 'consumer').map(({ party }) => party);
  const parties = [...new Set([...consumers, ...partiesOf(agreement.quorums.workload)])].filter((party) => party !== `farm/${agreement.farm}`);
  if (runtime === 'podman' && allow_consumers.length === 0) return { name, ok: true, evidence: `${parties.join(', ')}; this node takes every consumer that its farm takes`, remedy: null };
  const strangers = parties.filter((party) => !allow_consumers.some((key) => party === `bot/${key}`));
  if (parties.length > 0 && strangers.length === 0) return { name, ok: true, evidence: `${parties.join(', ')} may use this node`, remedy: null };
  const key = strangers[0]?.replace(/^bot\//, '') ?? 'KEY';
  return { name, ok: false, evidence: `${strangers.join(', ') || 'a contract without a consumer'} is not among the consumers that this node lists`, remedy: `3bot node join --allow-consumer ${key}` };
}

function partiesOf(quorum: Quorum): string[] {
  return quorum.members.flatMap((member) => ('of' in member ? [member.of] : partiesOf(member)));
}

function refusalOf({ runtime, allow_registries }: NodeConfig, workload: Workload): string | null {
  const { image } = workload;
  if (runtime === 'process') return image === null ? bareRefusal(workload) : 'this node runs commands (runtime process), no images';
  return image === null ? 'this node runs images (runtime podman), no bare commands' : registryRefusal(image, allow_registries);
}

/** What takes a container. */
const CONTAINED = ['entrypoint', 'directory', 'user', 'read_only', 'tmpfs', 'ulimits', 'limits', 'mounts', 'registry'] as const satisfies readonly (keyof Workload)[];

function bareRefusal(workload: Workload): string | null {
  const field = CONTAINED.find((name) => workload[name] !== undefined);
  return field === undefined ? null : `this node runs bare commands (runtime process), which have no ${field}`;
}

function workloadCheck({ workload: { name, image }, refusal }: Task): Check {
  const remedy = refusal === null ? null : 'deploy another workload, or change what this node takes: 3bot node join --help';
  return { name: `workload ${name}`, ok: refusal === null, evidence: refusal ?? (image === null ? 'a command of its own' : `${image} is allowed`), remedy };
}
