// How a line gets into a book. Append, follow, verify and restore all run this one function.
import { Problem } from '../base/errors.js';
import { signingBytes } from '../keys/signed.js';
import { verifyBytes } from '../keys/ed25519.js';
import type { Line, Seen, Signature } from '../schema/types.js';
import type { Book, BookLine } from './book.js';
import { entryText } from './entry.js';
import { leafHash } from '../tlog/merkle.js';
import { checkSignatureList, parseRecord, signaturesText, type ParsedRecord } from './record.js';
import type { Expected, RuleBook } from './rulebook.js';

/** What was worked out of a line beforehand, in workers, where every signature of it holds: SHA-256 in hex. */
export interface Worked {
  /** Of the payload: the record's id. */
  readonly id: string;
  /** Of the canonical text of the signatures. */
  readonly signatures: string;
}

/** What is known of a line beforehand; true: every signature of it holds. */
export type Checked = Worked | boolean | undefined;

/**
 * Takes one line into a book, or throws and changes nothing.
 *
 * The steps that touch no state come first, and no signature is checked before it is known who may sign.
 * That the tree equals the home's checkpoint is checked by the caller, once for many lines.
 * @param line hostile: payload text, signatures and the home's time of intake
 * @param checked result of checking this very line's signatures beforehand; undefined or false: they are checked here
 * @throws Problem `malformed`, `refused` or `integrity`; the message says which step did not hold
 */
export function ingest(book: Book, rules: RuleBook, line: Line, checked: Checked): BookLine {
  const worked = typeof checked === 'object' ? checked : undefined;
  const record = parseRecord(line.payload, worked?.id);
  checkSignatureList(line.signatures);
  checkIntake(book, line.at);
  checkLink(book, record);
  const moment = { at: line.at, index: book.size };
  const expected = rules.expected(book, record, moment);
  checkNamed(expected, line.signatures);
  if (worked === undefined && checked !== true) checkSignatures(record, line.signatures);
  expected.check(new Set(line.signatures.map((signature) => signature.by)));
  checkSeen(book, record);
  rules.apply(book, record, moment);
  const taken = enter(record, line, worked?.signatures);
  book.add(taken);
  return taken;
}

function checkIntake(book: Book, at: number): void {
  if (!Number.isSafeInteger(at) || at < 0) throw new Problem('malformed', 'at is not a time');
  if (at < book.lastAt) throw new Problem('integrity', `at runs backwards: ${at} after ${book.lastAt}`);
}

/** Grid, then chain link: height and prev must continue what the book holds; so no record can be in it twice. */
function checkLink(book: Book, { payload }: ParsedRecord): void {
  if (payload.grid !== book.grid) {
    throw new Problem('refused', `record of ${payload.grid === null ? 'no grid' : `grid ${payload.grid}`}, this is ${book.grid ?? 'an empty book'}`, { reason: 'grid' });
  }
  const head = book.head(payload.chain);
  const height = head === undefined ? 0 : head.height + 1;
  const prev = head?.id ?? null;
  if (payload.height !== height || payload.prev !== prev) {
    throw new Problem('refused', `${payload.chain} continues at height ${height} on ${prev ?? 'nothing'}, not at ${payload.height} on ${payload.prev ?? 'nothing'}`, { reason: 'chain_conflict' });
  }
}

/**
 * No key that nobody asked for. Before any crypto, so that a flood of signatures costs its sender more than us.
 * @throws Problem `refused`, reason `surplus`
 */
export function checkNamed(expected: Expected, signatures: readonly Signature[]): void {
  for (const { by } of signatures) {
    if (!expected.allowed.has(by)) throw new Problem('refused', `key ${by} is not asked to sign this`, { reason: 'surplus' });
  }
}

function checkSignatures(record: ParsedRecord, signatures: readonly Signature[]): void {
  const bytes = signingBytes('record', record.text);
  for (const { by, sig } of signatures) {
    if (!verifyBytes(by, bytes, sig)) throw new Problem('integrity', `signature by ${by} does not hold`, { reason: 'signature' });
  }
}

/** What a body says that its signers have seen of this book (`seen {size, root}`) must be in it. */
function checkSeen(book: Book, { payload: { body } }: ParsedRecord): void {
  const { seen } = body as { seen?: Seen };
  if (seen === undefined) return;
  if (seen.size > book.size || book.root(seen.size).toString('hex') !== seen.root) {
    throw new Problem('refused', `its signers have seen ${seen.size} lines that are not the first ${seen.size} of this book`, { reason: 'seen' });
  }
}

function enter(record: ParsedRecord, line: Line, signaturesHash?: string): BookLine {
  const text = signaturesText(line.signatures);
  return { record, signatures: line.signatures, signaturesText: text, at: line.at, leaf: leafHash(entryText(record.id, text, line.at, signaturesHash)) };
}
