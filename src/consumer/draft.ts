// The draft of an agreement as a file, and who is in it.
import { existsSync } from 'node:fs';
import { Problem } from '../base/errors.js';
import type { ParsedRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import { agreementOf } from '../market/terms.js';
import { readEnvelope, saveEnvelope, type SignedFile } from '../net/envelope.js';
import { readGrid } from '../rules/objects.js';
import { keysOf, partiesOf } from '../rules/quorum.js';
import type { Agreement, Signature } from '../schema/types.js';

/** The draft of an agreement; every signature on it holds. */
export interface Draft extends SignedFile {
  readonly agreement: Agreement;
}

/** Who is in a draft: party, role, and whether it has signed. */
export interface Signatory {
  readonly party: string;
  readonly role: string;
  readonly signed: boolean;
}

/** Reads a draft file. @throws Problem as `readEnvelope`; `malformed` where it holds no agreement */
export function readDraft(path: string): Draft {
  const file = readEnvelope(path);
  return { ...file, agreement: agreementOf(file.record) };
}

/**
 * Writes a draft; signatures that the file has on the same payload stay.
 * @throws Problem `refused`, reason `draft`, where the file is the draft of another contract: others may have signed it
 */
export function saveDraft(path: string, record: ParsedRecord, signatures: readonly Signature[]): Draft {
  const before = existsSync(path) ? readDraft(path) : undefined;
  if (before !== undefined && before.record.payload.chain !== record.payload.chain) {
    throw new Problem('refused', `${path} is the draft of another ${before.record.payload.chain.replace('/', ' ')}`, { reason: 'draft', hint: 'give --draft another file, or move this one away' });
  }
  return { ...saveEnvelope(path, record, signatures, before), agreement: agreementOf(record) };
}

/**
 * Who has signed and who has not: the commit quorum and the paying accounts.
 * @throws Problem `refused` where a party is not on this grid
 */
export function signatoriesOf(reader: Reader, { agreement, record, signatures }: Draft): Signatory[] {
  const signed = new Set(signatures.map(({ by }) => by));
  const roles = new Map(agreement.roles.map(({ party, role }) => [party, role]));
  const members = partiesOf(agreement.quorums.commit, readGrid(reader).rules);
  const parties = members.map((party) => ({ party, role: roles.get(party) ?? 'signer' }));
  const payers = agreement.payers.map(({ account }) => ({ party: `account/${account}`, role: 'payer' }));
  const { kind, time: at } = record.payload;
  return [...parties, ...payers].map((one) => ({ ...one, signed: keysOf(reader, one.party, { kind, at }).some((key) => signed.has(key)) }));
}
