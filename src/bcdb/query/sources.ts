// What the index can say of a condition: which lines it gives in order, and whether a line is among them.
import { MAX_LOOKED_AT, MAX_PREFIX_NAMES } from '../../base/limits.js';
import type { BookIndex } from '../index/book-index.js';
import { familyOf, type Value } from '../index/facts.js';
import { idPrefix, stored } from '../index/fill.js';
import { TERM } from '../index/tables.js';
import type { Condition, Expression } from './expression.js';
import { Texts } from './texts.js';

/** A part of a statement, with its parameters; `@from` and `@before` are the lines that it is asked for. */
export interface Sql {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** One list of lines in the index: `SELECT column FROM from WHERE where`. */
interface Branch {
  readonly from: string;
  readonly column: string;
  readonly where: string;
  readonly params: readonly unknown[];
  readonly distinct?: boolean;
}

/** Lists that together have every line that a condition may hold for. */
export interface Source {
  readonly branches: readonly Branch[];
  /** They have no other line. */
  readonly exact: boolean;
  /** What people call it. */
  readonly name: string;
}

/** SQLite takes 500 in a statement. */
const MAX_BRANCHES = 2 * MAX_PREFIX_NAMES;

/** Lines from (inclusive) to before (exclusive). */
export interface Range {
  readonly from: number;
  readonly before: number;
}

/** The statement that gives a source's lines within a range, unordered. */
export function linesOf({ branches }: Source, { from, before }: Range): Sql {
  if (branches.length === 0) return { sql: 'SELECT idx FROM line WHERE 0', params: [] };
  const sql = branches.map(({ from: table, column, where, distinct }) => `SELECT ${distinct === true ? 'DISTINCT ' : ''}${column} AS idx FROM ${table} WHERE ${where} AND ${column} < ? AND ${column} >= ?`);
  return { sql: sql.join(' UNION '), params: branches.flatMap(({ params }) => [...params, before, from]) };
}

/** How many lines a source has within a range, counted up to the bound on what is looked at and one more. */
export function sizeOf(index: BookIndex, source: Source, range: Range): number {
  const { sql, params } = linesOf(source, range);
  return index.row<{ n: number }>(`SELECT count(*) AS n FROM (${sql} ORDER BY idx DESC LIMIT ${MAX_LOOKED_AT + 1})`, ...params)?.n ?? 0;
}

/** Asks an index about conditions. */
export class Sources {
  readonly #index: BookIndex;
  readonly #texts: Texts;
  readonly #areRangesSmall: boolean;
  #fields: ReadonlyMap<string, number> | undefined;
  #wide = 0;

  /** @param areRangesSmall lines are asked for in ranges that are no wider than a word in many lines may cost */
  constructor(index: BookIndex, areRangesSmall: boolean) {
    this.#index = index;
    this.#texts = new Texts(index);
    this.#areRangesSmall = areRangesSmall;
  }

  /** How often `where` has asked for a word that costs what its range costs. */
  get wide(): number {
    return this.#wide;
  }

  /** The field's number, where the index has it. */
  field(path: string): number | undefined {
    this.#fields ??= new Map(this.#index.fields().map(({ path: name, num }) => [name, num]));
    return this.#fields.get(path);
  }

  /** Where the lines of an expression are found; undefined where no list narrows it. @param range counted within it, where there is a choice */
  of(expression: Expression, range: Range): Source | undefined {
    switch (expression.type) {
      case 'condition':
        return this.#ofCondition(expression);
      case 'not':
        return undefined;
      case 'or': {
        const parts = expression.of.map((part) => this.of(part, range));
        if (parts.some((part) => part === undefined)) return undefined;
        const sources = parts as Source[];
        const branches = sources.flatMap((source) => source.branches);
        return branches.length > MAX_BRANCHES ? undefined : { branches, exact: sources.every(({ exact }) => exact), name: [...new Set(sources.map(({ name }) => name))].join(' and ') };
      }
      case 'and': {
        const best = this.narrowest(expression.of, range);
        return best === undefined ? undefined : { ...best.source, exact: false };
      }
    }
  }

  /** The part with the fewest lines, and its source. */
  narrowest(parts: readonly Expression[], range: Range): { part: Expression; source: Source } | undefined {
    const found = parts.flatMap((part) => {
      const source = this.of(part, range);
      return source === undefined ? [] : [{ part, source }];
    });
    if (found.length < 2) return found[0];
    const sized = found.map((one) => ({ ...one, size: sizeOf(this.#index, one.source, range) }));
    return sized.reduce((best, one) => (one.size < best.size ? one : best));
  }

  #ofCondition({ field, operator, values }: Condition): Source | undefined {
    const named = (branches: readonly Branch[], exact = true): Source => ({ branches, exact, name: `the index of ${field}` });
    switch (field) {
      case 'chain':
      case 'kind':
      case 'signer':
      case 'tag': {
        if (operator === '!=') return undefined;
        const names = operator === 'prefix' ? this.#namesWith(String(values[0])) : values.map(String);
        if (names !== undefined) return named(names.flatMap((name) => this.#termBranches(field, name)));
        const family = familyOf(String(values[0]));
        return field === 'chain' && String(values[0]).includes('/') ? { ...named(this.#termBranches('family', family), String(values[0]) === `${family}/`), name: `the index of ${family} chains` } : undefined;
      }
      case 'id':
        return named(values.map((id) => idBranch(String(id))));
      case 'text':
        return this.#ofText(String(values[0]));
      case 'at':
      case 'index':
        return undefined;
      default:
        return this.#ofField(field, operator, values);
    }
  }

  #ofText(text: string): Source | undefined {
    const found = this.#texts.source(text);
    return found && { branches: [{ from: 'text', column: 'rowid', where: 'text MATCH ?', params: [found.query] }], exact: found.isExact, name: 'the index of text' };
  }

  #ofField(path: string, operator: Condition['operator'], values: readonly Value[]): Source | undefined {
    const field = this.field(path);
    if (field === undefined) return undefined;
    const walk: Source = { branches: [{ from: 'value', column: 'idx', where: 'field = ?', params: [field], distinct: true }], exact: operator === 'exists', name: `the index of ${path}` };
    if (operator === 'exists' || operator === '!=') return walk;
    const branches = operator === 'in' ? values.map((value) => fieldBranch(field, '=', value)) : values.map((value) => fieldBranch(field, operator, value));
    const source: Source = { branches, exact: true, name: walk.name };
    // A wide range is not in the order of lines: walking the field's lines finds the newest sooner than sorting it.
    if (operator === '=' || operator === 'in') return source;
    const count = this.#index.row<{ n: number }>(`SELECT count(*) AS n FROM (SELECT 1 FROM value WHERE ${branches[0]?.where} LIMIT ${MAX_LOOKED_AT + 1})`, ...(branches[0]?.params ?? []))?.n ?? 0;
    return count > MAX_LOOKED_AT ? walk : source;
  }

  /** Whether line `l` is one, as the index says; undefined where it cannot tell. */
  where(expression: Expression): Sql | undefined {
    switch (expression.type) {
      case 'condition':
        return this.#whereCondition(expression);
      case 'not': {
        const inner = this.where(expression.of);
        return inner === undefined ? undefined : { sql: `NOT (${inner.sql})`, params: inner.params };
      }
      default: {
        const parts = expression.of.map((part) => this.where(part));
        if (parts.some((part) => part === undefined)) return undefined;
        return joinedSql(parts as Sql[], expression.type === 'and' ? 'AND' : 'OR');
      }
    }
  }

  #whereCondition(condition: Condition): Sql | undefined {
    const { field, operator, values } = condition;
    if (operator === '!=') {
      const equal = this.#whereCondition({ ...condition, operator: '=' });
      if (equal === undefined) return undefined;
      const there = field.startsWith('body.') ? this.#whereCondition({ ...condition, operator: 'exists', values: [] }) : undefined;
      const none: Sql = { sql: `NOT (${equal.sql})`, params: equal.params };
      return there === undefined ? none : joinedSql([there, none], 'AND');
    }
    switch (field) {
      case 'chain':
      case 'kind':
        if (operator === 'prefix') {
          const { sql, params } = withPrefix(String(values[0]));
          return { sql: `EXISTS (SELECT 1 FROM main.symbol y WHERE y.num = l.${field} AND ${sql})`, params };
        }
        return oneOf(`l.${field} IN`, values.map((name) => this.#index.symbol(String(name))));
      case 'signer':
        return oneOf(`EXISTS (SELECT 1 FROM term t WHERE t.field = ${TERM.signer} AND t.idx = l.idx AND t.value IN`, values.map((name) => this.#index.symbol(String(name))), ')');
      case 'tag': {
        const names = operator === 'prefix' ? this.#namesWith(String(values[0])) : values.map(String);
        if (names === undefined) return undefined;
        const numbers = names.map((name) => this.#index.symbol(name));
        return joinedSql([oneOf('l.chain IN', numbers), oneOf(`EXISTS (SELECT 1 FROM term t WHERE t.field = ${TERM.tag} AND t.idx = l.idx AND t.value IN`, numbers, ')')], 'OR');
      }
      case 'id':
        return joinedSql(values.map((id) => ({ sql: 'EXISTS (SELECT 1 FROM book.record r WHERE r.idx = l.idx AND r.id BETWEEN ? AND ?)', params: idBounds(String(id)) })), 'OR');
      case 'at':
      case 'index':
        return joinedSql(values.map((value) => ({ sql: `l.${field === 'at' ? 'at' : 'idx'} ${operator === 'in' ? '=' : operator} ?`, params: [value] })), 'OR');
      case 'text':
        return this.#whereText(String(values[0]));
      default: {
        const num = this.field(field);
        if (num === undefined) return undefined;
        const branches = operator === 'exists' ? [{ where: 'field = ?', params: [num] }] : values.map((value) => fieldBranch(num, operator === 'in' ? '=' : operator, value));
        return joinedSql(branches.map(({ where, params }) => ({ sql: `EXISTS (SELECT 1 FROM value WHERE idx = l.idx AND ${where})`, params })), 'OR');
      }
    }
  }

  /** The lists of words are merged once a statement: asked line by line, FTS5 would merge them again for each. */
  #whereText(text: string): Sql | undefined {
    const match = this.#texts.match(text);
    if (match === undefined || (match.isWide && !this.#areRangesSmall)) return undefined;
    if (match.isWide) this.#wide += match.queries.length;
    return joinedSql(match.queries.map((query) => ({ sql: 'l.idx IN (SELECT rowid FROM text WHERE text MATCH ? AND rowid < @before AND rowid >= @from)', params: [query] })), 'AND');
  }

  #termBranches(field: keyof typeof TERM, name: string): Branch[] {
    const num = this.#index.symbol(name);
    if (num === undefined) return [];
    const branch = (of: keyof typeof TERM): Branch => ({ from: 'term', column: 'idx', where: 'field = ? AND value = ?', params: [TERM[of], num] });
    // What a record is about is its own chain, too.
    return field === 'tag' ? [branch('chain'), branch('tag')] : [branch(field)];
  }

  /** Names that begin so and that some line has; undefined where there are too many. */
  #namesWith(prefix: string): string[] | undefined {
    const { sql, params } = withPrefix(prefix);
    const names = this.#index.all<{ text: string }>(`SELECT y.text FROM main.symbol y WHERE ${sql} ORDER BY y.text LIMIT ${MAX_PREFIX_NAMES + 1}`, ...params);
    return names.length > MAX_PREFIX_NAMES ? undefined : names.map(({ text }) => text);
  }
}

/** Conditions in one; of none, what holds for no line (OR) or every line (AND). */
export function joinedSql(parts: readonly Sql[], word: 'AND' | 'OR'): Sql {
  if (parts.length === 0) return { sql: word === 'AND' ? '1' : '0', params: [] };
  return { sql: parts.map(({ sql }) => `(${sql})`).join(` ${word} `), params: parts.flatMap(({ params }) => params) };
}

/** `sql (numbers)`, of those that there are. */
function oneOf(sql: string, numbers: readonly (number | undefined)[], end = ''): Sql {
  const known = numbers.filter((num) => num !== undefined);
  return known.length === 0 ? joinedSql([], 'OR') : { sql: `${sql} (${known.map(() => '?').join(', ')})${end}`, params: known };
}

function idBounds(idOrPrefix: string): [Buffer, Buffer] {
  return [Buffer.from(idOrPrefix.padEnd(64, '0'), 'hex'), Buffer.from(idOrPrefix.padEnd(64, 'f'), 'hex')];
}

function idBranch(idOrPrefix: string): Branch {
  const [low, high] = idBounds(idOrPrefix);
  return { from: 'record_id i JOIN book.record r ON r.idx = i.idx', column: 'i.idx', where: 'i.prefix BETWEEN ? AND ? AND r.id BETWEEN ? AND ?', params: [idPrefix(low), idPrefix(high), low, high] };
}

/** Symbols `y` that begin so, as a range: up to the next text that does not, if there is one. */
function withPrefix(prefix: string): Sql {
  const end = afterPrefix(prefix);
  return end === null ? { sql: 'y.text >= ?', params: [prefix] } : { sql: 'y.text >= ? AND y.text < ?', params: [prefix, end] };
}

/** The first text after all that begin with a prefix, in the order of UTF-8 bytes; null where there is none. */
function afterPrefix(prefix: string): string | null {
  const points = [...prefix].map((char) => char.codePointAt(0) ?? 0);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  // No text holds a surrogate by itself.
  return last === undefined ? null : String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}

/** In SQLite integers come before texts, texts before bytes (truth values): where the type of a value ends. */
function fieldBranch(field: number, operator: Condition['operator'], value: Value): Branch {
  const of = (where: string, ...params: unknown[]): Branch => ({ from: 'value', column: 'idx', where: `field = ? AND ${where}`, params: [field, ...params], distinct: operator !== '=' });
  const begin = typeof value === 'bigint' ? '' : typeof value === 'string' ? "value >= '' AND " : "value >= x'' AND ";
  const end = typeof value === 'bigint' ? " AND value < ''" : typeof value === 'string' ? " AND value < x''" : '';
  switch (operator) {
    case '<':
    case '<=':
      return of(`${begin}value ${operator} ?`, stored(value));
    case '>':
    case '>=':
      return of(`value ${operator} ?${end}`, stored(value));
    case 'prefix': {
      const after = afterPrefix(String(value));
      return after === null ? of("value >= ? AND value < x''", value) : of('value >= ? AND value < ?', value, after);
    }
    default:
      return of('value = ?', stored(value));
  }
}
