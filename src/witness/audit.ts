// The auditing witness' look at a book: every line by all rules, and its time by this witness' own clock.
//
// It asks the home for what the log has signed and nobody has cosigned yet, and takes that into a copy of its own: what
// is in there is what has been audited. A line that does not hold stays out, and so does everything after it.
import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { iso, type Clock } from '../base/clock.js';
import { isProblem, Problem } from '../base/errors.js';
import { AUDIT_CLOCK_SKEW_MS, AUDIT_WAIT_MS } from '../base/limits.js';
import { StateAudit } from '../bcdb/audit.js';
import { ingestBatch, type Batch } from '../bcdb/copy.js';
import { StateFile } from '../bcdb/statefile.js';
import { Store } from '../bcdb/store.js';
import type { Home } from '../home.js';
import { SignaturePool } from '../keys/pool.js';
import { handedOverBelow } from '../net/abandoned.js';
import { Client } from '../net/client.js';
import { gridRules } from '../rules/all.js';
import type { Line } from '../schema/types.js';
import { parseCheckpointText, type CheckpointText } from '../tlog/checkpoint.js';
import { parseNote } from '../tlog/note.js';
import { refused, type Answer } from '../tlog/witness.js';
import type { Ledger, LedgerLog } from './ledger.js';

/** What an auditor works with. */
export interface AuditParts {
  readonly home: Home;
  /** Name of the witness. */
  readonly name: string;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Where the lines of a grid are. */
interface AuditSource {
  readonly grid: string;
  /** Base URL. */
  readonly url: string;
}

/** A book under audit. */
interface Copy {
  readonly store: Store;
  readonly file: StateFile;
  /** Of the state roots in it, which rules alone cannot judge. */
  readonly roots: StateAudit;
  /** Taking in what is new; none where all is in. */
  work: Promise<void> | undefined;
}

/** Audits the books of one witness. */
export class Auditor implements AsyncDisposable {
  readonly #parts: AuditParts;
  readonly #copies = new Map<string, Copy>();
  readonly #pool = new SignaturePool();

  constructor(parts: AuditParts) {
    this.#parts = parts;
  }

  /**
   * Takes in what a checkpoint covers; undefined once all of it holds.
   *
   * 422: a line, its time or the tree does not hold. 503: the lines cannot be had now, or are so many that a later
   * request will find them taken in.
   */
  async refusalOf(log: LedgerLog, { size, root }: CheckpointText): Promise<Answer | undefined> {
    const { grid = '', url = null } = log.source ?? {};
    if (url === null) return refused(422, 'this witness audits, and does not know where the lines of this log are');
    const copy = this.#copy(grid);
    try {
      copy.work ??= this.#takeIn(copy, { grid, url }, size, log).finally(() => (copy.work = undefined));
      if (!(await isDoneWithin(copy.work, AUDIT_WAIT_MS))) return refused(503, `${copy.store.size} of ${size} lines are audited so far; ask again`);
    } catch (thrown) {
      if (!isProblem(thrown)) throw thrown;
      return refused(thrown.code === 'integrity' ? 422 : 503, `audit: ${thrown.message}`);
    }
    if (copy.store.size < size) return refused(503, `${copy.store.size} of ${size} lines are audited so far; ask again`);
    if (copy.store.tree.root(size).equals(root)) return undefined;
    await using client = new Client({ url });
    await this.#dropAbandoned(copy.store, client, grid);
    return refused(422, `audit: these are not the ${size} lines that the home gives out`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { work, store, file } of this.#copies.values()) {
      await work?.catch(() => undefined);
      file[Symbol.dispose]();
      store[Symbol.dispose]();
    }
    await this.#pool[Symbol.asyncDispose]();
  }

  #copy(grid: string): Copy {
    let copy = this.#copies.get(grid);
    if (copy === undefined) {
      const path = this.#parts.home.witnessCopy(this.#parts.name, grid);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const [store, file] = [Store.open(path), StateFile.open('')];
      copy = { store, file, roots: new StateAudit(store, gridRules, file), work: undefined };
      this.#copies.set(grid, copy);
    }
    return copy;
  }

  async #takeIn({ store, roots }: Copy, source: AuditSource, size: number, log: LedgerLog): Promise<void> {
    await this.#fetch(store, source, size, log);
    await roots.check(size);
  }

  /**
   * Asks the home at least once, also for what is here: when it had no more bounds the time of what comes later. A
   * checkpoint alone shows no such thing, since anybody can hand in the newest one again.
   */
  async #fetch(store: Store, { grid, url }: AuditSource, size: number, log: LedgerLog): Promise<void> {
    const { clock, ledger, signal } = this.#parts;
    await using client = new Client({ url });
    let asked_ms: number;
    let batch: Batch;
    do {
      asked_ms = clock();
      batch = await client.lines(grid, store.size, { pending: true, signal });
      if (batch.lines.length === 0 && store.size < size) throw new Problem('unreachable', `${url} gives no lines after ${store.size}`, { reason: 'withheld' });
      // Lines that were seen before are fetched again where this witness' copy is lost.
      const known = Math.max(0, log.looked_size - store.size);
      checkTimes(batch.lines.slice(0, known), store.size, null, clock());
      checkTimes(batch.lines.slice(known), store.size + known, log.looked_ms, clock());
      try {
        ingestBatch({ store, rules: gridRules, grid, clock, isAuditor: true }, batch, await this.#pool.check(batch.lines));
      } catch (thrown) {
        if (isProblem(thrown, 'integrity')) await this.#dropAbandoned(store, client, grid);
        throw thrown;
      }
    } while (store.size < size);
    const { checkpoint, more } = batch.trailer;
    if (more !== true && parseCheckpointText(parseNote(checkpoint).text).size === store.size) ledger.look(log, store.size, asked_ms);
  }

  /**
   * Forgets what was audited where the old home alone had signed some of it, and governance has handed the grid over
   * below: the next look begins at line 0. What was cosigned is in the ledger, and stays.
   */
  async #dropAbandoned(store: Store, client: Client, grid: string): Promise<void> {
    if ((await handedOverBelow(client, store, grid, this.#parts.signal)) === undefined) return;
    const copy = this.#copies.get(grid);
    copy?.file[Symbol.dispose]();
    copy?.store[Symbol.dispose]();
    this.#copies.delete(grid);
    rmSync(dirname(this.#parts.home.witnessCopy(this.#parts.name, grid)), { recursive: true, force: true });
  }
}

/**
 * The home says when it took each line in; it happened after the home had told this witness that there was no such line,
 * and before now. Both by 120 s, as clocks differ. While a home asks for cosignatures every minute, these bounds are as
 * close together.
 * @param seen_ms when the home said so; null: it never has
 * @throws Problem `integrity`, reason `time`
 */
export function checkTimes(lines: readonly Pick<Line, 'at'>[], from: number, seen_ms: number | null, now_ms: number): void {
  for (const [i, { at }] of lines.entries()) {
    if (at > now_ms + AUDIT_CLOCK_SKEW_MS) throw new Problem('integrity', `line ${from + i} is dated ${iso(at)}, and it is ${iso(now_ms)}`, { reason: 'time' });
    if (seen_ms !== null && at < seen_ms - AUDIT_CLOCK_SKEW_MS) throw new Problem('integrity', `line ${from + i} is dated ${iso(at)}, and at ${iso(seen_ms)} it was not in the book`, { reason: 'time' });
  }
}

async function isDoneWithin(work: Promise<void>, ms: number): Promise<boolean> {
  const given = new AbortController();
  try {
    return await Promise.race([work.then(() => true), pause(ms, false, { signal: given.signal })]);
  } finally {
    given.abort();
  }
}
