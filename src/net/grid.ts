// The grid as every command and daemon sees it: read from this home's own copy, written wherever its lines are numbered.
import type { Clock } from '../base/clock.js';
import { formatDuration } from '../base/duration.js';
import { isProblem, Problem } from '../base/errors.js';
import { FRESH_MS } from '../base/limits.js';
import { freshness } from '../bcdb/copy.js';
import { receiptOf } from '../bcdb/prove.js';
import type { Outcome } from '../bcdb/sequencer.js';
import type { Reader, StoredCheckpoint } from '../bcdb/reader.js';
import { Store } from '../bcdb/store.js';
import { readConfig, type Home } from '../home.js';
import type { Keyring, KeyringType } from '../keys/keyring.js';
import { readGrid, type GridObject } from '../rules/objects.js';
import type { Config, SignedRecord } from '../schema/types.js';
import type { FollowState, OnProgress } from './follow.js';
import type { Basis, LightReader } from './light/reader.js';
import { readOnly } from './readonly.js';
import type { ServedGrid } from './server.js';
import type { Writer, WriterParts } from './writer.js';

/** A grid as config.json lists it; url null: this home numbers its lines. */
export type GridEntry = Config['grids'][number];

/** What opening a grid needs. */
export interface GridOptions {
  readonly home: Home;
  readonly clock: Clock;
  /** Ends whatever is under way. */
  readonly signal: AbortSignal;
  readonly openKeyring: (type: KeyringType, name: string) => Promise<Keyring>;
  /** Makes a keyring with a random secret; without it a home folder that has no grid gets none. */
  readonly createKeyring?: ((type: KeyringType, name: string) => Promise<Keyring>) | undefined;
  /** Id, unique beginning of it, or name; the grid in use if left out, and without any the embedded `local`. */
  readonly grid?: string | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Told at the end what was read of a light grid rests on. */
  readonly onBasis?: ((basis: Basis) => void) | undefined;
  /** Holds the home folder only while it works: for a process that runs long beside a daemon, which may come back. */
  readonly isGuest?: boolean | undefined;
}

/**
 * Opens a grid for reading; the first write takes the home folder's lock, or goes through the process that has it.
 * @throws Problem `not_found` where there is no such grid (or none, and no identity to begin one)
 */
export async function openGrid(options: GridOptions): Promise<Grid> {
  const { home, grid } = options;
  const entry = chosenGrid(readConfig(home), grid) ?? (await (await import('./genesis.js')).createLocal(options));
  // What only some grids need, or only those who write, is loaded there: most commands read a copy.
  const light = entry.light === true ? new (await import('./light/reader.js')).LightReader(home, entry, options.clock) : null;
  return new Grid(options, entry, light);
}

/**
 * The grid that is meant, among those of a config; undefined where none is named and there is none.
 * @throws Problem `not_found`, `usage` where several fit
 */
export function chosenGrid(config: Config, named?: string): GridEntry | undefined {
  const { grids, grid } = config;
  const wanted = named ?? grid ?? (grids.length === 1 ? grids[0]?.id : undefined);
  if (wanted === undefined) {
    if (grids.length > 0) throw new Problem('usage', 'this home folder holds several grids, and none is in use', { hint: '3bot grid use NAME' });
    return undefined;
  }
  const exact = grids.filter(({ id, name }) => id === wanted || name === wanted);
  const found = exact.length > 0 ? exact : grids.filter(({ id }) => wanted.length >= 6 && id.startsWith(wanted));
  if (found.length > 1) throw new Problem('usage', `several grids begin with ${wanted}`, { hint: 'give more digits' });
  if (found[0] === undefined) throw new Problem('not_found', `no grid ${wanted} in this home folder`, { reason: 'grid', hint: '3bot grid list' });
  return found[0];
}

/** A grid's handle. Disposing it gives the lock back. */
export class Grid implements ServedGrid, AsyncDisposable {
  /** Id of the genesis record, hex. */
  readonly id: string;
  readonly name: string;
  readonly dev: boolean;
  /** This home folder numbers the lines. */
  readonly isHome: boolean;
  /** The bot that is followed and forwarded to; null at the home, and where files are followed. */
  readonly url: string | null;
  /** Where the files of a mirror are that this copy is read from; it then is read only. */
  readonly mirror: string | null;
  readonly clock: Clock;
  /** The own copy. It shows what `refresh`, `append` and `submit` brought, always through this one object. */
  readonly reader: Reader;
  readonly #options: GridOptions;
  /** What names the keyring with the log's keys. */
  readonly #genesis: Pick<GridObject, 'dev' | 'nonce' | 'handovers'>;
  readonly #store: Store | LightReader;
  /** The same where there is no copy. */
  readonly #light: LightReader | null;
  readonly #listeners = new Set<() => void>();
  #writer: Promise<Writer> | undefined;
  /** Pieces of work under way. */
  #users = 0;
  #live: Writer | undefined;

  constructor(options: GridOptions, entry: GridEntry, light: LightReader | null) {
    this.#options = options;
    this.#light = light;
    this.#store = this.#light ?? Store.read(options.home.gridDatabase(entry.id));
    if (this.#store.grid !== entry.id) {
      const { grid } = this.#store;
      this.#store[Symbol.dispose]();
      throw new Problem('integrity', `the book of grid ${entry.name} is ${grid === null ? 'empty' : `of grid ${grid}`}`, { hint: '3bot bcdb verify' });
    }
    this.#genesis = this.#light?.genesis ?? readGrid(this.#store);
    this.id = entry.id;
    this.name = entry.name;
    this.dev = this.#genesis.dev;
    this.isHome = entry.url === null;
    this.url = entry.mirror === true ? null : entry.url;
    this.mirror = entry.mirror === true ? entry.url : null;
    this.clock = options.clock;
    this.reader = this.#store;
  }

  /** There is no copy here: state is proven by others when it is asked for. */
  get isLight(): boolean {
    return this.#light !== null;
  }

  /** On a light grid, what everything rests on that was read since the last refresh; else null: on the own copy. */
  get basis(): Basis | null {
    return this.#light?.basis ?? null;
  }

  /** How following goes, as far as this process does it; null before it has. */
  get state(): FollowState | null {
    return this.#live?.state ?? null;
  }

  /**
   * Brings the own copy to the home's newest checkpoint; at the home itself it is there already, unless witnesses were away.
   * @throws Problem `unreachable` when nobody answers, or what answers is too old to believe, or, reason `unwitnessed`, at a
   *   home with lines that no quorum of witnesses has cosigned; `integrity` when what comes does not hold
   */
  async refresh(): Promise<void> {
    if (this.#light !== null) return this.#light.renew();
    // A home whose book is all committed has nothing to do, and needs no key for it.
    if (!this.isHome || this.#hasUncommitted()) await this.#with((writer) => writer.refresh(this.#options.onProgress));
    this.#store.refresh();
    if (!this.isHome) this.#demandFresh();
  }

  /** For those who would sign for nothing. @throws Problem `refused`, reason `read_only`, where this copy is read from a mirror */
  demandWritable(): void {
    if (this.mirror !== null) throw readOnly(this.name, this.mirror);
  }

  /** Lines that the grid's witnesses have yet to cosign. */
  #hasUncommitted(): boolean {
    this.#store.refresh();
    return (this.#store.checkpoint()?.size ?? 0) < this.#store.size;
  }

  /** Nothing is shown as today's, and nothing signed, on a view that somebody may have kept from long ago. */
  #demandFresh(): void {
    const { age_ms } = freshness(this.#store, this.clock);
    if (age_ms < FRESH_MS) return;
    throw new Problem('unreachable', `${this.url ?? this.mirror ?? 'the home'} answers, but the newest time stamp that it has of grid ${this.name} is ${formatDuration(age_ms)} old: too old to believe`, {
      reason: 'stale',
      hint: "if the grid's home is away, try again later; else ask another bot that serves the grid: 3bot grid join URL",
    });
  }

  /**
   * Records, and returns once the record is in the own copy and below a checkpoint. A record that was in the book
   * before gives the line that it has.
   * @throws Problem the rule's own, `unreachable`, `busy`, `integrity`
   */
  async append(record: SignedRecord): Promise<{ id: string; index: number }> {
    const [outcome] = await this.submit([record]);
    if (outcome === undefined) throw new Error('a record without an outcome');
    if (!outcome.ok) throw outcome.problem;
    return { id: outcome.id, index: outcome.index };
  }

  /** `append` for many: each with a verdict of its own, in the order given. @param together all of them or none */
  async submit(records: readonly SignedRecord[], together = false): Promise<Outcome[]> {
    this.demandWritable();
    const outcomes = await this.#with((writer) => writer.submit(records, together));
    this.#store.refresh();
    return outcomes;
  }

  pending(): StoredCheckpoint | undefined {
    const pending = this.#live?.pending?.();
    // The reader has not been told of lines that are not committed.
    if (pending !== undefined) this.#store.refresh();
    return pending;
  }

  /** Proof that a record is in the book, as `.tlog-proof` text. @throws Problem `not_found` */
  receipt(recordId: string): string {
    return this.#light?.receipt(recordId) ?? receiptOf(this.#store, recordId);
  }

  /** Whose word counts on this grid, for those who have no copy: the text of a genesis file. */
  async trustText(): Promise<string> {
    const { textOf, trustText } = await import('./trustfile.js');
    return this.#light === null ? trustText(this.#store) : textOf(this.#light.trust);
  }

  /** Calls back after every change that the reader shows, once this process has written or keeps up. */
  onNews(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes the lock now, not at the first write. @throws Problem `busy`; at a home also what opening its keys throws */
  async hold(): Promise<void> {
    await this.#with(async () => undefined);
  }

  /**
   * What a daemon does all the time: a copy follows, a home renews its time stamp. Ends with the signal.
   * @throws Problem `integrity` when what comes does not hold; it is not tried again
   */
  async keepUp(signal: AbortSignal): Promise<void> {
    await this.#with((writer) => writer.keepUp(signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    if (this.basis !== null) this.#options.onBasis?.(this.basis);
    this.#store[Symbol.dispose]();
  }

  async #with<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
    this.#users += 1;
    try {
      const writer = await this.#open();
      try {
        return await work(writer);
      } catch (thrown) {
        if (!isProblem(thrown, 'unreachable') || (await writer.isGone?.()) !== true) throw thrown;
        // Nothing is recorded twice, so what may have been done just before the end is simply done again.
        if (this.#live === writer) await this.#close();
        return await work(await this.#open());
      }
    } finally {
      this.#users -= 1;
      if (this.#options.isGuest === true && this.#users === 0 && this.#live?.isGone === undefined) await this.#close();
    }
  }

  async #open(): Promise<Writer> {
    this.#writer ??= this.#openWriter();
    try {
      this.#live = await this.#writer;
      return this.#live;
    } catch (thrown) {
      this.#writer = undefined;
      throw thrown;
    }
  }

  async #close(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await (await writer?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  async #openWriter(): Promise<Writer> {
    const { home, clock, signal, openKeyring } = this.#options;
    if (this.#light !== null) return (await import('./light/writer.js')).openLightWriter(home, this.#light, this.url ?? '', signal);
    const [{ gridRules }, { takeHome }, { logKeyring, openCopyWriter, openHomeWriter, openMirrorWriter, openNeighbour }] = await Promise.all([import('../rules/all.js'), import('./lock.js'), import('./writer.js')]);
    const parts: WriterParts = { home, grid: this.id, rules: gridRules, clock, signal };
    const taken = await takeHome(home, signal);
    if (typeof taken === 'string') return openNeighbour(parts, taken);
    const writer = this.mirror !== null ? openMirrorWriter(parts, taken, this.mirror) : this.url !== null ? openCopyWriter(parts, taken, this.url) : await openHomeWriter(parts, taken, logKeyring(this.#genesis.nonce, this.#genesis.handovers ?? 0), openKeyring);
    writer.onNews(() => {
      this.#store.refresh();
      for (const listener of this.#listeners) listener();
    });
    return writer;
  }
}
