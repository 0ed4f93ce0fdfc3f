// Pages in the order of a field of the body: the same bounds and the same way of going on as in the order of the book.
import { MAX_LOOKED_AT } from '../../base/limits.js';
import type { BookIndex } from '../index/book-index.js';
import { valuesAt, type Facts, type Value } from '../index/facts.js';
import { stored } from '../index/fill.js';
import type { Reader } from '../reader.js';
import { compareValues, holds } from './evaluate.js';
import type { Ask } from './expression.js';
import type { Plan } from './plan.js';
import { factsOf, FIRST_STEP, type LinePage, type PageOf } from './run.js';

/** A line and the value that puts it in its place; lines of one value are in the order of the book. */
interface Place {
  readonly idx: number;
  readonly value: Value;
}

/** The next page in the order of the plan's field; lines without it are in none. @param covered as `pageOfBook` */
export function pageOfField(reader: Reader, plan: Plan, covered: number, page: PageOf): LinePage {
  const { ask } = plan;
  const compare = (a: Place, b: Place): number => (ask.order.descending ? -1 : 1) * (compareValues(a.value, b.value) || a.idx - b.idx);
  const begin = page.after === null ? undefined : placeOf(ask, factsOf(page.after, reader.line(page.after)));
  const { places, stopped } = placesOfIndex(reader, plan, page, begin);
  for (let idx = covered; idx < page.size; idx += 1) {
    const line = factsOf(idx, reader.line(idx));
    const place = placeOf(ask, line);
    if (place === undefined || (ask.where !== null && !holds(ask.where, line))) continue;
    if ((begin === undefined || compare(place, begin) > 0) && (stopped === undefined || compare(place, stopped) < 0)) places.push(place);
  }
  const sorted = places.sort(compare).map(({ idx }) => idx);
  if (sorted.length > page.most) return { lines: sorted.slice(0, page.most), next: sorted[page.most - 1] ?? null };
  return { lines: sorted, next: stopped?.idx ?? null };
}

/** What the index has after a place: one more than asked, or where it stopped. */
function placesOfIndex(reader: Reader, plan: Plan, { most, looks }: PageOf, begin: Place | undefined): { places: Place[]; stopped?: Place } {
  const { index } = reader;
  const read = (idx: number): Facts => factsOf(idx, reader.line(idx));
  const places: Place[] = [];
  if (plan.range.from >= plan.range.before) return { places };
  let [after, candidates, looked] = [begin, MAX_LOOKED_AT, looks];
  for (let step = FIRST_STEP; ; step *= 4) {
    if (after !== undefined && (candidates <= 0 || looked <= 0)) return { places, stopped: after };
    const count = Math.min(step, candidates, plan.looked === undefined ? Infinity : looked);
    const edgeLine = walk(index, plan, after, undefined, '1', [], count - 1)[0];
    const edge = edgeLine === undefined ? undefined : placeOf(plan.ask, read(edgeLine));
    for (const idx of walk(index, plan, after, edge, plan.filter?.sql ?? '1', plan.filter?.params ?? [], undefined)) {
      const line = read(idx);
      const place = placeOf(plan.ask, line);
      if (place === undefined || (plan.looked !== undefined && !holds(plan.looked, line))) continue;
      places.push(place);
      if (places.length > most) return { places };
    }
    if (edge === undefined) return { places };
    [after, candidates, looked] = [edge, candidates - count, looked - count];
  }
}

/** Lines of the field in order, between two places; one of them where it is given which. */
function walk(index: BookIndex, { ask, range, orderField }: Plan, after: Place | undefined, until: Place | undefined, where: string, params: readonly unknown[], offset: number | undefined): number[] {
  const [order, further, before] = ask.order.descending ? ['DESC', '<', '>'] : ['ASC', '>', '<'];
  const bounds = [
    ...(after === undefined ? [] : [{ sql: `(v.value, v.idx) ${further} (?, ?)`, params: [stored(after.value), after.idx] }]),
    ...(until === undefined ? [] : [{ sql: `(v.value, v.idx) ${before}= (?, ?)`, params: [stored(until.value), until.idx] }]),
  ];
  // Of several values of a line the one that puts it first counts.
  const sql = `SELECT v.idx AS idx FROM value v CROSS JOIN line l ON l.idx = v.idx WHERE v.field = ? AND v.idx < ? AND v.idx >= ?${bounds.map((bound) => ` AND ${bound.sql}`).join('')}
    AND NOT EXISTS (SELECT 1 FROM value o WHERE o.field = v.field AND o.idx = v.idx AND o.value ${before} v.value)
    AND (${where}) ORDER BY v.value ${order}, v.idx ${order}${offset === undefined ? '' : ' LIMIT 1 OFFSET ?'}`;
  return index.numbers(sql, orderField, range.before, range.from, ...bounds.flatMap((bound) => bound.params), ...params, ...(offset === undefined ? [] : [offset]), range);
}

/** Where a line stands: by the largest of its values, ascending the smallest; undefined where it has none. */
function placeOf({ order }: Ask, line: Facts): Place | undefined {
  const sorted = [...valuesAt(line.payload, order.field)].sort(compareValues);
  const value = order.descending ? sorted.at(-1) : sorted[0];
  return value === undefined ? undefined : { idx: line.index, value };
}
