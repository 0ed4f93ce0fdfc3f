// Receipts: a record, its place in the log and the log's word for it in one file, to be checked by anyone
// without a book (C2SP tlog-proof).
import { canonical, parseCanonical } from '../base/canonical.js';
import { messageOf, Problem } from '../base/errors.js';
import { verifyBytes } from '../keys/ed25519.js';
import { signingBytes } from '../keys/signed.js';
import type { Line, Signature } from '../schema/types.js';
import { validated } from '../schema/validate.js';
import { openCheckpoint, type Checkpoint } from './checkpoint.js';
import { entryText } from './entry.js';
import { leafHash, verifyInclusion } from '../tlog/merkle.js';
import { formatProof, parseProof } from '../tlog/proof.js';
import type { Pinned } from './pinned.js';
import { checkSignatureList, parseRecord, signaturesText, type ParsedRecord } from './record.js';

/** What a receipt file holds. */
export interface Receipt {
  /** The record as it stands in the book. */
  readonly line: Line;
  /** Number of the line, from 0. */
  readonly index: number;
  /** Hashes from the leaf's sibling upwards (RFC 6962 2.1.1), 32 bytes each. */
  readonly proof: readonly Buffer[];
  /** The signed note, as the log gave it. */
  readonly checkpoint: string;
}

/** What a receipt proves once it is verified. */
export interface VerifiedReceipt {
  readonly record: ParsedRecord;
  readonly signatures: readonly Signature[];
  /** When the home took it in, ms since 1970. */
  readonly at: number;
  readonly index: number;
  /** Size, root and time of the checkpoint. */
  readonly checkpoint: Checkpoint;
  /** What was checked, a phrase a step, in order. */
  readonly checked: readonly string[];
}

function broken(what: string, cause?: unknown): Problem {
  return new Problem('integrity', `receipt: ${what}`, { reason: 'receipt', cause });
}

/** The text of a `.tlog-proof` file. */
export function formatReceipt({ line: { payload, signatures, at }, index, proof, checkpoint }: Receipt): string {
  return formatProof({ extra: Buffer.from(canonical({ payload, signatures, at })), index, proof, checkpoint });
}

/**
 * Takes a receipt apart. Checks its form only: `verifyReceipt` says whether it holds.
 * @param text hostile
 * @throws Problem `integrity`, reason `proof` or `receipt`, that names the part that has the wrong form
 */
export function parseReceipt(text: string): Receipt {
  const { extra, ...rest } = parseProof(text);
  if (extra === undefined) throw broken('no record in it (a line "extra" in base64)');
  return { line: parseLine(extra), ...rest };
}

function parseLine(bytes: Buffer): Line {
  try {
    return validated<Line>('line@1', parseCanonical(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)));
  } catch (thrown) {
    throw broken(`its record does not have the form of a line: ${messageOf(thrown)}`, thrown);
  }
}

/**
 * Verifies a receipt against what is known of its grid, with nothing else at hand.
 *
 * Shows that this line is in the book and who signed it. It does not show that the record was allowed, or is still in
 * force: that is state, which only a copy that runs the rules can vouch for.
 * @param text hostile
 * @param pinned what is trusted of the grid: from a copy's state (`trustOf`), else from its genesis and governance
 * @throws Problem `integrity` that names the first thing that does not hold
 */
export function verifyReceipt(text: string, pinned: Pinned): VerifiedReceipt {
  const { line, index, proof, checkpoint: note } = parseReceipt(text);
  const record = parseLineRecord(line);
  checkGrid(record, pinned);
  const checkpoint = openCheckpoint(note, pinned);
  const leaf = leafHash(entryText(record.id, signaturesText(line.signatures), line.at));
  if (!verifyInclusion(leaf, index, checkpoint.size, proof, checkpoint.root)) throw broken(`the record is not line ${index} of the log's ${checkpoint.size}`);
  checkSignatures(record, line.signatures);
  return {
    record,
    signatures: line.signatures,
    at: line.at,
    index,
    checkpoint,
    checked: [
      `record ${record.id} in canonical form, of grid ${pinned.grid}`,
      `checkpoint of ${checkpoint.size} lines signed by the log ${pinned.log_key}`,
      `time stamp by ${pinned.clock_key}`,
      `line ${index} proven by ${proof.length} hashes`,
      ...line.signatures.map(({ by }) => `signature by ${by}`),
    ],
  };
}

function parseLineRecord(line: Line): ParsedRecord {
  try {
    checkSignatureList(line.signatures);
    return parseRecord(line.payload);
  } catch (thrown) {
    throw broken(`its record is none: ${messageOf(thrown)}`, thrown);
  }
}

/** The record names its grid; genesis, which cannot, is the grid's id itself. */
function checkGrid({ id, payload }: ParsedRecord, { grid }: Pinned): void {
  const named = payload.grid === null ? id : payload.grid;
  if (named !== grid) throw broken(`its record is of grid ${named}, not ${grid}`);
}

function checkSignatures({ text }: ParsedRecord, signatures: readonly Signature[]): void {
  const message = signingBytes('record', text);
  for (const { by, sig } of signatures) {
    if (!verifyBytes(by, message, sig)) throw broken(`the signature by ${by} does not hold`);
  }
}
