// Who may look into a contract's workloads, and the records without which nobody runs a command there.
import { MAX_OPEN_SESSIONS } from '../base/limits.js';
import type { Agreement, Quorum, Session, SessionClosed, SessionOpened } from '../schema/types.js';
import { contractOf } from './escrow.js';
import { read, write, type ContractObject, type RunObject } from './objects.js';
import { allOf } from './quorum.js';
import { demand, refused, short } from './refusal.js';
import type { Rule } from './rule.js';
import { viewOf } from './view.js';

/** Role of a bot that operates a contract's workloads without deciding what they are. */
const OPERATOR = 'operator';

/** Whether a bot may read what workloads print and use: an operator that the agreement names, or whose word counts on what runs. */
export function mayLook({ roles, quorums }: Pick<Agreement, 'roles' | 'quorums'>, party: string): boolean {
  return party.startsWith('bot/') && (isOperator(roles, party) || weightIn(quorums.workload, party) > 0);
}

/** Whether a bot may run commands in workloads: an operator that the agreement names, or who alone may change what runs. */
export function mayExec({ roles, quorums, exec }: Pick<Agreement, 'roles' | 'quorums' | 'exec'>, party: string): boolean {
  return exec && party.startsWith('bot/') && (isOperator(roles, party) || weightIn(quorums.workload, party) >= quorums.workload.threshold);
}

function isOperator(roles: Agreement['roles'], party: string): boolean {
  return roles.some((one) => one.role === OPERATOR && one.party === party);
}

/** What a party's word alone weighs; a group that it meets weighs 1. */
function weightIn({ members }: Quorum, party: string): number {
  let weight = 0;
  for (const member of members) {
    if ('of' in member) weight += member.of === party ? member.weight : 0;
    else weight += weightIn(member, party) >= member.threshold ? 1 : 0;
  }
  return weight;
}

/** session@1, by the contract's node: every session stands in the book before its command begins, and is closed once. */
export const session: Rule<Session> = {
  kind: 'session@1',
  chain: 'run',
  since: 2,
  signers(state, { subject }) {
    const { node } = contractOf(state, subject).agreement;
    return [allOf([node, `node/${node}`])];
  },
  apply(state, { record, body, subject, moment: { at } }) {
    const contract = contractOf(state, subject);
    const before = read(state, 'run', subject);
    if (before === undefined) throw refused('state', `contract ${short(subject)} is not held yet, nothing of it runs`);
    const { sessions = [], ...rest } = before;
    if (body.state === 'opened') {
      demand(viewOf(state, contract, at).state === 'active', 'state', `nothing of contract ${short(subject)} is to run now`);
      checkOpens(body, contract, sessions);
    }
    const open = body.state === 'opened' ? [...sessions, { id: record.id, workload: body.workload, operator: body.operator, at }] : without(sessions, body, subject);
    write(state, 'run', subject, open.length === 0 ? rest : { ...rest, sessions: open });
  },
};

type Open = NonNullable<RunObject['sessions']>;

function checkOpens({ operator, workload }: SessionOpened, { id, agreement, workloads }: ContractObject, open: Open): void {
  demand(agreement.exec, 'terms', `contract ${short(id)} allows no commands within its workloads`);
  demand(mayExec(agreement, operator), 'terms', () => `${short(operator)} is no operator of contract ${short(id)}`);
  demand(workloads.some(({ name }) => name === workload), 'workload', `contract ${short(id)} has no workload ${workload}`);
  demand(open.length < MAX_OPEN_SESSIONS, 'bound', `contract ${short(id)} has ${open.length} open sessions`);
}

function without(open: Open, { session: id }: SessionClosed, contract: string): Open {
  const rest = open.filter((one) => one.id !== id);
  demand(rest.length < open.length, 'state', `contract ${short(contract)} has no open session ${short(id)}`);
  return rest;
}
