// Other terms for a contract in force: drawn up here, signed by the farm over talk, by the other parties on the draft.
import { Problem } from '../base/errors.js';
import type { ParsedRecord } from '../bcdb/record.js';
import { verifyBytes } from '../keys/ed25519.js';
import { signingBytes } from '../keys/signed.js';
import { draftAmendment, unable, type Change } from '../market/amendment.js';
import type { SignedFile } from '../net/envelope.js';
import { read, type ContractObject } from '../rules/objects.js';
import { viewOf } from '../rules/view.js';
import { converse, type Buyer } from './quote.js';

/**
 * The amendment that a change makes, as it is now; nothing is asked or signed.
 * @throws Problem `refused` where no node could carry it out, or the contract is not in force
 */
export function proposeAmendment({ grid }: Pick<Buyer, 'grid'>, contract: ContractObject, change: Change, at: number): ParsedRecord {
  const before = viewOf(grid.reader, contract, at).period?.resources ?? contract.agreement.resources;
  const cannot = unable(before, change.resources);
  if (cannot !== null) throw new Problem('refused', cannot, { reason: 'resources', hint: '3bot reserve' });
  return draftAmendment(grid, contract, change, at);
}

/**
 * Has the contract's farm sign an amendment.
 * @throws Problem `unreachable`; `refused` with the farm's reason; `integrity` where its signature does not hold
 */
export async function farmSigns(buyer: Buyer, contract: ContractObject, record: ParsedRecord): Promise<SignedFile> {
  const farm = read(buyer.grid.reader, 'farm', contract.agreement.farm);
  if (farm === undefined || farm.endpoint === null) throw new Problem('unreachable', 'the farm of this contract says nowhere how it is reached', { reason: 'endpoint', hint: 'ask the farmer to run 3bot serve' });
  const reply = await converse(buyer, farm.id, farm.endpoint).ask('amend', { payload: record.text });
  if (reply.kind === 'decline') throw new Problem('refused', `the farm declined: ${reply.body.reason}`, { reason: reply.body.code, hint: 'ask for less or for another time, or buy anew: 3bot quote shows who sells it' });
  if (reply.kind !== 'agreement' || reply.body.record !== record.id || !verifyBytes(reply.body.signature.by, signingBytes('record', record.text), reply.body.signature.sig)) {
    throw new Problem('integrity', "the farm's signature on the amendment does not hold", { reason: 'signature' });
  }
  return { record, signatures: [reply.body.signature] };
}
