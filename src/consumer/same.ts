// Whether a contract is what somebody wants: a name may have been given on another machine, to something else.
import { canonical } from '../base/canonical.js';
import { fits } from '../capacity/fit.js';
import { feesIn } from '../rules/blueprint.js';
import type { Agreement } from '../schema/types.js';
import type { Wanted } from './quote.js';

/** What is wanted, and the account (hex) that pays. */
export interface Ordered extends Wanted {
  readonly payer: string;
}

/** In what an agreement is not what is wanted; empty where it is. What is left open fits anything. */
export function differences({ resources, term_ms, farm, node, order, blueprint, retention_ms, workloads, exec, roles, payers, payees, meter, quorums }: Agreement, wanted: Ordered): string[] {
  const signers = roles.filter(({ role }) => role === 'signer').map(({ party }) => party);
  const facts: [name: string, isSame: boolean][] = [
    // Of a whole node it is the node that says how much that is.
    ['capacity', wanted.dedicated === true ? fits(wanted.resources, resources) : canonical(resources) === canonical(wanted.resources)],
    ['term', term_ms === wanted.term_ms],
    ['farm', wanted.farm === null || wanted.farm === farm],
    ['node', wanted.node === null || wanted.node === node],
    ['name', order === wanted.order],
    ['retention', wanted.retention_ms === null || wanted.retention_ms === retention_ms],
    ['workloads', canonical(workloads) === canonical(wanted.workloads)],
    ['commands within workloads', exec === (wanted.exec === true)],
    ['signers', canonical([...signers].sort()) === canonical([...wanted.signers].sort()) && canonical(quorums.commit.members.find((member) => !('of' in member)) ?? null) === canonical(wanted.commit ?? null)],
    ['blueprint', canonical(blueprint ?? null) === canonical(wanted.blueprint ?? null)],
    // Of a blueprint it is the book that has seen to the fees.
    ['architect', blueprint !== undefined || canonical(feesIn(payees)) === canonical(wanted.architect === undefined ? [] : [wanted.architect])],
    ['meter', wanted.meter === undefined || wanted.meter === (meter?.by ?? null)],
    ['payer', payers.every(({ account }) => account === wanted.payer)],
  ];
  return facts.filter(([, isSame]) => !isSame).map(([name]) => name);
}
