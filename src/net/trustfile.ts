// A grid's genesis and what its governance has changed since, in a file: what somebody needs who has no copy, to believe
// the checkpoints of a home that genesis does not name.
//
// One JSON value a line. The first is line 0 of the book; the others are what governance has said since, in order.
// Governance signs them all. Where a change of witnesses stands in the book it does not say, so that is proven below a
// checkpoint of the witnesses before it.
import { fromBase64, toBase64 } from '../base/bytes.js';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { openCheckpoint } from '../bcdb/checkpoint.js';
import { leafOf } from '../bcdb/evidence.js';
import { Fold } from '../bcdb/fold.js';
import { checkNamed } from '../bcdb/ingest.js';
import { pinnedBy, trustOf, type Pinned } from '../bcdb/pinned.js';
import { checkSignatureList, parseRecord, type ParsedRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import { verifyBytes } from '../keys/ed25519.js';
import { signingBytes } from '../keys/signed.js';
import { gridRules } from '../rules/all.js';
import type { Change, Line } from '../schema/types.js';
import { validated } from '../schema/validate.js';
import { verifyInclusion } from '../tlog/merkle.js';

function broken(what: string, cause?: unknown): Problem {
  return new Problem('integrity', `genesis file: ${what}`, { reason: 'genesis_file', cause });
}

/** What such a file holds. */
export interface Statements {
  /** Line 0 of the book. */
  readonly genesis: Line;
  /** What governance has changed since, in order. */
  readonly changes: readonly Change[];
}

/** Whose word counts on a grid, and the statements that say so. */
export interface Trust extends Statements {
  readonly pinned: Pinned;
}

/** The text of the file, of a book whose home or copy this is. */
export function trustText(reader: Reader): string {
  return textOf({ genesis: reader.line(0), changes: changesIn(reader) });
}

/** The text of the file that holds some statements. */
export function textOf({ genesis, changes }: Statements): string {
  return [genesis, ...changes].map((row) => `${JSON.stringify(row)}\n`).join('');
}

function changesIn(reader: Reader): Change[] {
  const last = reader.head('grid')?.height ?? 0;
  return Array.from({ length: last }, (_, below) => {
    const { index } = reader.lineAt('grid', below + 1) ?? { index: 0 };
    if (kindOf(reader, index) === 'witnesses@1') return witnessChange(reader, index + 1);
    return { index, ...reader.line(index), inclusion: [], checkpoint: null };
  });
}

function kindOf(reader: Reader, index: number): string {
  return parseRecord(reader.line(index).payload).payload.kind;
}

function witnessChange(reader: Reader, until: number): Change {
  const index = until - 1;
  const { note } = reader.milestone(index) ?? {};
  if (note === undefined) throw new Problem('integrity', `the checkpoint of ${until} lines that ends an era is missing`, { hint: '3bot bcdb verify' });
  return { index, ...reader.line(index), inclusion: reader.tree.inclusionProof(index, until).map(toBase64), checkpoint: note };
}

/**
 * Reads such a file; one that holds a genesis record alone is what it was for every grid before its first change.
 * @param text hostile, but for what the person who gives it knows: which grid it is
 * @throws Problem `integrity` that names the line that does not hold
 */
export function readTrust(text: string): Pinned {
  const [first, ...changes] = rowsOf(text);
  const payload = (first as { payload?: unknown } | null | undefined)?.payload;
  if (typeof payload !== 'string') throw new Problem('integrity', 'the genesis file holds no line of a book', { hint: '3bot grid show --genesis-file FILE' });
  return checked(pinnedBy({ payload }), payload, changes);
}

/**
 * Checks what another bot says is trusted of a grid.
 * @param said hostile
 * @param grid the id that is expected
 * @throws Problem `integrity` as `readTrust`
 */
export function checkTrust({ genesis, changes }: Statements, grid: string): Trust {
  return { genesis, changes, pinned: checked(pinnedBy(genesis, grid), genesis.payload, changes) };
}

/**
 * What another bot says beyond what was trusted before.
 * @param said hostile
 * @returns undefined where that is nothing more
 * @throws Problem `integrity` where it does not hold, or, reason `fork`, does not begin with what was trusted
 */
export function furtherTrust(known: Trust, said: Statements): Trust | undefined {
  if (said.changes.length <= known.changes.length) return undefined;
  const further = checkTrust(said, known.pinned.grid);
  const other = known.changes.find(({ payload }, i) => payload !== said.changes[i]?.payload);
  if (other !== undefined) throw new Problem('integrity', `governance has signed another statement for line ${other.index} than the one that is trusted here`, { reason: 'fork' });
  return further;
}

function checked(genesis: Pinned, payload: string, changes: readonly unknown[]): Pinned {
  if (changes.length === 0) return genesis;
  try {
    return changed(genesis, parseRecord(payload), changes.map((row) => validated<Change>('change@1', row)));
  } catch (thrown) {
    if (!isProblem(thrown) || thrown.code === 'integrity') throw thrown;
    throw broken(thrown.message, thrown);
  }
}

function rowsOf(text: string): unknown[] {
  try {
    // As people may have saved it: one value over several lines.
    return [JSON.parse(text)];
  } catch {
    try {
      return text.split('\n').filter((row) => row !== '').map((row) => JSON.parse(row) as unknown);
    } catch (cause) {
      throw new Problem('integrity', `the genesis file is no JSON: ${messageOf(cause)}`, { cause });
    }
  }
}

/** The fold of chain `grid` alone. */
function changed({ grid }: Pinned, genesis: ParsedRecord, changes: readonly Change[]): Pinned {
  const state = new Fold();
  gridRules.apply(state, genesis, { at: genesis.payload.time, index: 0 });
  let head = genesis;
  for (const change of changes) {
    const record = parseRecord(change.payload);
    const { chain, height, prev } = record.payload;
    if (chain !== 'grid' || height !== head.payload.height + 1 || prev !== head.id) throw broken(`record ${record.id} does not follow on record ${head.id}`);
    checkSigned(state, record, change);
    if (record.payload.kind === 'witnesses@1') checkPlace(change, trustOf(state, grid));
    gridRules.apply(state, record, { at: change.at, index: change.index });
    head = record;
  }
  return trustOf(state, grid);
}

/** By as many of governance as it takes, at the place that it says. */
function checkSigned(state: Fold, record: ParsedRecord, { signatures, at, index }: Change): void {
  checkSignatureList(signatures);
  const expected = gridRules.expected(state, record, { at, index });
  checkNamed(expected, signatures);
  const said = signingBytes('record', record.text);
  for (const { by, sig } of signatures) if (!verifyBytes(by, said, sig)) throw broken(`the signature by ${by} does not hold`);
  expected.check(new Set(signatures.map(({ by }) => by)));
}

/** The last line below a checkpoint that counted before it. */
function checkPlace({ index, checkpoint, inclusion, ...line }: Change, before: Pinned): void {
  const { size, root } = openCheckpoint(checkpoint ?? '', before);
  const proof = inclusion.map((hash) => fromBase64(hash, 32));
  if (size !== index + 1 || !verifyInclusion(leafOf(line), index, size, proof, root)) throw broken(`the change of witnesses is not shown to be line ${index}, the last of ${size}`);
}
