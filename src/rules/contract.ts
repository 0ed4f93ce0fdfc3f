// Contracts: the agreement moves money and capacity, `end` gives both back but the disk, which keeps the data; between them time passes by itself.
import { canonical } from '../base/canonical.js';
import { iso } from '../base/clock.js';
import type { ReadState, State } from '../bcdb/rulebook.js';
import type { Agreement, End, Payee, Workload, WorkloadList } from '../schema/types.js';
import { agreementSigners, checkWorkloads, farmerOf, PPM } from './agreement.js';
import { allocate, keepUntil } from './node.js';
import { read, write, type ContractObject, type EndReason } from './objects.js';
import { resolve, someOf } from './quorum.js';
import { demand, refused, short } from './refusal.js';
import type { Allowance, Rule } from './rule.js';
import { amountsOf, move, noteEscrowed } from './token.js';
import { view, type ContractView } from './view.js';

/** agreement@1: the escrow leaves the payers, the capacity leaves the node, until the provisioning deadline at first. */
export const agreement: Rule<Agreement> = {
  kind: 'agreement@1',
  chain: 'contract',
  signers: agreementSigners,
  apply(state, { body, record, subject, moment: { at } }, allowance) {
    demand(read(state, 'contract', subject) === undefined, 'exists', `contract ${short(subject)} exists already`);
    const farm = read(state, 'farm', body.farm);
    const node = read(state, 'node', body.node);
    demand(farm !== undefined, 'not_found', `no farm ${short(body.farm)} on this grid`);
    demand(node !== undefined, 'not_found', `no node ${short(body.node)} on this grid`);
    demand(node.farm === body.farm && node.admitted === body.farm, 'not_sellable', `node ${short(body.node)} is not sold by farm ${short(body.farm)}: the node must name the farm, and the farm admit the node`);
    demand(farmerOf(body.payees).account === farm.payout, 'terms', `the farmer's share does not go to the payout account of farm ${farm.name}`);
    checkRunnable(state, body.node, body.workloads);
    allocate(state, body.node, { contract: subject, resources: body.resources, until: at + body.provision_by_ms }, at);
    const committed: ContractObject = { id: subject, record: record.id, agreement: body, workloads: body.workloads, committed_at: at, started_at: null, escrow_stroops: '0', settled: null };
    write(state, 'contract', subject, committed);
    for (const [account, amount] of amountsOf(body.payers)) {
      move(state, allowance, { account }, { escrow: subject }, amount);
      noteEscrowed(state, account, amount);
    }
  },
};

/** workload@1: replaces the whole list of what is to run, while the contract is not over. */
export const workload: Rule<WorkloadList> = {
  kind: 'workload@1',
  chain: 'contract',
  signers(state, { body, subject, moment, occasion }) {
    checkWorkloads(body.workloads);
    const contract = contractOf(state, subject);
    checkNotOver(contract, moment.at);
    return [resolve(state, contract.agreement.quorums.workload, occasion)];
  },
  apply(state, { body, subject, moment }) {
    const contract = contractOf(state, subject);
    checkNotOver(contract, moment.at);
    checkRunnable(state, contract.agreement.node, body.workloads);
    write(state, 'contract', subject, { ...contract, workloads: body.workloads });
    const run = read(state, 'run', subject);
    if (run === undefined) return;
    // What was said of a workload that is replaced says nothing of the new one, even under the same name.
    const same = new Set(contract.workloads.map((w) => canonical(w)));
    const kept = new Set(body.workloads.filter((w) => same.has(canonical(w))).map(({ name }) => name));
    write(state, 'run', subject, { ...run, workloads: run.workloads.filter(({ name }) => kept.has(name)) });
  },
};

/**
 * end@1: ends and settles in one record. By the end quorum while the contract is in force; once time has ended it, by
 * any party alone, so that nobody's money stays locked.
 */
export const end: Rule<End> = {
  kind: 'end@1',
  chain: 'contract',
  signers(state, { subject, moment, occasion }) {
    const contract = contractOf(state, subject);
    checkNotSettled(contract);
    const { quorums, roles } = contract.agreement;
    const isOver = view(contract, moment.at).state === 'ended';
    return [resolve(state, isOver ? someOf(1, roles.map(({ party }) => party)) : quorums.end, occasion)];
  },
  apply(state, { body, subject, moment }, allowance) {
    const contract = contractOf(state, subject);
    checkNotSettled(contract);
    const seen = view(contract, moment.at);
    settle(state, allowance, contract, seen);
    const ended: ContractObject = {
      ...contractOf(state, subject),
      settled: {
        at: moment.at,
        reason: seen.state === 'ended' ? (seen.reason as EndReason) : 'cancelled',
        note: body.reason,
        billed_stroops: seen.billed_stroops.toString(),
        refunded_stroops: seen.refundable_stroops.toString(),
      },
    };
    write(state, 'contract', subject, ended);
    keepUntil(state, contract.agreement.node, subject, view(ended, moment.at), moment.at);
  },
};

/** Who gets how much of a contract's escrow. */
export interface Payouts {
  /** In the order of the payees; they add up to what is billed. */
  readonly shares: readonly { /** Null: burned. */ readonly account: string | null; readonly role: Payee['role']; readonly amount_stroops: bigint }[];
  /** In the order of the payers; they add up to what is refunded. */
  readonly refunds: readonly { readonly account: string; readonly amount_stroops: bigint }[];
}

/**
 * Divides what is billed among the payees and what is refunded among the payers, each part rounded down; the farmer
 * gets what is left of the one, the first payer of the other.
 */
export function payouts({ payees, payers, total_stroops }: Agreement, billed: bigint, refunded: bigint): Payouts {
  const farmer = farmerOf(payees);
  const shares = payees.map((payee) => ({ account: payee.account, role: payee.role, amount_stroops: (billed * BigInt(payee.share_ppm)) / BigInt(PPM) }));
  const total = BigInt(total_stroops);
  const refunds = payers.map(({ account, amount_stroops }) => ({ account, amount_stroops: total === 0n ? 0n : (BigInt(amount_stroops) * refunded) / total }));
  return { shares: withRest(shares, billed, payees.indexOf(farmer)), refunds: withRest(refunds, refunded, 0) };
}

function withRest<T extends { readonly amount_stroops: bigint }>(parts: readonly T[], whole: bigint, to: number): T[] {
  const rest = whole - parts.reduce((sum, part) => sum + part.amount_stroops, 0n);
  return parts.map((part, i) => (i === to ? { ...part, amount_stroops: part.amount_stroops + rest } : part));
}

/** Pays out what is billed and gives the rest back; the escrow is 0 afterwards, to the stroop. */
function settle(state: State, allowance: Allowance, { id, agreement }: ContractObject, seen: ContractView): void {
  const { shares, refunds } = payouts(agreement, seen.billed_stroops, seen.refundable_stroops);
  for (const { account, amount_stroops } of [...shares, ...refunds]) move(state, allowance, { escrow: id }, account === null ? 'burn' : { account }, amount_stroops);
  for (const [account, amount] of amountsOf(agreement.payers)) noteEscrowed(state, account, -amount);
}

/**
 * Begins a contract's time: the node holds it. For `run`, which knows when.
 * @throws Problem `refused` where it was held before, or the deadline is over
 */
export function start(state: State, contract: ContractObject, at: number): void {
  demand(contract.started_at === null, 'state', `contract ${short(contract.id)} is held already`);
  const { provision_deadline } = view(contract, at);
  demand(at < provision_deadline, 'deadline', () => `contract ${short(contract.id)} was to be held before ${iso(provision_deadline)}, it is ${iso(at)}`);
  const started = { ...contract, started_at: at };
  write(state, 'contract', contract.id, started);
  keepUntil(state, contract.agreement.node, contract.id, view(started, at), at);
}

/** @throws Problem `refused`, reason `not_found` */
export function contractOf(state: ReadState, id: string): ContractObject {
  const contract = read(state, 'contract', id);
  demand(contract !== undefined, 'not_found', `no contract ${short(id)} on this grid`);
  return contract;
}

function checkNotSettled({ id, settled }: ContractObject): void {
  if (settled !== null) throw refused('ended', `contract ${short(id)} was ended and settled at ${iso(settled.at)}`);
}

function checkNotOver(contract: ContractObject, at: number): void {
  const { state, ends_at } = view(contract, at);
  demand(state !== 'ended', 'ended', () => `contract ${short(contract.id)} ended at ${iso(ends_at)}`);
}

/** A workload without an image is a bare command, which only the process runtime runs. */
function checkRunnable(state: State, key: string, workloads: readonly Workload[]): void {
  const bare = workloads.find(({ image }) => image === null);
  if (bare === undefined) return;
  demand(read(state, 'node', key)?.announcement.runtime === 'process', 'workload', `workload ${bare.name} has no image; node ${short(key)} runs images only`);
}
