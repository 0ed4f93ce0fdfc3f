// A grid without a copy, read as if there were one: every object is proven by the newest state root when it is first
// asked for, and what cannot be proven is refused, never "not there".
import { iso, type Clock } from '../../base/clock.js';
import type { JsonObject } from '../../base/canonical.js';
import { isProblem, Problem } from '../../base/errors.js';
import { MAX_ROWS } from '../../base/limits.js';
import type { Head } from '../../bcdb/book.js';
import type { Pinned } from '../../bcdb/pinned.js';
import type { Answer, Query } from '../../bcdb/query.js';
import { verifyReceipt, type VerifiedReceipt } from '../../bcdb/receipt.js';
import type { ParsedRecord } from '../../bcdb/record.js';
import { verifyStateProof, type ProvenObject, type ProvenState, type Seen } from '../../bcdb/stateproof.js';
import type { Reader, StoredCheckpoint } from '../../bcdb/reader.js';
import type { Home } from '../../home.js';
import type { Genesis, Line, Payload } from '../../schema/types.js';
import type { Statements, Trust } from '../trustfile.js';
import { Asker } from './ask.js';
import { keptSince, readLight, writeLight, type KeptLight } from './file.js';

/** How often, and how long apart, a state is asked for that is not there yet: roots come a second apart. */
const TRIES = 20;
const PAUSE_MS = 300;

/** What a result on a light grid rests on. */
export interface Basis {
  /** Line of the state root by which everything was proven, when it was taken in, and the lines that it covers. */
  readonly line: number;
  readonly time: string;
  readonly size: number;
  /** What was believed without proof, in words. */
  readonly on_trust: readonly string[];
}

/** The `Reader` of a light grid. */
export class LightReader implements Reader, Disposable {
  readonly grid: string;
  readonly #home: Home;
  readonly #clock: Clock;
  /** As the file has it. */
  readonly #kept: KeptLight;
  #trust: Trust;
  readonly #asker: Asker;
  readonly #objects = new Map<string, JsonObject | undefined>();
  readonly #heads = new Map<string, Head | undefined>();
  readonly #receipts = new Map<string, { readonly text: string; readonly proven: VerifiedReceipt }>();
  readonly #onTrust = new Set(['that this root is what the lines make: only a copy, or a witness that audits, would find out']);
  #seen: Seen | undefined;
  /** The oldest state that something was read from since `renew`. */
  #state: ProvenState | undefined;
  /** Newest line of the own records of this process: a state must hold it to be of use. */
  #mine = -1;

  /** @throws Problem `integrity` where light.json does not hold */
  constructor(home: Home, { id, url }: { readonly id: string; readonly url: string | null }, clock: Clock) {
    if (url === null) throw new Error('a light grid without an address');
    this.grid = id;
    this.#home = home;
    this.#clock = clock;
    this.#kept = readLight(home, id);
    this.#trust = this.#kept.trust;
    this.#seen = this.#kept.seen;
    this.#asker = new Asker(url, id);
  }

  /** What genesis lays down. */
  get genesis(): Genesis {
    return (JSON.parse(this.#trust.genesis.payload) as Payload).body as unknown as Genesis;
  }

  /** Whose word counts. */
  get trust(): Trust {
    return this.#trust;
  }

  /** What was read since `renew` rests on; null where nothing was. */
  get basis(): Basis | null {
    if (this.#state === undefined) return null;
    const { line, at, size } = this.#state;
    return { line, time: iso(at), size, on_trust: [...this.#onTrust] };
  }

  /** Forgets what was proven, so that all is asked anew, and asks whether the grid is there and fresh. */
  renew(): void {
    this.refresh();
    this.get('grid');
  }

  get(id: string): JsonObject | undefined {
    if (!this.#objects.has(id)) this.#prove([id]);
    return this.#objects.get(id);
  }

  /** Which objects there are is taken on trust; each that is given is proven. */
  objects(prefix: string, limit: number, after = ''): { id: string; value: JsonObject }[] {
    const listed = this.#asker.ask({ what: 'ids', prefix });
    if (listed.length >= MAX_ROWS) throw notHere(`more than ${MAX_ROWS} objects ${prefix}…`);
    this.#onTrust.add(`that no object ${prefix}… is left out`);
    const ids = listed.filter((id) => id.startsWith(prefix) && id > after).sort().slice(0, limit);
    this.#prove(ids.filter((id) => !this.#objects.has(id)));
    return ids.flatMap((id) => {
      const value = this.get(id);
      return value === undefined ? [] : [{ id, value }];
    });
  }

  /** The end of a chain as it is told. Its record is proven; that nothing follows it the home finds out, which refuses what does not continue the chain. */
  head(chain: string): Head | undefined {
    if (!this.#heads.has(chain)) {
      const [newest] = this.#asker.ask({ what: 'records', wanted: { chain, limit: 1 } }).records;
      const payload = newest === undefined ? undefined : this.#record(newest.id).proven.record.payload;
      if (payload !== undefined && payload.chain !== chain) throw new Problem('integrity', `record ${newest?.id ?? ''} is not of chain ${chain}`);
      this.#heads.set(chain, payload === undefined ? undefined : { height: payload.height, id: newest?.id ?? '' });
    }
    return this.#heads.get(chain);
  }

  /** Where it is not found, that is taken on trust. */
  find({ id }: ParsedRecord): number | undefined {
    try {
      return this.#record(id).proven.index;
    } catch (thrown) {
      if (!isProblem(thrown, 'not_found')) throw thrown;
      this.#onTrust.add(`that record ${id.slice(0, 12)} is not in the book`);
      return undefined;
    }
  }

  line(index: number): Line {
    if (index === 0) return this.#trust.genesis;
    throw notHere(`line ${index}`);
  }

  /** Records that are found there: these, and that there are no others, is taken on trust. */
  ask(wanted: Query): Answer {
    this.#onTrust.add('the records of lists, and that none is missing');
    return this.#asker.ask({ what: 'records', wanted });
  }

  /** Receipt of a record, checked. @throws Problem `not_found`, `integrity` */
  receipt(id: string): string {
    return this.#record(id).text;
  }

  /**
   * Proves that an own record is in the book where the home said, and in the log that was seen before.
   * @returns the receipt
   * @throws Problem `integrity`, reason `withheld`, where it is not
   */
  own(id: string, index: number): string {
    const withheld = (cause?: unknown): Problem => new Problem('integrity', `the home says that record ${id} is line ${index}, and does not prove it`, { reason: 'withheld', cause });
    let found;
    try {
      found = this.#record(id);
    } catch (thrown) {
      throw isProblem(thrown, 'not_found') ? withheld(thrown) : thrown;
    }
    const { text, proven } = found;
    if (proven.index !== index) throw withheld();
    this.refresh();
    // Both what was seen before and this receipt's checkpoint must be beginnings of what is shown now.
    const [answer] = this.#asker.ask({ what: 'states', ids: ['grid'], from: proven.checkpoint.size });
    if (answer !== undefined) this.#trusting((pinned) => verifyStateProof(answer, 'grid', pinned, { checkpoint: proven.checkpoint, note: '', stateLine: -1 }, this.#clock));
    this.#mine = Math.max(this.#mine, index);
    return text;
  }

  checkpoint(): StoredCheckpoint | undefined {
    return this.#seen === undefined ? undefined : { size: this.#seen.checkpoint.size, note: this.#seen.note };
  }

  get size(): number {
    return this.#seen?.checkpoint.size ?? 0;
  }

  get lastAt(): number {
    return this.#state?.at ?? 0;
  }

  look<T>(read: () => T): T {
    return read();
  }

  refresh(): boolean {
    this.#objects.clear();
    this.#heads.clear();
    this.#state = undefined;
    return true;
  }

  milestone(): undefined {
    return undefined;
  }

  lines(): never {
    throw notHere('its lines');
  }
  rows(): never {
    throw notHere('its lines');
  }
  lineAt(): never {
    throw notHere('its lines');
  }
  get db(): never {
    throw notHere('its lines');
  }
  get symbols(): never {
    throw notHere('its lines');
  }
  get index(): never {
    throw notHere('its lines');
  }
  get tree(): never {
    throw notHere('its tree');
  }

  [Symbol.dispose](): void {
    this.#asker[Symbol.dispose]();
    if (this.#trust !== this.#kept.trust || this.#seen?.note !== this.#kept.seen?.note) writeLight(this.#home, this.grid, this.#trust, this.#seen);
  }

  /** Proves objects, by a state that holds the own records; what an older state has shown is forgotten. */
  #prove(ids: readonly string[]): void {
    if (ids.length === 0) return;
    for (let tries = 0; tries < TRIES; tries += 1) {
      if (tries > 0) this.#asker.rest(PAUSE_MS);
      const proven = this.#tryProve(ids);
      if (proven === undefined || proven.some(({ state }) => state.size <= this.#mine)) continue;
      for (const { id, value, state } of proven) {
        this.#objects.set(id, value);
        if (this.#state === undefined || state.size < this.#state.size) this.#state = state;
      }
      return;
    }
    throw new Problem('busy', this.#mine < 0 ? 'no state root can be had yet' : `recorded as line ${this.#mine}; the grid's newest state root does not cover it yet`, {
      reason: 'state_root',
      hint: 'try again in a moment; a bot that is not the home of the grid may lag by ten minutes',
    });
  }

  #tryProve(ids: readonly string[]): ProvenObject[] | undefined {
    const before = this.#seen;
    try {
      const answers = this.#asker.ask({ what: 'states', ids, from: before?.checkpoint.size ?? 0 });
      const proven = ids.map((id, i) => this.#trusting((pinned) => verifyStateProof(answers[i] ?? nothing(), id, pinned, before, this.#clock)));
      for (const { seen } of proven) if (seen.checkpoint.size >= (this.#seen?.checkpoint.size ?? 0) && seen.stateLine >= (this.#seen?.stateLine ?? -1)) this.#seen = seen;
      return proven;
    } catch (thrown) {
      if (!isProblem(thrown, 'busy', 'state_root')) throw thrown;
      return undefined;
    }
  }

  /** Checks by what is trusted; where that does not hold, governance may have changed whose word counts. */
  #trusting<T>(check: (pinned: Pinned) => T): T {
    try {
      return check(this.#trust.pinned);
    } catch (thrown) {
      if (!isProblem(thrown, 'integrity')) throw thrown;
      const since = keptSince({ trust: this.#trust, seen: this.#seen }, this.#statements(thrown));
      if (since === undefined) throw thrown;
      [this.#trust, this.#seen] = [since.trust, since.seen];
      return check(this.#trust.pinned);
    }
  }

  /** What is said of governance there. @param doubt what to throw where that cannot be had */
  #statements(doubt: Problem): Statements {
    try {
      return this.#asker.ask({ what: 'trust' });
    } catch (thrown) {
      throw isProblem(thrown) ? doubt : thrown;
    }
  }

  #record(id: string): { readonly text: string; readonly proven: VerifiedReceipt } {
    const known = this.#receipts.get(id);
    if (known !== undefined) return known;
    const text = this.#asker.ask({ what: 'receipt', record: id });
    const proven = this.#trusting((pinned) => verifyReceipt(text, pinned));
    if (proven.record.id !== id) throw new Problem('integrity', `the receipt is of record ${proven.record.id}, not ${id}`, { reason: 'receipt' });
    const found = { text, proven };
    this.#receipts.set(id, found);
    return found;
  }
}

/** What takes a copy. */
export function notHere(what: string): Problem {
  return new Problem('usage', `this grid was joined with --light, and ${what} cannot be had without a copy of it`, { reason: 'light', hint: '3bot grid join URL --genesis HASH, without --light, fetches one' });
}

function nothing(): never {
  throw new Problem('unreachable', 'fewer proofs than were asked for', { reason: 'nonsense' });
}
