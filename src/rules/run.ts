// What the node did: when it first held a contract, and how each workload is.
import type { Run } from '../schema/types.js';
import { contractOf, start } from './contract.js';
import { read, write, type ContractObject, type RunObject } from './objects.js';
import { allOf } from './quorum.js';
import { demand, refused, short } from './refusal.js';
import type { Rule } from './rule.js';
import { view } from './view.js';

/** What may still be said of a contract that is over. */
const AFTERWARDS: ReadonlySet<Run['state']> = new Set(['released', 'exited', 'failed']);

/**
 * run@1, by the contract's node. `held` begins billing; `released` says that its data is gone. `failed` without a
 * workload: the node could not provide the contract as a whole.
 */
export const run: Rule<Run> = {
  kind: 'run@1',
  chain: 'run',
  signers(state, { subject }) {
    const { node } = contractOf(state, subject).agreement;
    return [allOf([node, `node/${node}`])];
  },
  apply(state, { body, subject, moment: { at } }) {
    const contract = contractOf(state, subject);
    if (body.state === 'held') start(state, contract, at);
    checkSays(body, contract, at);
    const before = read(state, 'run', subject) ?? { contract: subject, state: null, reason: null, at, workloads: [] };
    write(state, 'run', subject, said(before, body, contract, at));
  },
};

function checkSays({ state, workload }: Run, contract: ContractObject, at: number): void {
  const whole = state === 'held' || state === 'released';
  demand(whole ? workload === null : workload !== null || state === 'failed', 'workload', whole ? `${state} is said of a contract, not of a workload` : `${state} is said of a workload`);
  const over = view(contract, at).state === 'ended';
  demand(!over || AFTERWARDS.has(state), 'ended', `contract ${short(contract.id)} is over: ${state} comes too late`);
  demand(over || state !== 'released', 'state', `contract ${short(contract.id)} is in force, its data stays`);
  demand(contract.started_at !== null || whole || state === 'failed', 'state', `contract ${short(contract.id)} is not held yet, nothing of it runs`);
  if (workload !== null && !contract.workloads.some(({ name }) => name === workload)) {
    throw refused('workload', `contract ${short(contract.id)} has no workload ${workload}`);
  }
}

function said(before: RunObject, body: Run, { workloads }: ContractObject, at: number): RunObject {
  const { workload, state, reason, exit_code, ports } = body;
  if (workload === null) return { ...before, state: state as RunObject['state'], reason, at };
  const status = { name: workload, state, reason, exit_code, ports, at };
  const known = new Map([...before.workloads, status].map((item) => [item.name, item]));
  // In the order of the list in force.
  return { ...before, workloads: workloads.flatMap(({ name }) => known.get(name) ?? []) };
}
