// A draft as a file: a DSSE envelope that is mailed, read in plain words, signed, and committed by whoever signs last.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fromBase64 } from '../base/bytes.js';
import type { Clock } from '../base/clock.js';
import { messageOf, Problem } from '../base/errors.js';
import { MAX_BODY_BYTES } from '../base/limits.js';
import { parseRecord, sortSignatures, type ParsedRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/store.js';
import { replaceFile } from '../home.js';
import { verifyBytes, type Signer } from '../keys/ed25519.js';
import type { Keyring } from '../keys/keyring.js';
import { signingBytes } from '../keys/signed.js';
import { agreementOf } from '../market/terms.js';
import { rules1 } from '../rules/all.js';
import { keyOf } from '../rules/quorum.js';
import type { Agreement, Envelope, Signature } from '../schema/types.js';
import { validated } from '../schema/validate.js';

/** A draft as read from a file; every signature on it holds. */
export interface Draft {
  readonly record: ParsedRecord;
  readonly agreement: Agreement;
  readonly signatures: readonly Signature[];
}

/** Who is in a draft: party, role, and whether it has signed. */
export interface Signatory {
  readonly party: string;
  readonly role: string;
  readonly key: string;
  readonly signed: boolean;
}

/** Text of an envelope (DSSE v1, JSON). */
export function envelopeText(payload: string, signatures: readonly Signature[]): string {
  const envelope: Envelope = {
    payload: Buffer.from(payload).toString('base64'),
    payloadType: 'application/vnd.3bot.record+json',
    signatures: sortSignatures(signatures).map(({ by, sig }) => ({ keyid: by, sig })),
  };
  return `${JSON.stringify(envelope, null, 2)}\n`;
}

/**
 * Reads a draft file: size → JSON → shape → canonical payload → an agreement → each signature.
 * @throws Problem `not_found`; `malformed`; `integrity` where a signature does not hold
 */
export function readDraft(path: string): Draft {
  if (!existsSync(path)) throw new Problem('not_found', `no file ${path}`, { reason: 'draft' });
  if (statSync(path).size > MAX_BODY_BYTES) throw new Problem('malformed', `${path} is larger than any draft`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Problem('malformed', `${path} is no draft: ${messageOf(cause)}`, { cause });
  }
  const envelope = validated<Envelope>('envelope@1', value);
  const record = parseRecord(fromBase64(envelope.payload).toString('utf8'));
  const agreement = validated<Agreement>('agreement@1', agreementOf(record));
  const said = signingBytes('record', record.text);
  const broken = envelope.signatures.find(({ keyid, sig }) => !verifyBytes(keyid, said, sig));
  if (broken !== undefined) throw new Problem('integrity', `${path}: the signature by ${broken.keyid} does not hold`, { reason: 'signature' });
  const signatures = new Map(envelope.signatures.map(({ keyid, sig }) => [keyid, { by: keyid, sig }]));
  return { record, agreement, signatures: sortSignatures([...signatures.values()]) };
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
  const kept = before?.record.id === record.id ? before.signatures.filter(({ by }) => signatures.every((own) => own.by !== by)) : [];
  const all = sortSignatures([...kept, ...signatures]);
  replaceFile(path, envelopeText(record.text, all));
  return { record, agreement: agreementOf(record), signatures: all };
}

/**
 * Who has signed and who has not: the commit quorum and the paying accounts.
 * @throws Problem `refused` where a party is not on this grid
 */
export function signatoriesOf(reader: Reader, { agreement, signatures }: Draft): Signatory[] {
  const signed = new Set(signatures.map(({ by }) => by));
  const roles = new Map(agreement.roles.map(({ party, role }) => [party, role]));
  const members = agreement.quorums.commit.members.flatMap((member) => ('of' in member ? [member.of] : []));
  const parties = members.map((party) => ({ party, role: roles.get(party) ?? 'signer', key: keyOf(reader, party) }));
  const payers = agreement.payers.map(({ account }) => ({ party: `account/${account}`, role: 'payer', key: account }));
  return [...parties, ...payers].map((one) => ({ ...one, signed: signed.has(one.key) }));
}

/**
 * Whether the book would take the draft as it is signed now.
 * @returns null, or what is missing
 * @throws Problem `refused` where more signatures cannot help: the deadline is over, a party unknown, another grid
 */
export function missing(reader: Reader, { record, signatures }: Draft, at: number): Problem | null {
  const expected = rules1.expected(reader, record, { at, index: reader.size });
  try {
    expected.check(new Set(signatures.map(({ by }) => by)));
    return null;
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.reason === 'signatures') return thrown;
    throw thrown;
  }
}

/**
 * Signs a draft with those of the identity's keys that it names.
 * @throws Problem `refused`, reason `key`, where it names none
 */
export async function signDraft(reader: Reader, draft: Draft, keyring: Keyring, clock: Clock): Promise<Draft> {
  const { allowed } = rules1.expected(reader, draft.record, { at: clock(), index: reader.size });
  const mine: Signer[] = ['bot', 'wallet'].map((role) => keyring.signer(role)).filter(({ key }) => allowed.has(key));
  if (mine.length === 0) throw new Problem('refused', `${keyring.name} is not among those who are to sign this`, { reason: 'key', hint: '3bot identity use NAME' });
  const own = await Promise.all(mine.map(async (signer) => ({ by: signer.key, sig: await signer.sign('record', draft.record.text) })));
  const others = draft.signatures.filter(({ by }) => own.every((signature) => signature.by !== by));
  return { ...draft, signatures: sortSignatures([...others, ...own]) };
}

