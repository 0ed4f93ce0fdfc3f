// Runs a plan: pages of line numbers, each bounded in what it costs, each going on exactly where the one before ended.
import { sha256Hex } from '../../base/hash.js';
import { MAX_LOOKED_AT, MAX_WORD_REACH } from '../../base/limits.js';
import type { Line, Payload } from '../../schema/types.js';
import type { BookIndex } from '../index/book-index.js';
import type { Facts } from '../index/facts.js';
import type { Reader } from '../reader.js';
import { holds } from './evaluate.js';
import type { Plan } from './plan.js';
import { linesOf, type Range, type Sql } from './sources.js';

/** Where a page begins and what it may cost. */
export interface PageOf {
  /** Lines of the book when the first page was asked for: later ones are not in any page. */
  readonly size: number;
  /** The line after which to go on; null: from the beginning. */
  readonly after: number | null;
  readonly most: number;
  /** Lines whose records may be looked at. */
  readonly looks: number;
}

/** Line numbers in order; `next` is the line after which to go on, null when there is no more. There may be fewer than asked. */
export interface LinePage {
  readonly lines: number[];
  readonly next: number | null;
}

/** Lines that a list is read in at first; a query that finds what it wants early does not pay for more. */
export const FIRST_STEP = 512;

/** A line as it is held against a query. */
export function factsOf(index: number, { payload, signatures, at }: Line): Facts {
  return { index, at, id: sha256Hex(payload), signers: signatures.map(({ by }) => by), payload: JSON.parse(payload) as Payload };
}

/** The next page, in the order of the book. @param covered lines that the index has; the rest is looked at */
export function pageOfBook(reader: Reader, plan: Plan, covered: number, page: PageOf): LinePage {
  const { descending } = plan.ask.order;
  const { size, after, most } = page;
  const lines: number[] = [];
  const isFull = (): boolean => lines.length > most;
  const tail = (): void => {
    const first = Math.max(covered, descending || after === null ? covered : after + 1);
    const before = descending && after !== null ? Math.min(size, after) : size;
    for (let n = 0; n < before - first && !isFull(); n += 1) {
      const idx = descending ? before - 1 - n : first + n;
      if (plan.ask.where === null || holds(plan.ask.where, factsOf(idx, reader.line(idx)))) lines.push(idx);
    }
  };
  if (descending) tail();
  const stopped = isFull() ? null : pageOfIndex(reader, plan, page, lines);
  if (!descending && stopped === null && !isFull()) tail();
  if (isFull()) return { lines: lines.slice(0, most), next: lines[most - 1] ?? null };
  return { lines, next: stopped };
}

/** Adds what the index has until there is one more than asked; gives where it stopped before the end. */
function pageOfIndex(reader: Reader, plan: Plan, { after, most, looks }: PageOf, lines: number[]): number | null {
  const { index } = reader;
  const { descending } = plan.ask.order;
  let { from, before } = plan.range;
  if (after !== null) [from, before] = descending ? [from, Math.min(before, after)] : [Math.max(from, after + 1), before];
  let candidates = MAX_LOOKED_AT;
  let looked = looks;
  let reach = plan.wide === 0 ? Infinity : Math.ceil(MAX_WORD_REACH / plan.wide);
  for (let step = FIRST_STEP; from < before; step *= 4) {
    if (candidates <= 0 || looked <= 0 || reach <= 0) return descending ? before : from - 1;
    const wanted = plan.looked === undefined ? most + 1 - lines.length : Math.min(looked, 256);
    const edge = plan.filter === undefined ? undefined : edgeOf(index, plan, { from, before }, Math.min(step, candidates));
    const asked = edge === undefined ? { from, before } : descending ? { from: edge, before } : { from, before: edge + 1 };
    const part = descending ? { from: Math.max(asked.from, before - reach), before } : { from, before: Math.min(asked.before, from + reach) };
    reach -= part.before - part.from;
    const found = candidatesOf(index, plan, part, wanted);
    candidates -= plan.filter === undefined ? found.length : step;
    for (const idx of found) {
      if (plan.looked !== undefined) {
        looked -= 1;
        if (!holds(plan.looked, factsOf(idx, reader.line(idx)))) continue;
      }
      lines.push(idx);
      if (lines.length > most) return null;
    }
    const last = found.length < wanted ? (descending ? part.from : part.before - 1) : (found.at(-1) as number);
    if (descending) before = last;
    else from = last + 1;
  }
  return null;
}

/** The line at which a list has given so many; undefined where it ends before. */
function edgeOf(index: BookIndex, plan: Plan, range: Range, count: number): number | undefined {
  const { descending } = plan.ask.order;
  if (plan.source === undefined) {
    const edge = descending ? range.before - count : range.from + count - 1;
    return edge > range.from && edge < range.before ? edge : undefined;
  }
  const { sql, params } = linesOf(plan.source, range);
  return index.numbers(`${sql} ORDER BY idx ${descending ? 'DESC' : 'ASC'} LIMIT 1 OFFSET ?`, ...params, count - 1)[0];
}

function candidatesOf(index: BookIndex, { ask, source, filter }: Plan, range: Range, most: number): number[] {
  const order = ask.order.descending ? 'DESC' : 'ASC';
  const all: Sql = { sql: 'SELECT idx FROM line WHERE idx < ? AND idx >= ?', params: [range.before, range.from] };
  const { sql, params } = source === undefined ? all : linesOf(source, range);
  const statement = filter === undefined
    ? `${sql} ORDER BY idx ${order} LIMIT ?`
    : `SELECT l.idx AS idx FROM (${sql}) w CROSS JOIN line l ON l.idx = w.idx WHERE ${filter.sql} ORDER BY w.idx ${order} LIMIT ?`;
  return index.numbers(statement, ...params, ...(filter?.params ?? []), most, range);
}
