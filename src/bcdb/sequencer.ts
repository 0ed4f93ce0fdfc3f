// The home's side of a book: numbers the lines and signs the order.
//
// The order of effects is the design:  checked → durable (one transaction) → head file → told to anybody.
// Where the log's keys are in this process, the checkpoint is signed within that transaction and shown only after it.
// Where they are with the unlock agent it is signed after the head file, since nothing waits within a transaction. So it
// is where the grid has witnesses: signed, then cosigned by their quorum, then kept and told; what arrives meanwhile is
// committed together and cosigned with the next one.
// A crash anywhere leaves a prefix that is durable; opening again signs the checkpoint that was not signed.
import { toHex } from '../base/bytes.js';
import type { Clock } from '../base/clock.js';
import { effect } from '../base/effect.js';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { MAX_GROUP, MAX_SUBMIT, MAX_WAITING_BYTES, MAX_WAITING_SUBMISSIONS } from '../base/limits.js';
import type { Signer } from '../keys/ed25519.js';
import type { SignaturePool } from '../keys/pool.js';
import type { SignedRecord } from '../schema/types.js';
import type { Book } from './book.js';
import { signCheckpoint, signCheckpointNow, type TimedPoint } from './checkpoint.js';
import { HeadFile } from './head.js';
import { checkNamed, ingest, type Checked } from './ingest.js';
import { IntakeClock } from './intake.js';
import { eraAt, isHandover, trustOf, type Pinned } from './pinned.js';
import { checkSignatureList, parseRecord } from './record.js';
import type { RuleBook } from './rulebook.js';
import type { Store, StoredCheckpoint } from './store.js';
import type { Policy } from '../tlog/policy.js';

/** A signature as text, for counting what waits. */
const SIGNATURE_BYTES = 180;

/** What became of one submitted record. */
export type Outcome =
  | { readonly ok: true; readonly id: string; readonly index: number; /** It was in the book before. */ readonly known: boolean }
  | { readonly ok: false; readonly problem: Problem };

/** What a home needs. */
export interface SequencerParts {
  readonly store: Store;
  readonly rules: RuleBook;
  /** Signs checkpoints and time-stamps them; distinct keys, both named in genesis. */
  readonly log: Signer;
  readonly clockSigner: Signer;
  readonly pool: SignaturePool;
  readonly clock: Clock;
  readonly headPath: string;
  /** Asks witnesses; without it nothing is committed where the grid has some. */
  readonly cosigning?: Cosigning | undefined;
}

/** A checkpoint that is to be cosigned. */
export interface ToCosign {
  readonly policy: Policy;
  readonly size: number;
  /** Signed by the log. */
  readonly note: string;
  /** Lines below the checkpoint that was published last: most witnesses will have that. */
  readonly published: number;
  /** RFC 6962 consistency proof from an earlier size to this one. */
  proof(from: number): Buffer[];
  /** Called with a note of more cosignatures, after the first that was enough. */
  onMore(note: string): void;
}

/** How witnesses are asked; the network is not the book's affair. */
export interface Cosigning {
  /** The note with the cosignatures of a quorum. @throws Problem `unreachable`, reason `unwitnessed` */
  cosign(wanted: ToCosign): Promise<string>;
}

/** Records that wait for their turn; none at all asks for a new time stamp. */
interface Submission {
  readonly records: readonly SignedRecord[];
  readonly checked: Promise<readonly Checked[]>;
  readonly resolve: (outcomes: Outcome[]) => void;
  readonly reject: (thrown: unknown) => void;
}

/** A checkpoint, and what it is of. */
interface Signed {
  readonly point: TimedPoint;
  readonly note: string;
}

/** Appends records to the book it is home of. Exactly one per book, under the home's lock. */
export class Sequencer implements AsyncDisposable {
  readonly #parts: SequencerParts;
  readonly #head: HeadFile;
  readonly #clock: IntakeClock;
  readonly #listeners = new Set<() => void>();
  readonly #queue: Submission[] = [];
  #running: Promise<void> | undefined;
  #note = '';
  /** Lines below the newest checkpoint of this process. */
  #published = 0;
  /** Signed, and not cosigned yet. */
  #pending: StoredCheckpoint | undefined;
  #isClosed = false;
  #waitingBytes = 0;

  private constructor(parts: SequencerParts, head: HeadFile) {
    this.#parts = parts;
    this.#head = head;
    this.#clock = new IntakeClock(parts.clock);
  }

  /**
   * Opens a home. A book with lines gets a fresh checkpoint at once.
   * @throws Problem `integrity` where the book does not contain what this home signed before, or the keys are not those
   *   of its home; `refused`, reason `handed_over`, where another home numbers its lines now
   */
  static async open(parts: SequencerParts): Promise<Sequencer> {
    const { store } = parts;
    const head = new HeadFile(parts.headPath);
    try {
      const signed = head.found;
      if (signed !== undefined && (store.grid !== signed.grid || store.size < signed.size || store.tree.root(signed.size).toString('hex') !== signed.root)) {
        throw new Problem('integrity', `this home has signed ${signed.size} lines of grid ${signed.grid}, and ${store.db.name} does not contain them`, {
          reason: 'rewound',
          hint: 'an older database was put back: fetch the missing lines from any copy before this home writes again',
        });
      }
      const sequencer = new Sequencer(parts, head);
      if (store.size > 0) {
        checkKeys(sequencer.pinned, parts);
        // A book whose witnesses are away is read, and written, all the same; nothing of that is committed meanwhile.
        await sequencer.renew().catch((thrown: unknown) => { if (!isProblem(thrown, 'unreachable', 'unwitnessed')) throw thrown; });
      }
      return sequencer;
    } catch (thrown) {
      head[Symbol.dispose]();
      throw thrown;
    }
  }

  /** The newest checkpoint, a signed note; empty as long as the book is. */
  get checkpoint(): string {
    return this.#note;
  }

  /** What is trusted of the grid now. @throws Error in an empty book */
  get pinned(): Pinned {
    return trustOf(this.#parts.store);
  }

  /** What this home has signed and its witnesses have yet to cosign. */
  get pending(): StoredCheckpoint | undefined {
    return this.#pending;
  }

  /** Calls back after every published change; returns how to stop that. */
  onPublished(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Appends records, each with a verdict of its own; what arrives together is committed together.
   * Resolves when the outcome is durable and below a signed checkpoint, cosigned where the grid has witnesses. A record
   * that is in the book already gets its line. An outcome `failed`, reason `unsigned`, or `unreachable`, reason
   * `unwitnessed`, is recorded and not committed yet.
   * @param records at most 1,000; hostile
   * @throws Problem `busy` with too many waiting; `failed` where disk or clocks forbid writing (nothing is recorded then)
   */
  async append(records: readonly SignedRecord[]): Promise<Outcome[]> {
    if (records.length > MAX_SUBMIT) throw new Problem('malformed', `more than ${MAX_SUBMIT} records at once`);
    const bytes = records.reduce((sum, { payload, signatures }) => sum + payload.length + SIGNATURE_BYTES * signatures.length, 0);
    if (this.#queue.length >= MAX_WAITING_SUBMISSIONS || this.#waitingBytes + bytes > MAX_WAITING_BYTES) throw new Problem('busy', 'too many submissions are waiting', { hint: 'try again in a moment' });
    const checked = this.#precheck(records);
    checked.catch(() => undefined); // looked at when its turn comes
    this.#waitingBytes += bytes;
    try {
      return await this.#enqueue(records, checked);
    } finally {
      this.#waitingBytes -= bytes;
    }
  }

  /**
   * Has what was recorded and is not committed yet signed and cosigned, so that what is read here counts.
   * @throws Problem as an outcome of `append`
   */
  async settle(): Promise<void> {
    if (this.#parts.store.size > this.#published) await this.renew();
  }

  /** Signs the present state with a new time stamp; in turn with what is appended, so that no older state is signed last. */
  async renew(): Promise<void> {
    if (this.#parts.store.size > 0) await this.#enqueue([], Promise.resolve([]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running;
    this.#isClosed = true;
    this.#head[Symbol.dispose]();
  }

  #enqueue(records: readonly SignedRecord[], checked: Promise<readonly Checked[]>): Promise<Outcome[]> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, checked, resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // Meanwhile others come, which share its transaction.
      await this.#queue[0]?.checked.catch(() => undefined);
      const group = this.#take();
      let problem: Problem | undefined;
      try {
        const checked = (await Promise.all(group.map((submission) => submission.checked))).flat();
        const at = this.#clock.after(this.#parts.store.lastAt);
        const { outcomes, signed } = this.#commit(group.flatMap((submission) => submission.records), checked, at);
        const isAsked = group.some(({ records }) => records.length === 0);
        if (signed !== undefined) {
          this.#noteHead(signed.point);
          this.#tell(signed);
        }
        // Also what an earlier group recorded and could not sign.
        else if (isAsked || this.#parts.store.size > this.#published) problem = await this.#sign(at);
        for (const { records, resolve, reject } of group) {
          const own = outcomes.splice(0, records.length);
          if (problem !== undefined && records.length === 0) reject(problem);
          else resolve(own.map((outcome) => (outcome.ok && problem !== undefined ? { ok: false, problem } : outcome)));
        }
      } catch (thrown) {
        for (const { reject } of group) reject(thrown);
      }
    }
    // In the same breath as the last look at the queue: what comes after starts anew.
    this.#running = undefined;
  }

  /** The submissions that share the next transaction. */
  #take(): Submission[] {
    const group: Submission[] = [];
    let count = 0;
    for (let next = this.#queue[0]; next !== undefined && (count === 0 || count + next.records.length <= MAX_GROUP); next = this.#queue[0]) {
      group.push(next);
      count += next.records.length;
      this.#queue.shift();
    }
    return group;
  }

  /** Checks signatures beside the queue, but no flood of them by keys that nobody asked. */
  async #precheck(records: readonly SignedRecord[]): Promise<Checked[]> {
    const worth = records.map((record) => record.signatures.length === 1 || this.#isNamed(record));
    const verdicts = await this.#parts.pool.check(records.filter((_, i) => worth[i]));
    return worth.map((is) => (is ? verdicts.shift() : undefined));
  }

  /** Whether every signer may sign, as the book is now; what depends on a record that waits is looked at in its turn. */
  #isNamed({ payload, signatures }: SignedRecord): boolean {
    const { store, rules } = this.#parts;
    try {
      checkSignatureList(signatures);
      checkNamed(rules.expected(store, parseRecord(payload), { at: this.#clock.after(store.lastAt), index: store.size }), signatures);
      return true;
    } catch (thrown) {
      if (isProblem(thrown)) return false;
      throw thrown;
    }
  }

  /** Carries out one transaction. `signed`: the checkpoint that was made and kept in it, where the keys are at hand. */
  #commit(records: readonly SignedRecord[], checked: readonly Checked[], at: number): { outcomes: Outcome[]; signed: Signed | undefined } {
    const { store } = this.#parts;
    if (records.length === 0) return { outcomes: [], signed: undefined };
    return effect('committed', () => store.transact((book) => {
      const before = book.size;
      const outcomes = records.map((record, i) => this.#attempt(book, record, checked[i], at));
      // A genesis has yet to be durable before anything is signed by its keys.
      const signed = before === 0 || book.size === before ? undefined : this.#signNow(at);
      if (signed !== undefined) store.keepCheckpoint(book.size, signed.note);
      return { outcomes, signed };
    }));
  }

  #attempt(book: Book, signed: SignedRecord, checked: Checked, at: number): Outcome {
    try {
      // Its line would be dated by the wrong home, and be another line than the new one's.
      if (isHandover(signed.payload)) throw new Problem('refused', 'a hand-over is recorded by the new home, not by the old one', { reason: 'handed_over', hint: '3bot grid handover FILE, in the home folder that takes the grid over' });
      const { record } = ingest(book, this.#parts.rules, { ...signed, at }, checked);
      return { ok: true, id: record.id, index: book.size - 1, known: false };
    } catch (thrown) {
      if (!isProblem(thrown)) throw thrown;
      return this.#known(signed) ?? { ok: false, problem: thrown };
    }
  }

  /** A record that is in the book already is refused on its way in; it gets the line that it has, whoever signed it now. */
  #known({ payload }: SignedRecord): Outcome | undefined {
    try {
      const record = parseRecord(payload);
      const index = this.#parts.store.find(record);
      return index === undefined ? undefined : { ok: true, id: record.id, index, known: true };
    } catch (thrown) {
      if (isProblem(thrown, 'malformed')) return undefined;
      throw thrown;
    }
  }

  /** Gives what stood in the way: what was taken in stays, and is signed with whatever comes next. */
  async #sign(at: number): Promise<Problem | undefined> {
    const { store } = this.#parts;
    const point = this.#point(at);
    try {
      this.#noteHead(point);
      for (const until of this.#dueMilestones()) {
        const milestone = await this.#witnessed(this.#point(at, until));
        effect('milestone_kept', () => store.keepMilestone(until, milestone));
      }
      const note = await this.#witnessed(point);
      effect('checkpoint_kept', () => store.keepCheckpoint(point.size, note));
      this.#tell({ point, note });
      return undefined;
    } catch (thrown) {
      if (isProblem(thrown, 'unreachable', 'unwitnessed')) {
        return new Problem('unreachable', `recorded, but not committed: ${thrown.message}`, {
          reason: 'unwitnessed',
          hint: "do not send it as a new record; once a quorum cosigns, the same record gets its line: '3bot grid show' says who is missing",
          cause: thrown,
        });
      }
      return new Problem('failed', `recorded, but not signed by the home: ${messageOf(thrown)}`, {
        reason: 'unsigned',
        hint: 'do not send it as a new record; unlock the home, and the same record gets its line',
        cause: thrown,
      });
    }
  }

  /** The checkpoint as it may be told: signed, and cosigned by the witnesses that the grid had at this size. */
  async #witnessed(point: TimedPoint): Promise<string> {
    const { store, log, clockSigner, cosigning } = this.#parts;
    const note = await signCheckpoint(point, log, clockSigner);
    const { witnesses: policy } = eraAt(this.pinned, point.size);
    if (policy === null) return note;
    if (cosigning === undefined) throw new Problem('unreachable', 'nobody has asked the witnesses', { reason: 'unwitnessed' });
    const { size } = point;
    this.#pending = { size, note };
    const cosigned = await effect('cosigned', () => cosigning.cosign({
      policy, size, note,
      published: store.checkpoint()?.size ?? 0,
      proof: (from) => store.tree.consistencyProof(from, size),
      onMore: (more) => this.#improve(size, note, more),
    }));
    this.#pending = undefined;
    return cosigned;
  }

  /** Keeps what has more cosignatures than the newest checkpoint, if it still is the newest. */
  #improve(size: number, note: string, more: string): void {
    if (this.#isClosed || !this.#note.startsWith(note)) return;
    this.#parts.store.keepCheckpoint(size, more);
    this.#note = more;
    for (const listener of this.#listeners) listener();
  }

  /** Signs at once, within a transaction; undefined where something must be waited for: an agent, witnesses, a milestone. */
  #signNow(at: number): Signed | undefined {
    const { log, clockSigner } = this.#parts;
    const { witnesses, log_key, clock_key } = this.pinned;
    if (witnesses !== null || log_key !== log.key || clock_key !== clockSigner.key || this.#dueMilestones().length > 0) return undefined;
    const point = this.#point(at);
    const note = signCheckpointNow(point, log, clockSigner);
    return note === undefined ? undefined : { point, note };
  }

  /** The book as it is, or its first lines, for signing. */
  #point(at: number, size = this.#parts.store.size): TimedPoint {
    return { origin: this.pinned.origin, size, root: this.#parts.store.tree.root(size), time_ms: at };
  }

  /** Comes before anybody is told. */
  #noteHead({ size, root }: TimedPoint): void {
    effect('head_noted', () => this.#head.write({ grid: this.pinned.grid, size, root: toHex(root) }));
  }

  #tell({ point, note }: Signed): void {
    this.#note = note;
    this.#published = point.size;
    for (const listener of this.#listeners) listener();
  }

  /** A change of witnesses counts below the old quorum only: that checkpoint first, and kept, however many lines follow. */
  #dueMilestones(): number[] {
    const { store, log } = this.#parts;
    const due = (this.pinned.earlier ?? []).filter(({ until, log_key }) => log_key === log.key && store.milestone(until - 1)?.size !== until);
    return due.map(({ until }) => until);
  }
}

/** @throws Problem `refused` or `integrity` where these are not the keys of the grid's home */
function checkKeys({ log_key, clock_key, earlier = [] }: Pinned, { log, clockSigner }: SequencerParts): void {
  if (log.key === log_key && clockSigner.key === clock_key) return;
  if (earlier.some((era) => era.log_key === log.key)) {
    throw new Problem('refused', "the grid's governance has handed it over to another home; nothing is written here any more", { reason: 'handed_over', hint: "3bot grid join URL, with the new home's address" });
  }
  throw new Problem('integrity', 'these are not the keys that the grid names for its home', { reason: 'key', hint: 'put back the file of keys/ that belongs to this grid' });
}
