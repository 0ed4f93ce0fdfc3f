// The home's side of a book: numbers the lines.
//
// The order of effects is the design:  checked → durable (one transaction) → head file → told to anybody (publisher.ts).
// While a checkpoint waits for its witnesses, what arrives is committed together and cosigned with the next one.
// A crash anywhere leaves a prefix that is durable; opening again signs what was not signed.
import type { Clock } from '../base/clock.js';
import { effect } from '../base/effect.js';
import { isProblem, Problem } from '../base/errors.js';
import { MAX_GROUP, MAX_SUBMIT, MAX_WAITING_BYTES, MAX_WAITING_SUBMISSIONS } from '../base/limits.js';
import type { Signer } from '../keys/ed25519.js';
import type { SignaturePool } from '../keys/pool.js';
import type { SignedRecord } from '../schema/types.js';
import type { Book } from './book.js';
import { HeadFile } from './head.js';
import { checkNamed, ingest, type Checked } from './ingest.js';
import { IntakeClock } from './intake.js';
import { isHandover, trustOf, type Pinned } from './pinned.js';
import { Publisher, type Cosigning, type Signed } from './publisher.js';
import { checkSignatureList, parseRecord } from './record.js';
import type { RuleBook } from './rulebook.js';
import type { StoredCheckpoint } from './reader.js';
import type { Store } from './store.js';
import { Trial } from './trial.js';

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

/** Records that wait for their turn; none at all asks for a new time stamp. */
interface Submission {
  readonly records: readonly SignedRecord[];
  /** All of them, or none. */
  readonly together: boolean;
  readonly checked: Promise<readonly Checked[]>;
  readonly resolve: (outcomes: Outcome[]) => void;
  readonly reject: (thrown: unknown) => void;
}

/** Books whose home is open in this process, by path: two would sign two orders. Other processes the home's lock keeps away. */
const OPEN = new Set<string>();

/** Appends records to the book it is home of. Exactly one per book, under the home's lock. */
export class Sequencer implements AsyncDisposable {
  readonly #parts: SequencerParts;
  readonly #head: HeadFile;
  readonly #clock: IntakeClock;
  readonly #publisher: Publisher;
  readonly #queue: Submission[] = [];
  #running: Promise<void> | undefined;
  #waitingBytes = 0;

  private constructor(parts: SequencerParts, head: HeadFile) {
    this.#parts = parts;
    this.#head = head;
    this.#clock = new IntakeClock(parts.clock);
    this.#publisher = new Publisher({ ...parts, head });
  }

  /**
   * Opens a home. A book with lines gets a fresh checkpoint at once.
   * @throws Problem `integrity` where the book does not contain what this home signed before, or the keys are not those
   *   of its home; `refused`, reason `handed_over`, where another home numbers its lines now
   */
  static async open(parts: SequencerParts): Promise<Sequencer> {
    const { store } = parts;
    if (OPEN.has(store.db.name)) throw new Problem('busy', `this process numbers the lines of ${store.db.name} already`);
    const head = new HeadFile(parts.headPath);
    OPEN.add(store.db.name);
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
      OPEN.delete(store.db.name);
      throw thrown;
    }
  }

  /** The newest checkpoint, a signed note; empty as long as the book is. */
  get checkpoint(): string {
    return this.#publisher.note;
  }

  /** What is trusted of the grid now. @throws Error in an empty book */
  get pinned(): Pinned {
    return trustOf(this.#parts.store);
  }

  /** What this home has signed and its witnesses have yet to cosign. */
  get pending(): StoredCheckpoint | undefined {
    return this.#publisher.pending;
  }

  /** Calls back after every published change; returns how to stop that. */
  onPublished(listener: () => void): () => void {
    return this.#publisher.onPublished(listener);
  }

  /**
   * Appends records, each with a verdict of its own; what arrives together is committed together.
   * Resolves when the outcome is durable and below a signed checkpoint, cosigned where the grid has witnesses. A record
   * that is in the book already gets its line. An outcome `failed`, reason `unsigned`, or `unreachable`, reason
   * `unwitnessed`, is recorded and not committed yet.
   * @param records at most 1,000; hostile
   * @param together all of them in one transaction, or none: those that are good are then refused with reason `together`
   * @throws Problem `busy` with too many waiting; `failed` where disk or clocks forbid writing (nothing is recorded then)
   */
  async append(records: readonly SignedRecord[], together = false): Promise<Outcome[]> {
    if (records.length > MAX_SUBMIT) throw new Problem('malformed', `more than ${MAX_SUBMIT} records at once`);
    const bytes = records.reduce((sum, { payload, signatures }) => sum + payload.length + SIGNATURE_BYTES * signatures.length, 0);
    if (this.#queue.length >= MAX_WAITING_SUBMISSIONS || this.#waitingBytes + bytes > MAX_WAITING_BYTES) throw new Problem('busy', 'too many submissions are waiting', { hint: 'try again in a moment' });
    const checked = this.#precheck(records);
    checked.catch(() => undefined); // looked at when its turn comes
    this.#waitingBytes += bytes;
    try {
      return await this.#enqueue(records, together, checked);
    } finally {
      this.#waitingBytes -= bytes;
    }
  }

  /**
   * Has what was recorded and is not committed yet signed and cosigned, so that what is read here counts.
   * @throws Problem as an outcome of `append`, saying that it is about earlier lines
   */
  async settle(): Promise<void> {
    if (this.#parts.store.size === this.#publisher.size) return;
    try {
      await this.renew();
    } catch (thrown) {
      if (!isProblem(thrown, 'unreachable', 'unwitnessed')) throw thrown;
      throw new Problem('unreachable', `the newest lines of this home are ${thrown.message}`, {
        reason: 'unwitnessed',
        hint: "nothing new was recorded; try again once a quorum cosigns: '3bot grid show' says who is missing",
        cause: thrown,
      });
    }
  }

  /** Signs the present state with a new time stamp; in turn with what is appended, so that no older state is signed last. */
  async renew(): Promise<void> {
    if (this.#parts.store.size > 0) await this.#enqueue([], false, Promise.resolve([]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running;
    this.#publisher.close();
    this.#head[Symbol.dispose]();
    OPEN.delete(this.#parts.store.db.name);
  }

  #enqueue(records: readonly SignedRecord[], together: boolean, checked: Promise<readonly Checked[]>): Promise<Outcome[]> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, together, checked, resolve, reject });
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
        const checked = await Promise.all(group.map((submission) => submission.checked));
        const at = this.#clock.after(this.#parts.store.lastAt);
        const { outcomes, signed } = this.#commit(group, checked, at);
        const isAsked = group.some(({ records }) => records.length === 0);
        if (signed !== undefined) problem = this.#publisher.tell(signed);
        // Also what an earlier group recorded and could not sign.
        else if (isAsked || this.#parts.store.size > this.#publisher.size) problem = await this.#publisher.sign(at);
        for (const [i, { records, resolve, reject }] of group.entries()) {
          const own = outcomes[i] ?? [];
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

  /**
   * Carries out one transaction: outcomes by submission. `signed`: the checkpoint that was made and kept in it, where the
   * keys are at hand.
   */
  #commit(group: readonly Submission[], checked: readonly (readonly Checked[])[], at: number): { outcomes: Outcome[][]; signed: Signed | undefined } {
    const { store } = this.#parts;
    if (group.every(({ records }) => records.length === 0)) return { outcomes: [], signed: undefined };
    return effect('committed', () => store.transact((book) => {
      const before = book.size;
      const outcomes = group.map((submission, i) => (submission.together ? this.#allOrNone(book, submission, checked[i] ?? [], at) : this.#each(book, submission, checked[i] ?? [], at)));
      // A genesis has yet to be durable before anything is signed by its keys.
      const signed = before === 0 || book.size === before ? undefined : this.#publisher.signNow(at);
      return { outcomes, signed };
    }));
  }

  #each(book: Book, { records }: Pick<Submission, 'records'>, checked: readonly Checked[], at: number): Outcome[] {
    return records.map((record, i) => this.#attempt(book, record, checked[i], at));
  }

  /** Nothing of it is written before all of it is known to be good. */
  #allOrNone(book: Book, submission: Submission, checked: readonly Checked[], at: number): Outcome[] {
    const trial = new Trial(book);
    const outcomes = this.#each(trial, submission, checked, at);
    const bad = outcomes.find((outcome) => !outcome.ok);
    if (bad === undefined) {
      trial.commit();
      return outcomes;
    }
    const problem = new Problem('refused', `not recorded, since another record that was handed in together with it was refused: ${bad.problem.message}`, { reason: 'together' });
    return outcomes.map((outcome) => (outcome.ok && !outcome.known ? { ok: false, problem } : outcome));
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
}

/** @throws Problem `refused` or `integrity` where these are not the keys of the grid's home */
function checkKeys({ log_key, clock_key, earlier = [] }: Pinned, { log, clockSigner }: SequencerParts): void {
  if (log.key === log_key && clockSigner.key === clock_key) return;
  if (earlier.some((era) => era.log_key === log.key)) {
    throw new Problem('refused', "the grid's governance has handed it over to another home; nothing is written here any more", { reason: 'handed_over', hint: "3bot grid join URL, with the new home's address" });
  }
  throw new Problem('integrity', 'these are not the keys that the grid names for its home', { reason: 'key', hint: 'put back the file of keys/ that belongs to this grid' });
}
