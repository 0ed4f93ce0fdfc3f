// Letters between bots that need not be there at the same time: sealed, signed outside, kept by a server that cannot read them.
//
//   mail@1 {grid, from, to, time, expires, kind, body}
//     └─ sealed to the receiver's sealing key ─▶ box ─▶ letter@1 {head {from, to, time, expires, size, sha256 of the box, by}, box, sig}
//
// The signature is over the head alone: whoever keeps a letter checks it at the price of one hash, and its id is the
// head's. What is inside repeats the head, so that nobody can put another's box into an envelope of its own.
import { canonical, parseCanonical, type JsonObject } from '../../base/canonical.js';
import { fromBase64, toBase64 } from '../../base/bytes.js';
import { Problem } from '../../base/errors.js';
import { sha256Hex } from '../../base/hash.js';
import { MAX_CLOCK_SKEW_MS, MAX_LETTER_BYTES, MAX_LETTER_LIFE_MS } from '../../base/limits.js';
import { checkSignatureList, parseRecord } from '../../bcdb/record.js';
import type { ReadState } from '../../bcdb/rulebook.js';
import { BOX_OVERHEAD, seal } from '../../keys/box.js';
import { verifyBytes } from '../../keys/ed25519.js';
import { signingBytes } from '../../keys/signed.js';
import type { Letter, LetterHead, Mail, MailDeclined, MailDraft, MailSecret, MailSignatures, SchemaName } from '../../schema/types.js';
import { validated } from '../../schema/validate.js';
import { peerOf, speaksFor, type Peer, type Speaker } from '../talk.js';

/** Body of each kind of letter. */
export interface MailBodies {
  /** A record to be signed. */
  draft: MailDraft;
  /** Signatures on a record that the receiver has. */
  signatures: MailSignatures;
  /** The sender does not sign it. */
  declined: MailDeclined;
  /** Secrets for the node that runs a contract. */
  secret: MailSecret;
}
/** What a letter is about. */
export type MailKind = keyof MailBodies;

/** A letter that was opened and checked; `kind` tells the body. `id` is its head's hash, hex. */
export type OpenLetter = { [K in MailKind]: Omit<Mail, 'v' | 'kind' | 'body'> & { readonly id: string; readonly kind: K; readonly body: MailBodies[K] } }[MailKind];

/** A letter's id: SHA-256 of its canonical head, hex. */
export function letterId(head: LetterHead): string {
  return sha256Hex(canonical(head));
}

/** When a letter is written and until when it is of use, ms since 1970. */
export interface LetterTimes {
  readonly time: number;
  /** At most MAX_LETTER_LIFE_MS later. */
  readonly expires: number;
}

/**
 * Writes a letter and seals it.
 * @throws Problem `malformed` where it is larger than a letter may be
 */
export async function sealLetter<K extends MailKind>(me: Speaker, to: Peer, grid: string, { time, expires }: LetterTimes, kind: K, body: MailBodies[K]): Promise<Letter> {
  const said = { v: 1 as const, grid, from: me.party, to: to.party, time, expires };
  const text = Buffer.from(canonical({ ...said, kind, body }));
  if (text.length + BOX_OVERHEAD > MAX_LETTER_BYTES) throw new Problem('malformed', `a letter may have ${MAX_LETTER_BYTES} bytes, and this one would have ${text.length + BOX_OVERHEAD}`, { hint: 'send the file by other means' });
  const box = seal(to.sealing_key, text);
  const head: LetterHead = { ...said, size: box.length, sha256: sha256Hex(box), by: me.signer.key };
  return { head, box: toBase64(box), sig: await me.signer.sign('letter', canonical(head)) };
}

/**
 * What everybody can check of a letter whose shape is right, in the order of cost: times → size → sender → box → signature.
 * @param letter of the shape letter@1; else hostile
 * @returns the box's bytes
 * @throws Problem `refused`, reason `expired` or `identity`; `malformed`; `integrity`
 */
export function checkLetter({ head, box, sig }: Letter, state: ReadState, at: number): Buffer {
  checkTimes(head, at);
  const bytes = fromBase64(box);
  if (bytes.length !== head.size) throw new Problem('malformed', `the letter has ${bytes.length} bytes, and its head says ${head.size}`);
  const sender = peerOf(state, head.from);
  if (!speaksFor(sender, head.by, at)) throw new Problem('integrity', "the letter is signed with a key that is not the sender's");
  if (sha256Hex(bytes) !== head.sha256) throw new Problem('integrity', 'the letter holds another box than was signed');
  if (!verifyBytes(head.by, signingBytes('letter', canonical(head)), sig)) throw new Problem('integrity', 'the signature of the letter does not hold');
  return bytes;
}

/**
 * Opens a letter: shape → for me, on this grid → what everybody can check → opened → what it says is what its head says → body.
 * @param value hostile
 * @param state the own copy; says whose key is whose
 * @throws Problem `malformed`; `integrity` for a hash, signature or box that does not hold; `refused` with reason `identity`, `addressee`, `grid` or `expired`
 */
export async function openLetter(value: unknown, state: ReadState, me: Pick<Speaker, 'party' | 'unseal'>, grid: string, at: number): Promise<OpenLetter> {
  const letter = validated<Letter>('letter@1', value);
  const { head } = letter;
  if (head.to !== me.party) throw new Problem('refused', 'the letter is for somebody else', { reason: 'addressee' });
  if (head.grid !== grid) throw new Problem('refused', 'the letter is about another grid', { reason: 'grid' });
  const box = checkLetter(letter, state, at);
  const text = Buffer.from(await me.unseal(box)).toString('utf8');
  const { kind, body, ...said } = parseMail(text);
  const { size: _size, sha256: _sha256, by: _by, ...outside } = head;
  if (canonical(said) !== canonical(outside)) throw new Problem('integrity', 'the letter inside is not the one that its head tells of');
  const { v: _v, ...rest } = said;
  return { ...rest, id: letterId(head), kind, body } as unknown as OpenLetter;
}

/**
 * Reads what a letter says: canonical → shape → body of its kind → the record in it, of this grid, and signatures as a
 * list. No signature in it is checked: who may sign, and so whose is worth checking, the book says (`openDraft`).
 * @param text hostile
 * @throws Problem `malformed`
 */
export function parseMail(text: string): Mail {
  const mail = validated<Mail>('mail@1', parseCanonical(text));
  const name: SchemaName = `mail_${mail.kind}@1`;
  validated<JsonObject>(name, mail.body);
  if (mail.kind === 'secret') for (const { bytes } of (mail.body as unknown as MailSecret).secrets) fromBase64(bytes);
  if (mail.kind === 'secret' || mail.kind === 'declined') return mail;
  const { payload, signatures } = mail.body as unknown as Partial<MailDraft> & MailSignatures;
  if (payload !== undefined && parseRecord(payload).payload.grid !== mail.grid) throw new Problem('malformed', 'the letter holds a draft of another grid');
  if (signatures.length > 0) checkSignatureList(signatures);
  return mail;
}

function checkTimes({ time, expires }: LetterTimes, at: number): void {
  const hint = 'are the clocks of both machines right?';
  if (time > at + MAX_CLOCK_SKEW_MS) throw new Problem('refused', 'the letter comes from the future', { reason: 'expired', hint });
  if (expires <= time || expires - time > MAX_LETTER_LIFE_MS) throw new Problem('malformed', 'a letter expires after it was written, and within 7 days');
  if (expires <= at) throw new Problem('refused', `the letter has expired ${Math.ceil((at - expires) / 1000)} s ago`, { reason: 'expired', hint });
}
