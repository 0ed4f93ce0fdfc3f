// Finding records: by id, and by chain, kind, signer and time; whatever else is asked goes through bcdb/query/.
import { Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { MAX_LOOKED_AT, MAX_ROWS } from '../base/limits.js';
import { idPrefix } from './index/fill.js';
import { pageOf } from './query/answer.js';
import { NEWEST_FIRST, type Ask, type Condition, type Expression } from './query/expression.js';
import { planOf } from './query/plan.js';
import { recordAt, recordsAt, type Found } from './record-at.js';
import type { Reader } from './reader.js';

/** What to look for; what is left out is not asked. */
export interface Query {
  /** Exact chain, `contract/<id>`. */
  readonly chain?: string | undefined;
  /** Exact kind, `agreement@1`. */
  readonly kind?: string | undefined;
  /** Key (hex) among the signers. */
  readonly signer?: string | undefined;
  /** Taken in at or after this time, ms. */
  readonly since?: number | undefined;
  /** Only lines before this number: the `next` of an earlier answer. */
  readonly before?: number | undefined;
  /** 1 to 1,000; 100 when left out. */
  readonly limit?: number | undefined;
}

/** Newest first; `next` continues, null when there is no more. There may be fewer than asked, and more to come. */
export interface Answer {
  readonly records: Found[];
  readonly next: number | null;
}

/**
 * Runs a query, newest first. The narrowest of its indexes gives the lines; what else is asked the index says of each.
 * @throws Problem `usage` where the limit is out of range; what the index throws
 */
export function query(reader: Reader, wanted: Query): Answer {
  const limit = wanted.limit ?? 100;
  if (reader.ask !== undefined) return reader.ask({ ...wanted, limit });
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_ROWS) throw new Problem('usage', `limit is 1 to ${MAX_ROWS}`);
  const ask: Ask = { where: whereOf(wanted), order: NEWEST_FIRST, limit: null };
  const { size } = reader;
  return reader.index.ask(size, (covered) => {
    const { lines, next } = pageOf(reader, planOf(reader.index, ask, covered, { scan: false }), covered, { size, after: wanted.before ?? null, most: limit, looks: MAX_LOOKED_AT });
    return { records: covered === 0 ? lines.map((line) => recordAt(reader, line)) : recordsAt(reader, lines), next };
  });
}

/** The shorthand as an expression. */
export function whereOf({ chain, kind, signer, since }: Omit<Query, 'before' | 'limit'>): Expression | null {
  const parts: Condition[] = [];
  for (const [field, value] of Object.entries({ chain, signer, kind })) if (value !== undefined) parts.push({ type: 'condition', field, operator: '=', values: [value] });
  if (since !== undefined) parts.push({ type: 'condition', field: 'at', operator: '>=', values: [BigInt(since)] });
  return parts.length === 0 ? null : { type: 'and', of: parts };
}

const BY_ID = 'SELECT r.idx FROM record_id i JOIN book.record r ON r.idx = i.idx WHERE i.prefix BETWEEN ? AND ? AND r.id BETWEEN ? AND ? AND r.idx < ? LIMIT 2';

/** Number of the line that holds the record of this id (64 hex digits), if any does. @throws what the index throws */
export function lineOf(reader: Reader, recordId: string): number | undefined {
  return withId(reader, recordId)[0];
}

/** A record by id or unique beginning of it (at least 6 digits). @throws Problem `not_found`, or `usage` where several fit */
export function findRecord(reader: Reader, idOrPrefix: string): Found {
  if (!/^[0-9a-f]{6,64}$/.test(idOrPrefix)) throw new Problem('usage', `not a record id: ${JSON.stringify(idOrPrefix)}`, { hint: 'at least 6 hex digits' });
  const [first, second] = withId(reader, idOrPrefix);
  if (first === undefined) throw new Problem('not_found', `no record ${idOrPrefix} in this book`, { hint: '3bot bcdb query' });
  if (second !== undefined) throw new Problem('usage', `several records begin with ${idOrPrefix}`, { hint: 'give more digits' });
  return recordAt(reader, first);
}

/** Lines of records whose id begins so; of those that the index has, two at the most. */
function withId(reader: Reader, prefix: string): number[] {
  const low = Buffer.from(prefix.padEnd(64, '0'), 'hex');
  const high = Buffer.from(prefix.padEnd(64, 'f'), 'hex');
  return reader.index.ask(reader.size, (covered) => {
    const lines = covered === 0 ? [] : reader.index.numbers(BY_ID, idPrefix(low), idPrefix(high), low, high, covered);
    for (let idx = covered; idx < reader.size; idx += 1) if (sha256Hex(reader.line(idx).payload).startsWith(prefix)) lines.push(idx);
    return lines;
  });
}
