// What the node did: when it first held a contract, and how each workload is.
import type { ReadState } from '../bcdb/rulebook.js';
import type { Run } from '../schema/types.js';
import { start } from './contract.js';
import { contractOf } from './escrow.js';
import { enter } from './meter.js';
import { read, write, type ContractObject, type RunObject } from './objects.js';
import { allOf } from './quorum.js';
import { demand, refused, short } from './refusal.js';
import type { Rule } from './rule.js';
import { viewOf } from './view.js';

/** How the reason of a running workload begins where what ran before was put back, because what the list says did not work. */
export const ROLLED_BACK = 'rolled back: ';

/** How the reason of a workload begins that ended because its machine let it down: what it ran on was gone, or went down. */
export const CUT_OFF = ['what ran is not on this machine any more', 'the machine went down while it ran'] as const;

/** What may still be said of a contract that is over. */
const AFTERWARDS: ReadonlySet<Run['state']> = new Set(['released', 'exited', 'failed']);

/**
 * run@1, by the contract's node. `held` begins billing, and with `seen` is an entry of the node's own meter; `released` says that its data is gone. `failed` without a
 * workload: the node could not provide the contract as a whole.
 */
export const run: Rule<Run> = {
  kind: 'run@1',
  chain: 'run',
  signers(state, { body, subject, rules }) {
    if (body.seen !== undefined) {
      demand(rules >= 2, 'later_release', 'what a report has seen needs rules 2');
      demand(body.state === 'held', 'meter', 'held alone is an entry of a meter; a status is, too');
    }
    demand(rules >= 2 || (body.restarts === undefined && body.health === undefined), 'later_release', 'restarts and health need rules 2');
    const { node } = contractOf(state, subject).agreement;
    return [allOf([node, `node/${node}`])];
  },
  apply(state, { record, body, subject, moment }) {
    const { at } = moment;
    const contract = contractOf(state, subject);
    const { node } = contract.agreement;
    if (body.seen !== undefined) enter(state, { meter: node, node, seen: body.seen, time: record.payload.time }, moment);
    if (body.state === 'held') start(state, contract, at);
    checkSays(state, body, contract, at);
    const before = read(state, 'run', subject) ?? { contract: subject, state: null, reason: null, at, workloads: [] };
    write(state, 'run', subject, said(before, body, contract, at));
  },
};

function checkSays(book: ReadState, { state, workload }: Run, contract: ContractObject, at: number): void {
  const whole = state === 'held' || state === 'released';
  demand(whole ? workload === null : workload !== null || state === 'failed', 'workload', whole ? `${state} is said of a contract, not of a workload` : `${state} is said of a workload`);
  const over = viewOf(book, contract, at).state === 'ended';
  demand(!over || AFTERWARDS.has(state), 'ended', `contract ${short(contract.id)} is over: ${state} comes too late`);
  demand(over || state !== 'released', 'state', `contract ${short(contract.id)} is in force, its data stays`);
  demand(contract.started_at !== null || whole || state === 'failed', 'state', `contract ${short(contract.id)} is not held yet, nothing of it runs`);
  if (workload !== null && !contract.workloads.some(({ name }) => name === workload)) {
    throw refused('workload', `contract ${short(contract.id)} has no workload ${workload}`);
  }
}

function said(before: RunObject, body: Run, { workloads }: ContractObject, at: number): RunObject {
  const { workload, state, reason, exit_code, ports, restarts, health } = body;
  if (workload === null) return { ...before, state: state as RunObject['state'], reason, at };
  const status = { name: workload, state, reason, exit_code, ports, at, ...(restarts === undefined ? {} : { restarts }), ...(health === undefined ? {} : { health }) };
  const known = new Map([...before.workloads, status].map((item) => [item.name, item]));
  // In the order of the list in force.
  return { ...before, workloads: workloads.flatMap(({ name }) => known.get(name) ?? []) };
}
