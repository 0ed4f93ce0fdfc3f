// Receipts: a record, its place in the log and the log's word for it in one file, to be checked by anyone
// without a book (C2SP tlog-proof).
import { canonical, parseCanonical } from '../base/canonical.js';
import { messageOf, Problem } from '../base/errors.js';
import { checkEd25519, verifyBytes } from '../keys/ed25519.js';
import { signingBytes } from '../keys/signed.js';
import type { Line, Signature } from '../schema/types.js';
import { validated } from '../schema/validate.js';
import { openCheckpointAlone, type Checkpoint } from './checkpoint.js';
import { entryText } from './entry.js';
import { leafHash, verifyInclusion } from '../tlog/merkle.js';
import type { Policy } from '../tlog/policy.js';
import { formatProof, parseProof } from '../tlog/proof.js';
import { openByPolicy, type TrustedCheckpoint } from '../tlog/trusted.js';
import { eraAt, isOneHome, NEWEST, type Pinned } from './pinned.js';
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

/** What any receipt proves once it is verified. */
interface ProvenLine {
  readonly record: ParsedRecord;
  readonly signatures: readonly Signature[];
  /** When the home took it in, ms since 1970. */
  readonly at: number;
  readonly index: number;
  /** What was checked, a phrase a step, in order. */
  readonly checked: readonly string[];
  /** What nobody may conclude from it, a phrase each. */
  readonly notProven: readonly string[];
}

/** What a receipt proves by what is known of its grid. */
export interface VerifiedReceipt extends ProvenLine {
  /** Size, root and time of the checkpoint. */
  readonly checkpoint: Checkpoint;
}

/** What a receipt proves by a trust policy. */
export interface PolicyReceipt extends ProvenLine {
  readonly checkpoint: TrustedCheckpoint;
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
  const receipt = parseReceipt(text);
  const record = parseLineRecord(receipt.line);
  checkGrid(record, pinned);
  const checkpoint = openCheckpointAlone(receipt.checkpoint, pinned);
  const { log_key, clock_key, witnesses } = eraAt(pinned, checkpoint.size);
  const shown = [
    `record ${record.id} in canonical form, of grid ${pinned.grid}`,
    `checkpoint of ${checkpoint.size} lines signed by the log ${log_key}`,
    `time stamp by ${clock_key}`,
    ...(witnesses === null ? [] : [`cosigned by a quorum of the grid's ${witnesses.witnesses.length} witnesses`]),
  ];
  const open = [...(witnesses === null ? [UNWITNESSED] : []), ...(isOneHome(pinned, checkpoint.size, NEWEST) ? [] : [OLD_HOME])];
  return { ...proveLine(receipt, record, checkpoint, shown, open), checkpoint };
}

/**
 * Verifies a receipt by a trust policy (C2SP tlog-policy) alone: who has it need know nothing of the grid.
 * @param text hostile
 * @param policy names at least one log
 * @throws Problem `integrity` that names the first thing that does not hold; reason `unknown_log` where the policy does not name its log
 */
export function verifyByPolicy(text: string, policy: Policy): PolicyReceipt {
  const receipt = parseReceipt(text);
  const record = parseLineRecord(receipt.line);
  const checkpoint = openByPolicy(receipt.checkpoint, policy, checkEd25519);
  const shown = [
    `record ${record.id} in canonical form`,
    `checkpoint of ${checkpoint.size} lines signed by the log ${checkpoint.origin} (${checkpoint.log.key.key})`,
    ...(checkpoint.time_ms === null ? [] : [`cosigned by the policy's quorum of witnesses: ${checkpoint.witnesses.join(', ')}`]),
  ];
  const open = [`that this log is the book of grid ${record.payload.grid ?? record.id}, as the record says: its genesis record would show it`, ...(checkpoint.time_ms === null ? [UNWITNESSED] : [])];
  return { ...proveLine(receipt, record, checkpoint, shown, open), checkpoint };
}

const UNWITNESSED = 'that everybody is shown the same book: no witnesses were asked for';

const OLD_HOME = 'that the book has this line still: its log has had another home since, and who has the old key can date back; a receipt by the present home would show it';

/** The record's place below a checkpoint that is believed, and its signatures. */
function proveLine({ line, index, proof }: Receipt, record: ParsedRecord, { size, root }: { size: number; root: Buffer }, shown: readonly string[], open: readonly string[]): ProvenLine {
  const leaf = leafHash(entryText(record.id, signaturesText(line.signatures), line.at));
  if (!verifyInclusion(leaf, index, size, proof, root)) throw broken(`the record is not line ${index} of the log's ${size}`);
  checkSignatures(record, line.signatures);
  return {
    record,
    signatures: line.signatures,
    at: line.at,
    index,
    checked: [...shown, `line ${index} proven by ${proof.length} hashes`, ...line.signatures.map(({ by }) => `signature by ${by}`)],
    notProven: [
      'that the rules allow it and that it is paid for: a copy that runs the rules would say',
      `that it is still in force: what was recorded after line ${index} is not in it`,
      ...open,
    ],
  };
}

/** The record of a receipt's line. @throws Problem `integrity`, reason `receipt` */
export function parseLineRecord(line: Line): ParsedRecord {
  try {
    checkSignatureList(line.signatures);
    return parseRecord(line.payload);
  } catch (thrown) {
    throw broken(`its record is none: ${messageOf(thrown)}`, thrown);
  }
}

/** The record names its grid; genesis, which cannot, is the grid's id itself. @throws Problem `integrity`, reason `receipt` */
export function checkGrid({ id, payload }: ParsedRecord, { grid }: Pinned): void {
  const named = payload.grid === null ? id : payload.grid;
  if (named !== grid) throw broken(`its record is of grid ${named}, not ${grid}`);
}

function checkSignatures({ text }: ParsedRecord, signatures: readonly Signature[]): void {
  const message = signingBytes('record', text);
  for (const { by, sig } of signatures) {
    if (!verifyBytes(by, message, sig)) throw broken(`the signature by ${by} does not hold`);
  }
}
