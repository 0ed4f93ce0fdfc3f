// The follower's side of a book: believes nothing but what it has re-checked line by line.
import { fromBase64 } from '../base/bytes.js';
import type { JsonObject } from '../base/canonical.js';
import { iso, type Clock } from '../base/clock.js';
import { Problem, type ProblemDetail } from '../base/errors.js';
import { FRESH_MS, MAX_CLOCK_SKEW_MS } from '../base/limits.js';
import type { Line, Trailer } from '../schema/types.js';
import type { Book } from './book.js';
import { openCheckpoint, type Checkpoint } from './checkpoint.js';
import { ingest, type Checked } from './ingest.js';
import { verifyConsistency } from '../tlog/merkle.js';
import { isHandover, isOneHome, pinnedBy, trustOf, withoutWitnesses, type EarlierEra, type Pinned } from './pinned.js';
import type { ReadState, RuleBook } from './rulebook.js';
import type { Reader, StoredCheckpoint } from './reader.js';
import type { Store } from './store.js';

/** What to do about a home that lies. */
const DISTRUST = 'what was checked before stays readable; ask another bot that serves this grid: 3bot grid join URL';

/** Lines in order from the copy's size on, and the checkpoint they lead to. All hostile. */
export interface Batch {
  readonly lines: readonly Line[];
  readonly trailer: Trailer;
}

/** A copy, and what it is checked by. */
export interface CopyParts {
  readonly store: Store;
  readonly rules: RuleBook;
  /** Id of the grid that is expected. */
  readonly grid: string;
  readonly clock: Clock;
  /** Takes in what the log alone has signed: an auditing witness looks before the quorum, of which it is part, has. */
  readonly isAuditor?: boolean;
}

/**
 * Takes a batch into a copy: every line through `ingest`, then the tree against the home's checkpoint; all or nothing.
 * @param checked signature checks done beforehand, one a line
 * @returns lines of the book at the home, by its checkpoint
 * @throws Problem `integrity` naming the line or the proof that does not hold: a broken rule, a fork or a rewind;
 *   `unreachable`, reason `clocks`, where home and copy disagree on the time
 */
export function ingestBatch(parts: CopyParts, { lines, trailer }: Batch, checked: readonly Checked[] = []): number {
  const { store, rules, clock, isAuditor = false } = parts;
  const trusted = trustAbove(parts, lines, checked);
  const pinned = isAuditor ? withoutWitnesses(trusted) : trusted;
  const there = openCheckpoint(trailer.checkpoint, pinned);
  // Not the home's misdeed for certain, since the clock that is wrong may be ours; but taken in, it could not be undone.
  if (there.stamp_ms > clock() + MAX_CLOCK_SKEW_MS) {
    throw new Problem('unreachable', `the home's time stamp is ${iso(there.stamp_ms)}, here it is ${iso(clock())}: nothing is taken from it`, { reason: 'clocks', hint: 'check the clock of this machine' });
  }
  if (there.size < store.size) return refuseRewind(store, pinned, there);
  const [held, below, eras] = [store.size, store.checkpoint(), erasOf(store)];
  store.transact((book) => {
    for (const [i, line] of lines.entries()) {
      if (book.size >= there.size) throw new Problem('integrity', 'more lines than the checkpoint covers');
      try {
        ingest(book, rules, line, checked[i]);
      } catch (thrown) {
        throw brokenLine(book.size, thrown);
      }
    }
    // The clocks' grain is a second on one side and a millisecond on the other.
    if (book.lastAt >= there.stamp_ms + 1_000) throw new BrokenLine(book.size - 1, `line ${book.size - 1} is dated after the time stamp of the checkpoint above it`, { reason: 'time' });
    const proof = trailer.consistency.map((hash) => fromBase64(hash, 32));
    if (!verifyConsistency(book.size, there.size, store.tree.root(), there.root, proof)) {
      throw new Problem('integrity', `the ${book.size} lines held here are no beginning of the ${there.size} that the home signed: the log has forked`, { reason: 'fork', hint: DISTRUST });
    }
    keepMilestones(store, held, erasOf(book).slice(eras.length), [below, { size: there.size, note: trailer.checkpoint }]);
  });
  // Below a checkpoint that covers more lines than are here nothing can be proven yet: the last batch brings it.
  // One that is older than what is kept says nothing new.
  const kept = store.checkpoint();
  const isOlder = kept !== undefined && kept.size === there.size && openCheckpoint(kept.note, pinned).time_ms > there.time_ms;
  if (there.size === store.size && !isOlder) store.keepCheckpoint(there.size, trailer.checkpoint);
  return there.size;
}

/**
 * Whose word the checkpoint above some lines has to be: as trusted before them. Only a hand-over, which can be nothing but
 * the first of the lines that were asked for, counts at once: governance vouches for it, and the old home may be gone.
 */
function trustAbove({ store, rules, grid }: CopyParts, [first]: readonly Line[], [checked]: readonly Checked[]): Pinned {
  if (store.size === 0) {
    if (first === undefined) throw new Problem('integrity', 'an empty book has no grid');
    return pinnedBy(first, grid);
  }
  return trustOf(first !== undefined && isHandover(first.payload) ? bookWith(store, rules, first, checked) : store, grid);
}

/** The book as it would be with one more line; nothing is written. */
function bookWith(store: Store, rules: RuleBook, line: Line, checked: Checked): Book {
  const objects = new Map<string, JsonObject>();
  const { size, lastAt, grid } = store;
  const book: Book = {
    size, lastAt, grid,
    get: (id) => objects.get(id) ?? store.get(id),
    put: (id, value) => void objects.set(id, value),
    head: (chain) => store.head(chain),
    root: (upTo) => store.tree.root(upTo),
    add: () => undefined,
  };
  try {
    ingest(book, rules, line, checked);
  } catch (thrown) {
    throw brokenLine(size, thrown);
  }
  return book;
}

function erasOf(state: ReadState): readonly EarlierEra[] {
  return state.get('grid') === undefined ? [] : (trustOf(state).earlier ?? []);
}

/**
 * Keeps the last checkpoint of each era that ended among the lines of a batch: the one above them, or, of a hand-over,
 * the one below.
 * @param held lines before the batch
 * @throws Problem `integrity` where a batch goes on beyond the end of an era: its checkpoint is no word of those who
 *   may give one there
 */
function keepMilestones(store: Store, held: number, ended: readonly EarlierEra[], notes: readonly (StoredCheckpoint | undefined)[]): void {
  for (const { until } of ended) {
    const note = notes.find((one) => one?.size === until)?.note;
    if (note !== undefined) store.keepMilestone(until, note);
    // Only a hand-over that comes first ends an era at what was held: governance vouches for it, and the old home's last
    // word may never have come here. Among other lines it would stand on the old home's word alone.
    else if (until > held) throw new Problem('integrity', `the checkpoint covers lines after the first ${until}, where governance changed witnesses or home; those before the change have to end there`, { reason: 'milestone', hint: DISTRUST });
  }
}

/** A checkpoint of fewer lines: an older view is no news; one signed later than ours takes lines back. */
function refuseRewind(store: Store, pinned: Pinned, there: Checkpoint): number {
  if (!store.tree.root(there.size).equals(there.root)) {
    throw new Problem('integrity', `the home signed ${there.size} lines that are not the first ${there.size} held here: the log has forked`, { reason: 'fork', hint: DISTRUST });
  }
  // Only a stamp on all that is here shows what the home had said before; an old home goes on stamping what was its own.
  const ours = store.checkpoint();
  if (ours !== undefined && ours.size >= store.size && isOneHome(pinned, there.size, ours.size) && openCheckpoint(ours.note, pinned).stamp_ms < there.stamp_ms) {
    throw new Problem('integrity', `the home has gone back from ${store.size} to ${there.size} lines`, { reason: 'rewound', hint: DISTRUST });
  }
  return store.size;
}

/** A line that the home should not have numbered. */
export class BrokenLine extends Problem {
  /** Its number. */
  readonly index: number;

  constructor(index: number, what: string, detail: ProblemDetail) {
    super('integrity', what, { hint: DISTRUST, ...detail });
    this.index = index;
  }
}

/** A line that the rules refuse is the home's misdeed, unless it only needs a newer release than ours. */
function brokenLine(index: number, thrown: unknown): unknown {
  if (!(thrown instanceof Problem) || thrown.reason === 'unknown_kind' || thrown.reason === 'disk_full') return thrown;
  return new BrokenLine(index, `line ${index} does not hold: ${thrown.message}`, { reason: thrown.reason ?? thrown.code, cause: thrown });
}

/** How old the newest checkpoint is, by the home's stamp and, with witnesses, by the quorum's. */
export interface Freshness {
  /** Time of the checkpoint, ms since 1970; 0 without one. */
  readonly time_ms: number;
  readonly age_ms: number;
  /** Younger than 10 minutes, and not from the future. Anything else counts as "cannot read". */
  readonly fresh: boolean;
}

/** Says how fresh a copy (or a home) is. */
export function freshness(reader: Reader, clock: Clock): Freshness {
  const kept = reader.checkpoint();
  if (kept === undefined || reader.size === 0) return { time_ms: 0, age_ms: Infinity, fresh: false };
  const { time_ms } = openCheckpoint(kept.note, trustOf(reader));
  const age_ms = clock() - time_ms;
  return { time_ms, age_ms, fresh: kept.size === reader.size && age_ms < FRESH_MS && age_ms > -FRESH_MS };
}
