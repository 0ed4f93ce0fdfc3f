// What a grid has had to sell and has sold, over time: from the few kinds of lines that change it, found by the index.
import { setImmediate } from 'node:timers/promises';
import { iso } from '../base/clock.js';
import { MAX_LOOKED_AT } from '../base/limits.js';
import type { Reader } from '../bcdb/reader.js';
import { add, NOTHING } from '../capacity/fit.js';
import { formatTft } from '../base/amount.js';
import { linesOf } from '../market/lines.js';
import { read, readGrid } from '../rules/objects.js';
import { viewOf } from '../rules/view.js';
import type { Agreement, Announcement, MarketPoint, MarketSupply, Payload, PriceList, Prices, Resources } from '../schema/types.js';

/** Kinds that change what is there to sell, or what is sold. */
const KINDS = ['farm@1', 'prices@1', 'announcement@1', 'admit@1', 'retire@1', 'agreement@1'] as const;
/** How long an answer is given again, and how many are kept. */
const KEPT_MS = 60_000;
const MAX_KEPT = 16;
/** Records between two looks at what else the process has to do. */
const AT_ONCE = 200;

/** What changes at a moment. */
interface Change {
  readonly at: number;
  readonly apply: (tally: Tally) => void;
}

/** What there is at a moment. */
interface Tally {
  /** Price of a compute unit, stroops, by farm. */
  readonly farms: Map<string, string>;
  readonly nodes: Map<string, Announcement>;
  /** Farm and node. */
  readonly admitted: Set<string>;
  readonly sold: Map<string, Resources>;
}

/**
 * Points from the first such line to now, evenly apart.
 * @param at ms since 1970
 * @param since ms; leaves out what was before
 * @param count 2 to MAX_POINTS
 */
export async function supplyOf(reader: Reader, at: number, since: number, count: number): Promise<MarketSupply> {
  const { changes, complete } = await changesOf(reader, at);
  const tally: Tally = { farms: new Map(), nodes: new Map(), admitted: new Set(), sold: new Map() };
  const from = Math.min(at, Math.max(since, changes[0]?.at ?? at));
  const points: MarketPoint[] = [];
  let next = 0;
  for (let i = 0; i < count; i += 1) {
    const moment = Math.round(from + ((at - from) * i) / (count - 1));
    for (; (changes[next]?.at ?? Infinity) <= moment; next += 1) changes[next]?.apply(tally);
    points.push(pointOf(tally, moment));
  }
  return { at: iso(at), size: reader.size, points, complete };
}

async function changesOf(reader: Reader, at: number): Promise<{ changes: Change[]; complete: boolean }> {
  const found = KINDS.map((kind) => linesOf(reader, { kind }, MAX_LOOKED_AT));
  const changes: Change[] = [];
  for (const [i, line] of found.flat().entries()) {
    const { payload, at: taken } = reader.line(line);
    changes.push(...changesBy(reader, JSON.parse(payload) as Payload, taken, at));
    if (i % AT_ONCE === AT_ONCE - 1) await setImmediate();
  }
  return { changes: changes.sort((a, b) => a.at - b.at), complete: found.every((lines) => lines.length < MAX_LOOKED_AT) };
}

function changesBy(reader: Reader, { kind, chain, body }: Payload, at: number, now: number): Change[] {
  const subject = chain.slice(chain.indexOf('/') + 1);
  const change = (apply: Change['apply'], when = at): Change => ({ at: when, apply });
  const prices = (of: Prices | null): string => (of ?? readGrid(reader).prices).cu_stroops;
  switch (kind as (typeof KINDS)[number]) {
    case 'farm@1':
      return [change(({ farms }) => void (farms.has(subject) || farms.set(subject, prices(null))))];
    case 'prices@1':
      return [change(({ farms }) => void farms.set(subject, prices((body as unknown as PriceList).prices)))];
    case 'announcement@1':
      return [change(({ nodes }) => void nodes.set(subject, body as unknown as Announcement))];
    case 'admit@1':
    case 'retire@1': {
      const place = `${subject}/${(body as { node: string }).node}`;
      return [change(({ admitted }) => void (kind === 'admit@1' ? admitted.add(place) : admitted.delete(place)))];
    }
    case 'agreement@1': {
      const contract = read(reader, 'contract', subject);
      if (contract === undefined) return [];
      const { ends_at } = viewOf(reader, contract, now);
      const { resources } = body as unknown as Agreement;
      return [change(({ sold }) => void sold.set(subject, resources)), ...(ends_at <= now ? [change(({ sold }) => void sold.delete(subject), ends_at)] : [])];
    }
  }
}

function pointOf({ farms, nodes, admitted, sold }: Tally, at: number): MarketPoint {
  const open = [...nodes].filter(([key, { farm }]) => admitted.has(`${farm}/${key}`)).map(([, { capacity }]) => capacity);
  const asked = [...farms.values()].map(BigInt).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const middle = asked[Math.floor(asked.length / 2)];
  return {
    at: iso(at), farms: farms.size, nodes: open.length, contracts: sold.size,
    capacity: open.reduce(add, NOTHING), sold: [...sold.values()].reduce(add, NOTHING), cu_price: middle === undefined ? null : formatTft(middle),
  };
}

/** Keeps the last answers: charts of many who look ask the same, and each takes a look at many lines. */
export class Supplies {
  readonly #answers = new WeakMap<Reader, Map<string, Promise<MarketSupply>>>();

  /** As `supplyOf`, of the book as it was a moment ago: a minute at the most, and of the same size. */
  of(reader: Reader, at: number, since: number, count: number): Promise<MarketSupply> {
    const answers = this.#answers.get(reader) ?? new Map<string, Promise<MarketSupply>>();
    this.#answers.set(reader, answers);
    const key = `${reader.size} ${Math.floor(at / KEPT_MS)} ${since} ${count}`;
    let answer = answers.get(key);
    if (answer === undefined) {
      if (answers.size >= MAX_KEPT) answers.clear();
      answers.set(key, (answer = supplyOf(reader, at, since, count)));
      answer.catch(() => answers.delete(key));
    }
    return answer;
  }
}
