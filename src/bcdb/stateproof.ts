// Checking a proof of state: that an object stands in the state of a named line, or that there is none, with nothing at
// hand but what is pinned of the grid and the newest checkpoint seen before.
import { fromBase64 } from '../base/bytes.js';
import { iso, type Clock } from '../base/clock.js';
import { parseCanonical, type JsonObject } from '../base/canonical.js';
import { isProblem, Problem } from '../base/errors.js';
import { FRESH_MS, MAX_CLOCK_SKEW_MS, MAX_STATE_AGE_MS } from '../base/limits.js';
import type { StateProof, StateRoot } from '../schema/types.js';
import { verifyConsistency, verifyInclusion } from '../tlog/merkle.js';
import { STATE_KIND, stateRootOf } from './audit.js';
import type { Checkpoint } from './checkpoint.js';
import { eraAt, isOneHome, NEWEST, type Pinned } from './pinned.js';
import { parseReceipt, verifyReceipt } from './receipt.js';
import { bucketLeaf, bucketOf, entryOf, type BucketEntry } from './statetree.js';

/** What a light client has seen of a grid; only ever replaced by something that continues it. */
export interface Seen {
  /** Size, root and time of the newest checkpoint. */
  readonly checkpoint: Checkpoint;
  /** The same as a signed note. */
  readonly note: string;
  /** Line of the newest state root; -1 before any. */
  readonly stateLine: number;
}

/** A state root whose record is in the book. */
export interface ProvenState extends StateRoot {
  /** Line of its record, and when the home took that in, ms. */
  readonly line: number;
  readonly at: number;
}

/** An object that was shown. */
export interface ProvenObject {
  readonly id: string;
  /** Undefined: it was shown that there is none. */
  readonly value: JsonObject | undefined;
  readonly state: ProvenState;
  readonly seen: Seen;
}

function broken(what: string, reason = 'state_proof'): Problem {
  return new Problem('integrity', `state proof: ${what}`, { reason, hint: 'ask another bot that serves this grid: 3bot grid join URL --light' });
}

/**
 * Verifies what was answered about an object. That the state is what the lines make is the log's own signed word; a
 * copy, or a witness that audits, finds out if it is not.
 * @param answer hostile, of the shape state_proof@1
 * @param seen what was seen before, if anything
 * @throws Problem `integrity` that names what does not hold; `unreachable`, reason `stale` or `clocks`, where the answer
 *   is too old to believe, or from the future
 */
export function verifyStateProof(answer: StateProof, id: string, pinned: Pinned, seen: Seen | undefined, clock: Clock): ProvenObject {
  const { record, signatures, at, index: line, checkpoint } = verifyReceipt(answer.receipt, pinned);
  if (!isOneHome(pinned, checkpoint.size, NEWEST)) throw broken('its checkpoint is of an old home; another has taken over since', 'handed_over');
  checkFresh(checkpoint, clock);
  checkContinues(answer, checkpoint, seen);
  const { kind, chain, body } = record.payload;
  const { log_key } = eraAt(pinned, line + 1);
  if (kind !== STATE_KIND || chain !== `state/${log_key}` || !signatures.some(({ by }) => by === log_key)) throw broken(`record ${record.id} is no state root by the log`);
  if (line < (seen?.stateLine ?? -1)) throw broken(`the state of line ${line} is older than that of line ${seen?.stateLine ?? 0}, which was seen before`, 'rewound');
  const state = { ...wellFormed(() => stateRootOf({ body })), line, at };
  if (state.size > line || !Number.isInteger(Math.log2(state.buckets))) throw broken(`the state root of line ${line} has not the form that the rules demand`);
  checkRecent(state, checkpoint);
  const value = objectIn(answer, id, state);
  return { id, value, state, seen: { checkpoint, note: parseReceipt(answer.receipt).checkpoint, stateLine: line } };
}

/** Neither kept from long ago, nor ahead of our clock. */
function checkFresh({ time_ms }: Checkpoint, clock: Clock): void {
  const age_ms = clock() - time_ms;
  if (age_ms < -MAX_CLOCK_SKEW_MS) throw new Problem('unreachable', `the time stamp is ${iso(time_ms)}, here it is ${iso(clock())}`, { reason: 'clocks', hint: 'check the clock of this machine' });
  if (age_ms >= FRESH_MS) throw new Problem('unreachable', `the newest time stamp that is answered is of ${iso(time_ms)}: too old to believe`, { reason: 'stale', hint: 'try again later, or ask another bot that serves this grid: 3bot grid join URL --light' });
}

/** Not a root of long ago below a checkpoint of today, unless nothing was written since but the root itself. */
function checkRecent({ size, line, at }: ProvenState, checkpoint: Checkpoint): void {
  const isAll = size === line && checkpoint.size === line + 1;
  if (!isAll && checkpoint.time_ms - at > MAX_STATE_AGE_MS) throw new Problem('unreachable', `the newest state that is shown is of ${iso(at)}, and more was written until ${iso(checkpoint.time_ms)}: too old to believe`, { reason: 'stale', hint: 'try again later, or ask another bot that serves this grid: 3bot grid join URL --light' });
}

/** The log of this checkpoint begins with all that was seen before. */
function checkContinues({ consistency }: StateProof, now: Checkpoint, seen: Seen | undefined): void {
  if (seen === undefined) return;
  const before = seen.checkpoint;
  if (now.size < before.size) throw broken(`the log has gone back from ${before.size} to ${now.size} lines`, 'rewound');
  const proof = wellFormed(() => consistency.map((hash) => fromBase64(hash, 32)));
  if (!verifyConsistency(before.size, now.size, before.root, now.root, proof)) throw broken(`the ${now.size} lines that the home signed do not begin with the ${before.size} seen before: the log has forked`, 'fork');
}

/** The object, once its bucket is shown to be the state's and the object to be the bucket's. */
function objectIn({ bucket, proof, object }: StateProof, id: string, { root, buckets }: StateRoot): JsonObject | undefined {
  const entries = bucket as BucketEntry[];
  const isSorted = entries.every(([one], i) => i === 0 || one > (entries[i - 1]?.[0] ?? ''));
  const [leaf, path] = wellFormed(() => [bucketLeaf(entries), proof.map((hash) => fromBase64(hash, 32))] as const);
  if (!isSorted || !verifyInclusion(leaf, bucketOf(id, buckets), buckets, path, Buffer.from(root, 'hex'))) throw broken(`the bucket of ${id} is not that of the state`);
  const entry = entries.find(([one]) => one === id);
  if (entry === undefined) return undefined;
  if (object === null) throw broken(`${id} is in the state, and was not given`);
  if (entryOf(id, object)[1] !== entry[1]) throw broken(`${id} is not what was given`);
  return wellFormed(() => parseCanonical(object)) as JsonObject;
}

function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!isProblem(thrown, 'malformed')) throw thrown;
    throw broken(thrown.message);
  }
}
