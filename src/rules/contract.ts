// Contracts: the agreement moves money and capacity, `end` gives both back but the disk, which keeps the data; between them time passes by itself.
import { canonical } from '../base/canonical.js';
import { iso } from '../base/clock.js';
import type { ReadState, State } from '../bcdb/rulebook.js';
import type { Agreement, End, Workload, WorkloadList } from '../schema/types.js';
import { agreementSigners, farmerOf } from './agreement.js';
import { changeEscrow, contractOf, settle } from './escrow.js';
import { markOf, meterOf } from './meter.js';
import { allocate, keepUntil } from './node.js';
import { read, write, type ContractObject, type EndReason } from './objects.js';
import { useBlueprint } from './blueprint.js';
import { checkPlace, placeStroops } from './place.js';
import { resolve, someOf } from './quorum.js';
import { demand, refused, short } from './refusal.js';
import type { Rule } from './rule.js';
import { amountsOf, move } from './token.js';
import { periodOf, viewOf } from './view.js';
import { checkPlaces } from './network.js';
import { checkWorkloads, featuresFor } from './workload.js';

/** agreement@1: the escrow leaves the payers, the capacity leaves the node, until the provisioning deadline at first. */
export const agreement: Rule<Agreement> = {
  kind: 'agreement@1',
  chain: 'contract',
  signers: agreementSigners,
  apply(state, { body, record, subject, moment: { at, index }, rules }, allowance) {
    demand(read(state, 'contract', subject) === undefined, 'exists', `contract ${short(subject)} exists already`);
    const farm = read(state, 'farm', body.farm);
    const node = read(state, 'node', body.node);
    demand(farm !== undefined, 'not_found', `no farm ${short(body.farm)} on this grid`);
    demand(node !== undefined, 'not_found', `no node ${short(body.node)} on this grid`);
    demand(node.farm === body.farm && node.admitted === body.farm, 'not_sellable', `node ${short(body.node)} is not sold by farm ${short(body.farm)}: the node must name the farm, and the farm admit the node`);
    demand(farmerOf(body.payees).account === farm.payout, 'terms', `the farmer's share does not go to the payout account of farm ${farm.name}`);
    useBlueprint(state, body, rules);
    checkRunnable(state, body.node, body);
    checkPlaces(state, body.by, subject, body.workloads, at);
    if (rules >= 2) checkPlace(node, body);
    allocate(state, body.node, { contract: subject, resources: body.resources, until: at + body.provision_by_ms }, at);
    const committed: ContractObject = { id: subject, record: record.id, agreement: body, ...workloadsFrom(body.workloads, [], index), committed_at: at, started_at: null, escrow_stroops: '0', settled: null, ...(rules >= 2 ? { place_stroops: placeStroops(node, body).toString() } : {}) };
    write(state, 'contract', subject, committed);
    changeEscrow(state, subject, () => {
      for (const [account, amount] of amountsOf(body.payers)) move(state, allowance, { account }, { escrow: subject }, amount);
    });
  },
};

/** workload@1: replaces the whole list of what is to run, while the contract is not over. */
export const workload: Rule<WorkloadList> = {
  kind: 'workload@1',
  chain: 'contract',
  signers(state, { body, subject, moment, rules, occasion }) {
    checkWorkloads(body.workloads, rules);
    const contract = contractOf(state, subject);
    checkNotOver(state, contract, moment.at);
    return [resolve(state, contract.agreement.quorums.workload, occasion)];
  },
  apply(state, { body, subject, moment }) {
    const contract = contractOf(state, subject);
    checkNotOver(state, contract, moment.at);
    checkRunnable(state, contract.agreement.node, { workloads: body.workloads, exec: contract.agreement.exec });
    checkPlaces(state, contract.agreement.by, subject, body.workloads, moment.at);
    const { web = [], ...others } = contract;
    write(state, 'contract', subject, { ...others, ...workloadsFrom(body.workloads, web, moment.index) });
    const run = read(state, 'run', subject);
    if (run === undefined) return;
    // What was said of a workload that is replaced says nothing of the new one, even under the same name.
    const same = new Set(contract.workloads.map((w) => canonical(w)));
    const kept = new Set(body.workloads.filter((w) => same.has(canonical(w))).map(({ name }) => name));
    write(state, 'run', subject, { ...run, workloads: run.workloads.filter(({ name }) => kept.has(name)) });
  },
};

/**
 * end@1: ends and settles in one record. By the end quorum while the contract is in force, or its meter may still
 * confirm the last of its time; once time has ended it, by any party alone, so that nobody's money stays locked.
 */
export const end: Rule<End> = {
  kind: 'end@1',
  chain: 'contract',
  signers(state, { body, subject, moment, rules, occasion }) {
    const contract = contractOf(state, subject);
    checkNotSettled(contract);
    const { quorums, roles, meter } = contract.agreement;
    if (body.fault === true) {
      demand(rules >= 2, 'later_release', 'ending for a fault needs rules 2');
      demand(meter !== null, 'meter', `contract ${short(subject)} has no meter, so no time since its last entry that could be taken back`);
    }
    const seen = viewOf(state, contract, moment.at);
    const isOver = seen.state === 'ended' && seen.open_ms === 0;
    return [resolve(state, isOver ? someOf(1, roles.map(({ party }) => party)) : quorums.end, occasion)];
  },
  apply(state, { body, subject, moment: { at } }, allowance) {
    const contract = contractOf(state, subject);
    checkNotSettled(contract);
    const seen = viewOf(state, contract, at);
    const open = body.fault === true ? { stroops: 0n, ms: 0 } : { stroops: seen.open_stroops, ms: seen.open_ms };
    const billed = seen.billed_stroops + open.stroops;
    const refunded = seen.escrow_stroops - seen.due_stroops - open.stroops;
    settle(state, allowance, subject, billed, refunded);
    const ended: ContractObject = {
      ...contractOf(state, subject),
      settled: {
        at,
        reason: seen.state === 'ended' ? (seen.reason as EndReason) : body.fault === true ? 'fault' : 'cancelled',
        note: body.reason,
        billed_stroops: billed.toString(),
        refunded_stroops: refunded.toString(),
        ...(contract.agreement.meter === null ? {} : { covered_ms: seen.covered_ms + open.ms }),
      },
    };
    write(state, 'contract', subject, ended);
    keepUntil(state, contract.agreement.node, subject, viewOf(state, ended, at), at);
  },
};

/**
 * Begins a contract's time: the node holds it. For `run`, which knows when.
 * @throws Problem `refused` where it was held before, or the deadline is over
 */
export function start(state: State, contract: ContractObject, at: number): void {
  demand(contract.started_at === null, 'state', `contract ${short(contract.id)} is held already`);
  const { provision_deadline } = viewOf(state, contract, at);
  demand(at < provision_deadline, 'deadline', () => `contract ${short(contract.id)} was to be held before ${iso(provision_deadline)}, it is ${iso(at)}`);
  const started = withMark(state, { ...contract, started_at: at });
  write(state, 'contract', contract.id, started);
  keepUntil(state, contract.agreement.node, contract.id, viewOf(state, started, at), at);
}

/** Notes what the meter's counter stands at as the first period begins; without a meter there is nothing to note. */
export function withMark(state: State, contract: ContractObject): ContractObject {
  const { meter } = contract.agreement;
  const period = periodOf(contract);
  if (meter === null || period === null) return contract;
  return { ...contract, period: { ...period, mark_ms: markOf({ heartbeat_ms: meter.heartbeat_ms, meter: meterOf(state, contract) }, period.since) } };
}

export function checkNotSettled({ id, settled }: ContractObject): void {
  if (settled !== null) throw refused('ended', `contract ${short(id)} was ended and settled at ${iso(settled.at)}`);
}

function checkNotOver(state: ReadState, contract: ContractObject, at: number): void {
  const { state: now, ends_at } = viewOf(state, contract, at);
  demand(now !== 'ended', 'ended', () => `contract ${short(contract.id)} ended at ${iso(ends_at)}`);
}

/** A list of workloads, and since when it has each of its web names: whoever has had one longest on its node has it (market/web.ts). */
function workloadsFrom(workloads: Workload[], before: NonNullable<ContractObject['web']>, line: number): Pick<ContractObject, 'workloads' | 'web'> {
  const since = new Map(before.map((name) => [name.host, name.since]));
  const web = workloads.flatMap((one) => one.web ?? []).map(({ host }) => ({ host, since: since.get(host) ?? line }));
  return { workloads, ...(web.length === 0 ? {} : { web }) };
}

/** A workload without an image is a bare command, which only the process runtime runs; what a node does not announce it need not do. */
function checkRunnable(state: State, key: string, { workloads, exec }: Pick<Agreement, 'workloads' | 'exec'>): void {
  const announced = read(state, 'node', key)?.announcement;
  const bare = workloads.find(({ image }) => image === null);
  demand(bare === undefined || announced?.runtime === 'process', 'workload', () => `workload ${bare?.name} has no image; node ${short(key)} runs images only`);
  const lacking = featuresFor(workloads, { exec }).filter((feature) => announced?.features.includes(feature) !== true);
  demand(lacking.length === 0, 'workload', () => `node ${short(key)} does not announce ${lacking.join(', ')}`);
}
