// Keeps a copy at its home's newest checkpoint. What the home sends is believed only after `ingestBatch`.
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../base/clock.js';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { MAX_LONG_POLL_MS, MAX_RETRY_MS, MIN_RETRY_MS } from '../base/limits.js';
import { ingestBatch, type Batch } from '../bcdb/copy.js';
import type { Checked } from '../bcdb/ingest.js';
import type { RuleBook } from '../bcdb/rulebook.js';
import type { Store } from '../bcdb/store.js';
import type { SignaturePool } from '../keys/pool.js';
import { handedOverBelow } from './abandoned.js';
import { Ahead, type Fetched, type Ready } from './ahead.js';
import { investigate, isSignedByHome, keepEvidence } from './evidence.js';

/** How following goes; for those who must tell "nothing new" from "cannot read". */
export interface FollowState {
  /** When the home was last read without fault, ms; null: not since this process began. */
  readonly lastRead_ms: number | null;
  /** What stands in the way at present. */
  readonly problem: Problem | null;
  /** Following has ended for good: the home itself has signed what does not hold. */
  readonly ended: boolean;
}

/** Where lines come from: a bot, a mirror. */
export interface LineSource {
  /** What messages call it. */
  readonly name: string;
  /**
   * Lines from number `from` on, with the checkpoint they lead to; all of it hostile.
   * @param wait how long to wait for news where there is none, ms
   * @param limit of lines; a mirror gives what a file holds
   * @throws Problem `unreachable`
   */
  lines(grid: string, from: number, options: { wait?: number; limit?: number; signal?: AbortSignal | undefined }): Promise<Batch>;
  /** Objects of its state by prefix, where it has any. */
  objects?(grid: string, prefix: string, signal?: AbortSignal): Promise<unknown>;
}

/** What a follower is made of. */
export interface FollowParts {
  readonly store: Store;
  readonly rules: RuleBook;
  readonly client: LineSource;
  /** Id of the grid that is followed. */
  readonly grid: string;
  readonly pool: SignaturePool;
  readonly clock: Clock;
  /** Folder for evidence against the home; none is kept where it is left out. */
  readonly evidence?: string;
}

/** How far a catch-up is. */
export type OnProgress = (lines: number, of: number) => void;

/** Follows one book from one bot. */
export class Follower {
  readonly #parts: FollowParts;
  readonly #listeners = new Set<() => void>();
  /** What the home itself has signed and does not hold. */
  #proven: Problem | undefined;
  #state: FollowState = { lastRead_ms: null, problem: null, ended: false };

  constructor(parts: FollowParts) {
    this.#parts = parts;
  }

  get state(): FollowState {
    return this.#state;
  }

  /** Calls back after every batch that was taken in; returns how to stop that. */
  onNews(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Follows until the newest checkpoint of the bot that is asked.
   * @throws Problem `unreachable`, or `integrity` naming what does not hold; the copy then stays at its last good line
   */
  async catchUp({ signal, onProgress }: { signal?: AbortSignal | undefined; onProgress?: OnProgress | undefined } = {}): Promise<void> {
    const { store } = this.#parts;
    const stop = new AbortController();
    const ends = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
    const ahead = new Ahead((from) => this.#fetch(from, 0, ends));
    try {
      for (;;) {
        const before = store.size;
        const step = await this.#take(await ahead.next(before), signal);
        if (step === undefined) continue;
        const { size } = store;
        onProgress?.(size, step.of);
        if (size >= step.of && (!step.more || size === before)) return;
      }
    } finally {
      stop.abort();
    }
  }

  /**
   * Follows until the signal ends, or until the home has signed what does not hold: that is never tried again.
   * A home that is away, and whatever may have been changed on the way, is asked again, with growing pauses.
   * @throws Problem `integrity`
   */
  async forever(signal: AbortSignal): Promise<void> {
    let failures = 0;
    let isCurrent = false;
    while (!signal.aborted) {
      try {
        // At first, and after a failure, the answer shall come at once; only a follower that is current waits for news.
        const fetched = await this.#fetch(this.#parts.store.size, isCurrent ? MAX_LONG_POLL_MS : 0, signal);
        await this.#take({ ...fetched, checked: await fetched.checked }, signal);
        isCurrent = true;
        failures = 0;
      } catch (thrown) {
        if (signal.aborted) return;
        const problem = isProblem(thrown) ? thrown : new Problem('failed', messageOf(thrown), { cause: thrown });
        const ended = this.#proven === problem;
        this.#state = { ...this.#state, problem, ended };
        if (ended) throw problem;
        isCurrent = false;
        failures += 1;
        await pause(retryAfter(failures), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Lines from number `from` on; the checks of their signatures are under way. */
  async #fetch(from: number, wait: number, signal: AbortSignal | undefined): Promise<Fetched> {
    const { client, grid, pool } = this.#parts;
    const batch = await client.lines(grid, from, { wait, signal });
    const checked = pool.check(batch.lines);
    checked.catch(() => undefined); // thrown where it is awaited
    return { from, batch, checked };
  }

  /** What has come is taken in; gives the lines below its checkpoint, and whether there are more. Undefined where the copy has moved meanwhile. */
  async #take({ from, batch, checked }: Ready, signal: AbortSignal | undefined): Promise<{ of: number; more: boolean } | undefined> {
    const { store, client, clock } = this.#parts;
    // Another step may have taken the same lines in while this one waited.
    if (store.size !== from) return undefined;
    const of = await this.#ingest(batch, checked, signal);
    if (batch.lines.length === 0 && store.size < of) throw new Problem('unreachable', `${client.name} has signed ${of} lines and gives none after ${store.size}`, { reason: 'withheld' });
    this.#state = { ...this.#state, lastRead_ms: clock(), problem: null };
    for (const listener of this.#listeners) listener();
    return { of, more: batch.trailer.more === true };
  }

  async #ingest(batch: Batch, checked: readonly Checked[], signal: AbortSignal | undefined): Promise<number> {
    const { store, rules, grid, clock } = this.#parts;
    try {
      return ingestBatch({ store, rules, grid, clock }, batch, checked);
    } catch (thrown) {
      if (!isProblem(thrown, 'integrity')) throw thrown;
      this.#proven = await this.#proof(batch, thrown, signal);
      throw this.#proven ?? thrown;
    }
  }

  /**
   * What to say for good about a batch that was not taken: the home itself has signed what does not hold, or governance
   * has turned away from it. Undefined where anybody on the way may have done it.
   */
  async #proof(batch: Batch, thrown: Problem, signal: AbortSignal | undefined): Promise<Problem | undefined> {
    const { store, grid, clock, client, evidence: folder } = this.#parts;
    const isSigned = isSignedByHome(store, grid, batch);
    const abandoned = isSigned ? undefined : await handedOverBelow(client, store, grid, signal);
    if (abandoned !== undefined) return abandoned;
    const found = await investigate({ reader: store, grid, client, clock, signal }, batch, thrown);
    const kept = found === undefined || folder === undefined ? undefined : keepEvidence(folder, found);
    if (!isSigned && (found === undefined || found.kind === 'unproven')) return undefined;
    if (kept === undefined) return thrown;
    const { code, message, reason, hint } = thrown;
    return new Problem(code, message, { cause: thrown, ...(reason === undefined ? {} : { reason }), hint: `${hint ?? ''}; evidence is kept: 3bot bcdb evidence verify ${kept}` });
  }
}

/** Doubling pauses, each between half and whole, so that followers do not come back all at once. */
function retryAfter(failures: number): number {
  return Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** Math.min(failures - 1, 10)) * (0.5 + Math.random() / 2);
}
