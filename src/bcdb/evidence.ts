// Evidence: what a home has signed and cannot be. It proves itself to anybody who knows the grid; nobody's word is needed.
//
//   kind      what it shows                                                what a home says by signing that
//   roots     two checkpoints of one size and two roots                    "these are the lines": of both
//   lines     one number, two lines, each proven below a checkpoint        "what is written stays": it did not
//   rewound   fewer lines in a checkpoint that is stamped later            "at this time there were no more": there were
//   line      a line below a checkpoint that no rule allows                "I have checked it": it had not
//   unproven  nothing: two checkpoints, and the home did not show that they belong together. An accusation, no proof.
import { fromBase64 } from '../base/bytes.js';
import { iso } from '../base/clock.js';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { verifyBytes } from '../keys/ed25519.js';
import { signingBytes } from '../keys/signed.js';
import type { Evidence, Line, Place } from '../schema/types.js';
import { EMPTY_ROOT, leafHash, nodeHash, verifyConsistency, verifyInclusion } from '../tlog/merkle.js';
import { openCheckpointAlone, type Checkpoint } from './checkpoint.js';
import { entryText } from './entry.js';
import { eraAt, isOneHome, withoutWitnesses, type Pinned } from './pinned.js';
import { checkSignatureList, parseRecord, signaturesText } from './record.js';

/** What is to be said about evidence that holds. */
export interface Judgement {
  /**
   * `proven`: the home has done it. `accusation`: it may have. `unjudged`: it has signed the line; whether a rule forbids
   * that line needs a copy of the lines before it.
   */
  readonly verdict: 'proven' | 'accusation' | 'unjudged';
  /** What was checked and found, a phrase a step, in order. */
  readonly steps: readonly string[];
}

/**
 * What the rules say of a line at a place of the book.
 * @param prefix root of the lines before it
 * @returns why they refuse it; null where they take it; undefined where the lines before it are not at hand
 */
export type AskRules = (line: Line, index: number, prefix: Buffer) => Promise<string | null | undefined>;

/** A line whose place below a checkpoint is proven. */
interface Placed {
  readonly index: number;
  readonly leaf: Buffer;
  readonly line: Line;
  /** Root of the lines before it. */
  readonly prefix: Buffer;
}

function broken(what: string, cause?: unknown): Problem {
  return new Problem('integrity', `evidence: ${what}`, { reason: 'evidence', cause });
}

/** The leaf of a line, whatever the line is worth. */
export function leafOf({ payload, signatures, at }: Line): Buffer {
  return leafHash(entryText(sha256Hex(payload), signaturesText(signatures), at));
}

/**
 * Checks evidence against what is known of its grid.
 * @param evidence hostile, of the right shape
 * @param pinned by genesis at least; witnesses do not matter, since it is the home that is accused
 * @throws Problem `integrity`, reason `evidence`, `note` or `checkpoint`: it does not show what it says
 */
export async function judge(evidence: Evidence, pinned: Pinned, ask: AskRules): Promise<Judgement> {
  if (evidence.grid !== pinned.grid) throw broken(`of grid ${evidence.grid}, not ${pinned.grid}`);
  const trust = withoutWitnesses(pinned);
  const points = evidence.notes.map((note) => openCheckpointAlone(note, trust));
  const said = points.map(({ size, root, stamp_ms }) => `checkpoint of ${size} lines, root ${root.toString('hex')}, ${iso(stamp_ms)}, signed by the log ${eraAt(trust, size).log_key}`);
  const steps = [`grid ${evidence.grid}`, ...said];
  const [first, second] = points;
  if (first === undefined) throw broken('no checkpoint in it');
  if (evidence.kind === 'line') return judgeLine(evidence.places, first, steps, ask);
  if (second === undefined) throw broken('one checkpoint where two are needed');
  if (!isOneHome(trust, first.size, second.size)) throw broken('the checkpoints are of two homes; what one has signed does not bind the other');
  const found = evidence.kind === 'lines' ? twoLines(evidence.places, first, second) : COMPARE[evidence.kind](first, second, evidence);
  return { verdict: evidence.kind === 'unproven' ? 'accusation' : 'proven', steps: [...steps, found] };
}

/** What two checkpoints show by themselves. */
const COMPARE: Record<'roots' | 'rewound' | 'unproven', (first: Checkpoint, second: Checkpoint, evidence: Evidence) => string> = {
  roots(first, second) {
    if (first.size !== second.size || first.root.equals(second.root)) throw broken('not two roots of one size');
    return `${first.size} lines have one root; the home has signed two`;
  },
  rewound(first, second) {
    if (second.size >= first.size || second.stamp_ms <= first.stamp_ms) throw broken('not fewer lines at a later time');
    return `at ${iso(second.stamp_ms)} the home signed that there are ${second.size} lines, after it had signed ${first.size} at ${iso(first.stamp_ms)}`;
  },
  unproven(first, second, { consistency }) {
    const [small, large] = first.size <= second.size ? [first, second] : [second, first];
    if (verifyConsistency(small.size, large.size, small.root, large.root, hashes(consistency))) throw broken('the checkpoints belong together');
    return `no proof came with them that the ${large.size} lines continue the ${small.size}; that may be the home's fault or its messenger's`;
  },
};

function twoLines(places: readonly Place[], first: Checkpoint, second: Checkpoint): string {
  const [one, other, ...more] = places;
  if (one === undefined || other === undefined || more.length > 0) throw broken('not two lines');
  const [here, there] = [placed(one, first), placed(other, second)];
  if (here.index !== there.index || here.leaf.equals(there.leaf)) throw broken('not two lines of one number');
  return `line ${here.index} is record ${sha256Hex(here.line.payload)} below the first, and ${sha256Hex(there.line.payload)} (taken in at ${iso(there.line.at)}) below the second`;
}

async function judgeLine([place, ...more]: readonly Place[], point: Checkpoint, steps: readonly string[], ask: AskRules): Promise<Judgement> {
  if (place === undefined || more.length > 0) throw broken('not one line');
  const { index, line, prefix } = placed(place, point);
  const signed = [...steps, `line ${index}, record ${sha256Hex(line.payload)}, is below it`];
  const wrong = wrongAlone(line, point) ?? (await ask(line, index, prefix));
  if (wrong === undefined) return { verdict: 'unjudged', steps: [...signed, `whether a rule forbids it is not known here: that takes a copy with the ${index} lines before it`] };
  if (wrong === null) throw broken(`line ${index} holds: the rules take it`);
  return { verdict: 'proven', steps: [...signed, `and it does not hold: ${wrong}`] };
}

/** What is wrong with a line whatever stands before it; undefined where that alone does not show. */
function wrongAlone(line: Line, point: Checkpoint): string | undefined {
  if (line.at >= point.stamp_ms + 1_000) return `it is dated ${iso(line.at)}, after the time stamp above it`;
  try {
    const record = parseRecord(line.payload);
    checkSignatureList(line.signatures);
    const said = signingBytes('record', record.text);
    const forged = line.signatures.find(({ by, sig }) => !verifyBytes(by, said, sig));
    return forged === undefined ? undefined : `signature by ${forged.by} does not hold`;
  } catch (thrown) {
    if (isProblem(thrown)) return messageOf(thrown);
    throw thrown;
  }
}

/** Checks that a line is where the evidence says: the last of some lines, which are the beginning of those that were signed. */
function placed({ index, line, inclusion, consistency }: Place, { size, root }: Checkpoint): Placed {
  const leaf = leafOf(line);
  // Roots of what stands before it, the smallest first.
  const before = hashes(inclusion);
  const upTo = rootOfLast(leaf, before);
  if (!verifyInclusion(leaf, index, index + 1, before, upTo)) throw broken(`line ${index} is not shown to be the last of ${index + 1}`);
  if (!verifyConsistency(index + 1, size, upTo, root, hashes(consistency))) throw broken(`line ${index} is not shown to be below the checkpoint of ${size} lines`);
  const [smallest, ...larger] = before;
  const prefix = larger.reduce((reached, sibling) => nodeHash(sibling, reached), smallest ?? EMPTY_ROOT);
  return { index, leaf, line, prefix };
}

/** Root of the tree whose last leaf this is: all its siblings are on the left. */
export function rootOfLast(leaf: Buffer, inclusion: readonly Buffer[]): Buffer {
  return inclusion.reduce((reached, sibling) => nodeHash(sibling, reached), leaf);
}

function hashes(texts: readonly string[]): Buffer[] {
  return texts.map((text) => fromBase64(text, 32));
}
