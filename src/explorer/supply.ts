// What a grid has had to sell and has sold, over time: from the few kinds of lines that change it, found by the index.
import { setImmediate } from 'node:timers/promises';
import { iso } from '../base/clock.js';
import { MAX_LOOKED_AT, SUPPLY_KEPT_MS, SUPPLY_REST } from '../base/limits.js';
import type { Reader } from '../bcdb/reader.js';
import { linesOf } from '../market/lines.js';
import { read, readGrid } from '../rules/objects.js';
import { viewOf } from '../rules/view.js';
import type { Agreement, Announcement, MarketPoint, MarketSupply, Payload, PriceList, Prices } from '../schema/types.js';
import { Tally, type Totals } from './tally.js';

/** Kinds that change what is there to sell, or what is sold. */
const KINDS = ['farm@1', 'prices@1', 'announcement@1', 'admit@1', 'retire@1', 'agreement@1'] as const;
/** Records or moments between two looks at what else the process has to do. */
const AT_ONCE = 200;

/** What changes at a moment. */
export interface Change {
  readonly at: number;
  readonly apply: (tally: Tally) => void;
}

/** What there was from a moment on, until the next. */
interface Moment extends Totals {
  /** ms since 1970 */
  readonly since: number;
}

/** All that a grid has had to sell and has sold, until some moment. */
interface History {
  /** ms since 1970: until when */
  readonly at: number;
  /** Lines of the book then. */
  readonly size: number;
  /** Oldest first, no two of the same time. */
  readonly moments: readonly Moment[];
  readonly complete: boolean;
}

/** What there was after each of the changes. @param changes in any order; of the same time, as they came */
export async function momentsOf(changes: readonly Change[]): Promise<Moment[]> {
  const tally = new Tally();
  const moments: Moment[] = [];
  const sorted = [...changes].sort((a, b) => a.at - b.at);
  for (const [i, { at, apply }] of sorted.entries()) {
    apply(tally);
    if (sorted[i + 1]?.at !== at) moments.push({ since: at, ...tally.totals() });
    if (i % AT_ONCE === AT_ONCE - 1) await setImmediate();
  }
  return moments;
}

/**
 * Points from the first moment to now, evenly apart.
 * @param since ms; leaves out what was before
 * @param count 2 or more
 */
export function pointsOf(moments: readonly Moment[], at: number, since: number, count: number): MarketPoint[] {
  const from = Math.min(at, Math.max(since, moments[0]?.since ?? at));
  const points: MarketPoint[] = [];
  const nothing = { since: 0, ...new Tally().totals() };
  let low = 0;
  for (let i = 0; i < count; i += 1) {
    const time = Math.round(from + ((at - from) * i) / (count - 1));
    low = firstAfter(moments, time, low);
    const { since: _, ...totals } = moments[low - 1] ?? nothing;
    points.push({ at: iso(time), ...totals });
  }
  return points;
}

/** Index of the first moment after a time. @param low none before this one is */
function firstAfter(moments: readonly Moment[], time: number, low: number): number {
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moments[middle]?.since ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function historyOf(reader: Reader, at: number): Promise<History> {
  const { size } = reader;
  const found = KINDS.map((kind) => linesOf(reader, { kind }, MAX_LOOKED_AT));
  const changes: Change[] = [];
  for (const [i, line] of found.flat().entries()) {
    const { payload, at: taken } = reader.line(line);
    changes.push(...changesBy(reader, JSON.parse(payload) as Payload, taken, at));
    if (i % AT_ONCE === AT_ONCE - 1) await setImmediate();
  }
  return { at, size, moments: await momentsOf(changes), complete: found.every((lines) => lines.length < MAX_LOOKED_AT) };
}

function changesBy(reader: Reader, { kind, chain, body }: Payload, at: number, now: number): Change[] {
  const subject = chain.slice(chain.indexOf('/') + 1);
  const change = (apply: Change['apply'], when = at): Change => ({ at: when, apply });
  const prices = (of: Prices | null): string => (of ?? readGrid(reader).prices).cu_stroops;
  switch (kind as (typeof KINDS)[number]) {
    case 'farm@1':
      return [change((tally) => tally.farm(subject, prices(null)))];
    case 'prices@1':
      return [change((tally) => tally.price(subject, prices((body as unknown as PriceList).prices)))];
    case 'announcement@1':
      return [change((tally) => tally.announce(subject, body as unknown as Announcement))];
    case 'admit@1':
      return [change((tally) => tally.admit(subject, (body as { node: string }).node))];
    case 'retire@1':
      return [change((tally) => tally.retire(subject, (body as { node: string }).node))];
    case 'agreement@1': {
      const contract = read(reader, 'contract', subject);
      if (contract === undefined) return [];
      const { ends_at } = viewOf(reader, contract, now);
      const { resources } = body as unknown as Agreement;
      return [change((tally) => tally.sell(subject, resources)), ...(ends_at <= now ? [change((tally) => tally.over(subject), ends_at)] : [])];
    }
  }
}

/** The history of a grid, kept: whatever part of it somebody asks for, it is read once. */
interface Kept {
  readonly history: Promise<History>;
  /** Reading of `performance.now()` until which it is given whatever has come; Infinity while it is being read. */
  rest_until: number;
}

/** Answers for charts, whatever many people ask: the lines are read again at most for a share of the time, and one time at once. */
export class Supplies {
  readonly #kept = new WeakMap<Reader, Kept>();

  /**
   * Points from the first line that matters to now, evenly apart; of the book as it was a moment ago: a minute, or, where
   * reading takes long, `SUPPLY_REST` times as long.
   * @param at ms since 1970
   * @param since ms; leaves out what was before
   * @param count 2 or more
   */
  async of(reader: Reader, at: number, since: number, count: number): Promise<MarketSupply> {
    const { at: until, size, moments, complete } = await this.#history(reader, at);
    return { at: iso(until), size, points: pointsOf(moments, until, since, count), complete };
  }

  async #history(reader: Reader, at: number): Promise<History> {
    const kept = this.#kept.get(reader);
    if (kept === undefined) return this.#read(reader, at);
    if (performance.now() < kept.rest_until) return kept.history;
    const history = await kept.history;
    // Somebody else may have begun meanwhile.
    if (this.#kept.get(reader) !== kept) return this.#history(reader, at);
    const isNew = history.size === reader.size && at >= history.at && at - history.at < SUPPLY_KEPT_MS;
    return isNew ? history : this.#read(reader, at);
  }

  #read(reader: Reader, at: number): Promise<History> {
    const begun = performance.now();
    const kept: Kept = { history: historyOf(reader, at), rest_until: Infinity };
    this.#kept.set(reader, kept);
    const ended = (): void => void (kept.rest_until = performance.now() + (performance.now() - begun) * SUPPLY_REST);
    kept.history.then(ended, () => this.#kept.delete(reader));
    return kept.history;
  }
}
