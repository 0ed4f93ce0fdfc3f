// The home's side of a book: numbers the lines and signs the order.
//
// The order of effects is the design:  checked → durable (one transaction) → head file → checkpoint → told to anybody.
// A crash anywhere leaves a prefix that is durable; opening again signs the checkpoint that was not signed.
import { uptime } from 'node:os';
import type { Clock } from '../base/clock.js';
import { effect } from '../base/effect.js';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { MAX_CLOCK_DRIFT_MS, MAX_SUBMIT, MAX_WAITING_BYTES, MAX_WAITING_SUBMISSIONS } from '../base/limits.js';
import type { Signer } from '../keys/ed25519.js';
import type { SignaturePool } from '../keys/pool.js';
import type { SignedRecord } from '../schema/types.js';
import type { Book } from './book.js';
import { signCheckpoint } from './checkpoint.js';
import { HeadFile } from './head.js';
import { checkNamed, ingest, type Checked } from './ingest.js';
import { trustOf, type Pinned } from './pinned.js';
import { checkSignatureList, parseRecord } from './record.js';
import type { RuleBook } from './rulebook.js';
import type { Store } from './store.js';


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
}

/** Records that wait for their turn; none at all asks for a new time stamp. */
interface Submission {
  readonly records: readonly SignedRecord[];
  readonly checked: Promise<readonly Checked[]>;
  readonly resolve: (outcomes: Outcome[]) => void;
  readonly reject: (thrown: unknown) => void;
}

/** Appends records to the book it is home of. Exactly one per book, under the home's lock. */
export class Sequencer implements AsyncDisposable {
  readonly #parts: SequencerParts;
  readonly #head: HeadFile;
  readonly #bootTime: number;
  readonly #listeners = new Set<() => void>();
  readonly #queue: Submission[] = [];
  #running: Promise<void> | undefined;
  #note = '';
  /** Lines below the newest checkpoint of this process. */
  #published = 0;
  #waitingBytes = 0;

  private constructor(parts: SequencerParts, head: HeadFile) {
    this.#parts = parts;
    this.#head = head;
    this.#bootTime = parts.clock() - uptime() * 1000;
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
        await sequencer.renew();
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

  /** Calls back after every published change; returns how to stop that. */
  onPublished(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Appends records, each with a verdict of its own; what arrives together is committed together.
   * Resolves when the outcome is durable and below a signed checkpoint. A record that is in the book already gets its line.
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

  /** Signs the present state with a new time stamp; in turn with what is appended, so that no older state is signed last. */
  async renew(): Promise<void> {
    if (this.#parts.store.size > 0) await this.#enqueue([], Promise.resolve([]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running;
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
      const group = this.#take();
      try {
        const checked = (await Promise.all(group.map((submission) => submission.checked))).flat();
        const at = this.#now();
        const outcomes = this.#commit(group.flatMap((submission) => submission.records), checked, at);
        const isAsked = group.some(({ records }) => records.length === 0);
        // Also what an earlier group recorded and could not sign.
        if (isAsked || this.#parts.store.size > this.#published) await this.#sign(at);
        for (const { records, resolve } of group) resolve(outcomes.splice(0, records.length));
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
    for (let next = this.#queue[0]; next !== undefined && (count === 0 || count + next.records.length <= MAX_SUBMIT); next = this.#queue[0]) {
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
      checkNamed(rules.expected(store, parseRecord(payload), { at: this.#now(), index: store.size }), signatures);
      return true;
    } catch (thrown) {
      if (isProblem(thrown)) return false;
      throw thrown;
    }
  }

  #commit(records: readonly SignedRecord[], checked: readonly Checked[], at: number): Outcome[] {
    if (records.length === 0) return [];
    const { store } = this.#parts;
    return effect('committed', () => store.transact((book) => records.map((record, i) => this.#attempt(book, record, checked[i], at))));
  }

  #attempt(book: Book, signed: SignedRecord, checked: Checked, at: number): Outcome {
    const id = sha256Hex(signed.payload);
    const index = book.indexOf(id);
    if (index !== undefined) return { ok: true, id, index, known: true };
    try {
      ingest(book, this.#parts.rules, { ...signed, at }, checked);
      return { ok: true, id, index: book.size - 1, known: false };
    } catch (thrown) {
      if (isProblem(thrown)) return { ok: false, problem: thrown };
      throw thrown;
    }
  }

  /** Time of intake: the wall clock, as long as it agrees with the time since boot and with the book. */
  #now(): number {
    const wall = this.#parts.clock();
    const drift = wall - uptime() * 1000 - this.#bootTime;
    const behind = this.#parts.store.lastAt - wall;
    if (Math.abs(drift) > MAX_CLOCK_DRIFT_MS || behind > MAX_CLOCK_DRIFT_MS) {
      throw new Problem('failed', `this machine's clocks disagree by ${Math.round(Math.max(Math.abs(drift), behind) / 1000)} s; nothing was recorded`, { reason: 'clocks', hint: 'set the clock (NTP), then start again' });
    }
    return Math.max(wall, this.#parts.store.lastAt);
  }

  /** @throws Problem `failed`, reason `unsigned`: what was taken in stays, and is signed with whatever comes next */
  async #sign(at: number): Promise<void> {
    try {
      await this.#publish(at);
    } catch (thrown) {
      throw new Problem('failed', `recorded, but not signed by the home: ${messageOf(thrown)}`, {
        reason: 'unsigned',
        hint: 'do not send it as a new record; unlock the home, and the same record gets its line',
        cause: thrown,
      });
    }
  }

  async #publish(at: number): Promise<void> {
    const { store } = this.#parts;
    const { pinned } = this;
    const { size } = store;
    this.#head.write({ grid: pinned.grid, size, root: store.tree.root(size).toString('hex') });
    await this.#passMilestones(pinned, at);
    this.#note = await this.#checkpoint(pinned, size, at);
    store.keepCheckpoint(size, this.#note);
    this.#published = size;
    for (const listener of this.#listeners) listener();
  }

  /** A change of witnesses counts below the old quorum only: that checkpoint first, and kept, however many lines follow. */
  async #passMilestones(pinned: Pinned, at: number): Promise<void> {
    const { store, log } = this.#parts;
    for (const { until, log_key } of pinned.earlier ?? []) {
      if (log_key !== log.key || store.milestone(until - 1)?.size === until) continue;
      store.keepMilestone(until, await this.#checkpoint(pinned, until, at));
    }
  }

  async #checkpoint({ origin }: Pinned, size: number, at: number): Promise<string> {
    const { store, log, clockSigner } = this.#parts;
    return signCheckpoint({ origin, size, root: store.tree.root(size), time_ms: at }, log, clockSigner);
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
