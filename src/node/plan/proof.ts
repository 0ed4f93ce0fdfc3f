// Before a node works for a contract: is the agreement really in the book, signed by those it binds?
//
// The copy checked all of this when it took the line in. A node looks once more, at the stored bytes and against the
// signed checkpoint, because a changed file on its own disk is enough to make it run something.
import { canonical } from '../../base/canonical.js';
import { isProblem, messageOf } from '../../base/errors.js';
import { trustOf } from '../../bcdb/pinned.js';
import { receiptOf } from '../../bcdb/prove.js';
import { verifyReceipt } from '../../bcdb/receipt.js';
import type { Reader } from '../../bcdb/reader.js';
import type { ContractObject } from '../../rules/objects.js';
import type { Proof } from './desired.js';

/**
 * Checks of a contract's agreement: `recorded` (proven to be in the book below the checkpoint, and the terms in state
 * are the signed ones) and `signed` (signatures hold on its bytes, as many as its quorum asks for).
 * @param grid id of the grid that this node is on; the checkpoint must be by the log key that it names
 * @returns always both checks; `made` is false where this moment of the copy gives no proof; never throws for what it finds
 */
export function proveAgreement(book: Reader, grid: string, { id, record: recordId, agreement }: ContractObject): Proof {
  const remedy = '3bot bcdb verify';
  try {
    const { record, signatures, index, checkpoint } = verifyReceipt(receiptOf(book, recordId), trustOf(book, grid));
    const same = record.id === recordId && record.payload.chain === `contract/${id}` && canonical(record.payload.body) === canonical(agreement);
    const { threshold, members } = agreement.quorums.commit;
    const signed = signatures.length >= threshold;
    const checks = [
      { name: 'recorded', ok: same, evidence: same ? `record ${recordId} is line ${index}, proven below the signed checkpoint of ${checkpoint.size} lines` : 'the terms kept here are not the signed ones', remedy: same ? null : remedy },
      { name: 'signed', ok: signed, evidence: `${signatures.length} signatures hold; the agreement asks for ${threshold} of ${members.length}, and its payers`, remedy: signed ? null : remedy },
    ];
    return { checks, made: true };
  } catch (thrown) {
    const checks = [
      { name: 'recorded', ok: false, evidence: messageOf(thrown), remedy },
      { name: 'signed', ok: false, evidence: 'not looked at: there is no proven record', remedy: null },
    ];
    return { checks, made: isProblem(thrown, 'integrity') };
  }
}
