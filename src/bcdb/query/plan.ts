// How a query is answered: which list of the index gives the lines, what the index says of each, what is looked at.
import { iso } from '../../base/clock.js';
import { Problem } from '../../base/errors.js';
import { MAX_LOOKED_AT } from '../../base/limits.js';
import type { BookIndex } from '../index/book-index.js';
import { expressionText, type Ask, type Condition, type Expression } from './expression.js';
import { joinedSql, sizeOf, Sources, type Range, type Source, type Sql } from './sources.js';

/** A query, ready to be run on the lines that the index covers. */
export interface Plan {
  readonly ask: Ask;
  readonly range: Range;
  /** Undefined: all lines within the range, in order. */
  readonly source: Source | undefined;
  /** What the index says of a line `l` beside that; undefined: nothing more is asked. */
  readonly filter: Sql | undefined;
  /** Words that the index checks by reading all their lines within a range; such ranges are kept small. */
  readonly wide: number;
  /** The same, as it was asked. */
  readonly filtered: readonly Expression[];
  /** What is held against the line itself. */
  readonly looked: Expression | undefined;
  /** Number of the field that orders, where it is not the order of the book. */
  readonly orderField: number | undefined;
}

/** What a plan may cost. */
export interface Leave {
  /** Look at any number of lines. */
  readonly scan: boolean;
}

/**
 * Plans a query for the lines below `covered`.
 * @throws Problem `usage`, reason `unindexed`, where lines would have to be looked at one by one that no index narrows
 *   to MAX_LOOKED_AT, unless that is allowed; it names the index that would serve, and the command that makes it
 */
export function planOf(index: BookIndex, ask: Ask, covered: number, { scan }: Leave): Plan {
  // Without an index every line is looked at; there are few.
  if (covered === 0) return { ask, range: { from: 0, before: 0 }, source: undefined, filter: undefined, wide: 0, filtered: [], looked: undefined, orderField: ask.order.field === 'at' ? undefined : 0 };
  const sources = new Sources(index, ask.order.field === 'at');
  const orderField = ask.order.field === 'at' ? undefined : sources.field(ask.order.field);
  if (ask.order.field !== 'at' && orderField === undefined) throw unindexed(`nothing is ordered by ${ask.order.field}: there is no index of it`, ask.order.field, false);
  let range: Range = { from: 0, before: covered };
  const rest: Expression[] = [];
  for (const part of conjuncts(ask.where)) {
    const bounded = boundedBy(index, part, range, covered);
    if (bounded === undefined) rest.push(part);
    else range = bounded;
  }
  const best = orderField === undefined ? sources.narrowest(rest, range) : undefined;
  const filters: Sql[] = [];
  const filtered: Expression[] = [];
  const looked: Expression[] = [];
  for (const part of rest) {
    if (best?.part === part && best.source.exact) continue;
    const filter = sources.where(part);
    if (filter === undefined) looked.push(part);
    else {
      filters.push(filter);
      filtered.push(part);
    }
  }
  const plan: Plan = { ask, range, source: best?.source, filter: filters.length === 0 ? undefined : joinedSql(filters, 'AND'), wide: sources.wide, filtered, looked: joined(looked), orderField };
  if (!scan) demandIndex(index, sources, plan, covered);
  return plan;
}

/** What all must hold. */
function conjuncts(where: Expression | null): readonly Expression[] {
  if (where === null) return [];
  return where.type === 'and' ? where.of.flatMap(conjuncts) : [where];
}

function joined(parts: readonly Expression[]): Expression | undefined {
  return parts.length < 2 ? parts[0] : { type: 'and', of: parts };
}

/** A bound on time or number is a bound on lines, since `at` never runs backwards; undefined where it is none. */
function boundedBy(index: BookIndex, part: Expression, { from, before }: Range, covered: number): Range | undefined {
  if (part.type !== 'condition' || (part.field !== 'at' && part.field !== 'index')) return undefined;
  const value = Number(part.values[0]);
  const first = (least: number): number => (part.field === 'index' ? Math.min(least, covered) : firstSince(index, least, covered));
  switch (part.operator) {
    case '=':
      return { from: Math.max(from, first(value)), before: Math.min(before, first(value + 1)) };
    case '>':
      return { from: Math.max(from, first(value + 1)), before };
    case '>=':
      return { from: Math.max(from, first(value)), before };
    case '<':
      return { from, before: Math.min(before, first(value)) };
    case '<=':
      return { from, before: Math.min(before, first(value + 1)) };
    default:
      return undefined;
  }
}

/** The first line taken in at or after a time, by halving. */
function firstSince(index: BookIndex, since: number, covered: number): number {
  let low = 0;
  let high = covered;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((index.row<{ at: number }>('SELECT at FROM line WHERE idx = ?', middle)?.at ?? 0) < since) low = middle + 1;
    else high = middle;
  }
  return low;
}

function demandIndex(index: BookIndex, sources: Sources, { looked, source, range, orderField }: Plan, covered: number): void {
  const missing = looked === undefined ? undefined : firstUnindexed(looked, sources);
  if (missing === undefined) return;
  const all = range.from === 0 && range.before === covered;
  const lines = source !== undefined ? sizeOf(index, source, range) : range.before - range.from;
  if ((source !== undefined || !all) && orderField === undefined && lines <= MAX_LOOKED_AT) return;
  const why = source !== undefined || !all ? `, and what else is asked leaves ${lines > MAX_LOOKED_AT ? `more than ${MAX_LOOKED_AT}` : lines} lines to look at` : '';
  const { field, operator } = missing;
  const what = field.startsWith('body.') ? `there is no index of ${field}` : `no index serves ${field} ${operator} ${String(missing.values[0])}, which fits too many ${field === 'text' ? 'records' : 'names'}`;
  throw unindexed(`${what}${why}`, field, true);
}

/** The condition for which there is no index. */
function firstUnindexed(expression: Expression, sources: Sources): Condition | undefined {
  if (expression.type === 'condition') return sources.where(expression) === undefined ? expression : undefined;
  for (const part of expression.type === 'not' ? [expression.of] : expression.of) {
    const found = firstUnindexed(part, sources);
    if (found !== undefined) return found;
  }
  return undefined;
}

function unindexed(what: string, field: string, canScan: boolean): Problem {
  const make = field.startsWith('body.') ? `3bot bcdb index add ${field}` : field === 'text' ? 'give more of the word' : 'give more of the name';
  return new Problem('usage', what, { reason: 'unindexed', hint: canScan ? `${make}; or look at every line with --scan` : make });
}

/** What a plan does, for people. */
export interface Explained {
  /** The query as it was understood. */
  readonly query: string;
  readonly order: string;
  /** What gives the lines. */
  readonly served_by: string;
  /** Lines that it gives, counted up to 20,001. */
  readonly lines: number;
  /** What the index says of each of them. */
  readonly checked_by_index: string | null;
  /** What is looked at in the record itself. */
  readonly looked_at: string | null;
}

/** Says what a plan does. */
export function explained(index: BookIndex, plan: Plan): Explained {
  const { ask, range, source, filtered, looked, orderField } = plan;
  const [first, last] = [range.from, range.before - 1].map((idx) => index.row<{ at: number }>('SELECT at FROM line WHERE idx = ?', idx)?.at);
  const within = range.from >= range.before || first === undefined || last === undefined ? 'no line' : `lines ${range.from} to ${range.before - 1}, ${iso(first)} to ${iso(last)}`;
  const served = orderField !== undefined ? `the index of ${ask.order.field}` : (source?.name ?? 'the order of the book');
  return {
    query: ask.where === null ? 'every line' : expressionText(ask.where),
    order: `${ask.order.field} ${ask.order.descending ? 'desc' : 'asc'}`,
    served_by: `${served}, ${within}`,
    lines: source === undefined ? Math.max(0, range.before - range.from) : sizeOf(index, source, range),
    checked_by_index: filtered.length === 0 ? null : expressionText(joined(filtered) as Expression),
    looked_at: looked === undefined ? null : expressionText(looked),
  };
}
