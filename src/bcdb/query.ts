// Finding records: by chain, kind, signer and time, each served by an index.
import { Problem } from '../base/errors.js';
import { MAX_LOOKED_AT, MAX_ROWS } from '../base/limits.js';
import type { Line } from '../schema/types.js';
import { idPrefix } from './index/fill.js';
import { TERM } from './index/tables.js';
import { parseRecord } from './record.js';
import type { Reader } from './store.js';

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

/** A record found. */
export interface Found extends Line {
  readonly index: number;
  readonly id: string;
}

/** Newest first; `next` continues, null when there is no more. There may be fewer than asked, and more to come. */
export interface Answer {
  readonly records: Found[];
  readonly next: number | null;
}

const LINE = 'r.idx AS "index", lower(hex(r.id)) AS id, r.payload, r.signatures, r.at';
/** The newest lines of a term, of all lines; parameters: the term (if any), before, from, at most. */
const OF_TERM = 'SELECT idx FROM term WHERE field = ? AND value = ? AND idx < ? AND idx >= ? ORDER BY idx DESC LIMIT ?';
const OF_ALL = 'SELECT idx FROM line WHERE idx < ? AND idx >= ? ORDER BY idx DESC LIMIT ?';
const HAS_TERM = 'EXISTS (SELECT 1 FROM term t WHERE t.field = ? AND t.value = ? AND t.idx = w.idx)';
const BY_ID = `SELECT ${LINE} FROM record_id i JOIN book.record r ON r.idx = i.idx WHERE i.prefix BETWEEN ? AND ? AND r.id BETWEEN ? AND ? AND r.idx < ? LIMIT 2`;

interface Row extends Omit<Found, 'signatures'> {
  signatures: string;
}

/**
 * Runs a query, newest first. One index gives the lines (a chain is the narrowest, then a signer, then a kind); what
 * else is asked is looked at line by line, in at most `MAX_LOOKED_AT` of them.
 * @throws Problem `usage` where the limit is out of range; what the index throws
 */
export function query(reader: Reader, wanted: Query): Answer {
  const limit = wanted.limit ?? 100;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_ROWS) throw new Problem('usage', `limit is 1 to ${MAX_ROWS}`);
  const before = Math.min(wanted.before ?? reader.size, reader.size);
  const from = wanted.since === undefined ? 0 : firstSince(reader, wanted.since);
  return reader.index.ask(reader.size, (covered) => {
    const newest = unindexed(reader, covered, before).filter((found) => found.index >= from && holds(found, wanted)).slice(0, limit + 1);
    const { records, next } = newest.length > limit ? { records: newest, next: null } : ofIndex(reader, wanted, Math.min(before, covered), from, limit + 1 - newest.length);
    const all = newest.length > limit ? newest : [...newest, ...records];
    if (all.length > limit) return { records: all.slice(0, limit), next: all[limit - 1]?.index ?? null };
    return { records: all, next };
  });
}

/** What the index has before a line: at most `most`; `next` where it stopped looking. */
function ofIndex(reader: Reader, wanted: Query, before: number, from: number, most: number): Answer {
  const { index } = reader;
  const asked = (['chain', 'signer', 'kind'] as const).flatMap((by) => (wanted[by] === undefined ? [] : [{ field: TERM[by], num: before === 0 ? undefined : index.symbol(wanted[by]) }]));
  if (before === 0 || asked.some(({ num }) => num === undefined)) return { records: [], next: null };
  const [first, ...rest] = asked;
  const looked = rest.length === 0 ? most : MAX_LOOKED_AT;
  const source = first === undefined ? OF_ALL : OF_TERM;
  const range = [...(first === undefined ? [] : [first.field, first.num]), before, from, looked];
  const where = rest.length === 0 ? '' : `WHERE ${rest.map(() => HAS_TERM).join(' AND ')}`;
  const rows = index.all<Row>(`SELECT ${LINE} FROM (${source}) w JOIN book.record r ON r.idx = w.idx ${where} ORDER BY w.idx DESC LIMIT ?`, ...range, ...rest.flatMap(({ field, num }) => [field, num]), most);
  if (rest.length === 0 || rows.length === most) return { records: rows.map(opened), next: null };
  // Where to go on when the bound on lines looked at was reached.
  const seen = index.row<{ count: number; last: number | null }>(`SELECT count(*) AS count, min(idx) AS last FROM (${source})`, ...range);
  return { records: rows.map(opened), next: seen === undefined || seen.count < MAX_LOOKED_AT ? null : seen.last };
}

/** Lines that the index does not have yet, newest first. */
function unindexed(reader: Reader, covered: number, before: number): Found[] {
  if (before <= covered) return [];
  return [...reader.lines(covered, before)].map((line, i) => ({ ...line, index: covered + i, id: parseRecord(line.payload).id })).reverse();
}

function holds({ payload, signatures }: Found, { chain, kind, signer }: Query): boolean {
  const record = parseRecord(payload).payload;
  return (chain === undefined || record.chain === chain) && (kind === undefined || record.kind === kind) && (signer === undefined || signatures.some(({ by }) => by === signer));
}

function opened(row: Row): Found {
  return { ...row, signatures: JSON.parse(row.signatures) as Line['signatures'] };
}

/** The first line taken in at or after a time; `at` never runs backwards, so halving finds it without an index. */
function firstSince(reader: Reader, since: number): number {
  let low = 0;
  let high = reader.size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (reader.line(middle).at < since) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Number of the line that holds the record of this id (64 hex digits), if any does. @throws what the index throws */
export function lineOf(reader: Reader, recordId: string): number | undefined {
  return withId(reader, recordId)[0]?.index;
}

/** A record by id or unique beginning of it (at least 6 digits). @throws Problem `not_found`, or `usage` where several fit */
export function findRecord(reader: Reader, idOrPrefix: string): Found {
  if (!/^[0-9a-f]{6,64}$/.test(idOrPrefix)) throw new Problem('usage', `not a record id: ${JSON.stringify(idOrPrefix)}`, { hint: 'at least 6 hex digits' });
  const found = withId(reader, idOrPrefix);
  if (found[0] === undefined) throw new Problem('not_found', `no record ${idOrPrefix} in this book`, { hint: '3bot bcdb query' });
  if (found.length > 1) throw new Problem('usage', `several records begin with ${idOrPrefix}`, { hint: 'give more digits' });
  return found[0];
}

/** Records whose id begins so; of those that the index has, two at the most. */
function withId(reader: Reader, prefix: string): Found[] {
  const low = Buffer.from(prefix.padEnd(64, '0'), 'hex');
  const high = Buffer.from(prefix.padEnd(64, 'f'), 'hex');
  return reader.index.ask(reader.size, (covered) => {
    const newest = unindexed(reader, covered, reader.size).filter(({ id }) => id.startsWith(prefix));
    return covered === 0 ? newest : [...newest, ...reader.index.all<Row>(BY_ID, idPrefix(low), idPrefix(high), low, high, covered).map(opened)];
  });
}

/** The record at a line. @throws Problem `not_found` */
export function recordAt(reader: Reader, index: number): Found {
  const line = reader.line(index);
  return { ...line, index, id: parseRecord(line.payload).id };
}
