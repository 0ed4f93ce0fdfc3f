// Finding records: by chain, kind, signer and time, each served by an index.
import { Problem } from '../base/errors.js';
import { MAX_LOOKED_AT, MAX_ROWS } from '../base/limits.js';
import type { Line } from '../schema/types.js';
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

/** Lines in an index, newest first; parameters: what is looked for (if anything), before, from, at most. */
const SOURCES = {
  chain: 'SELECT idx FROM record WHERE chain = ? AND idx < ? AND idx >= ? ORDER BY height DESC LIMIT ?',
  signer: 'SELECT idx FROM signer WHERE key = ? AND idx < ? AND idx >= ? ORDER BY idx DESC LIMIT ?',
  kind: 'SELECT idx FROM record WHERE kind = ? AND idx < ? AND idx >= ? ORDER BY idx DESC LIMIT ?',
  all: 'SELECT idx FROM record WHERE idx < ? AND idx >= ? ORDER BY idx DESC LIMIT ?',
} as const;
/** What an index leaves to be looked at, line by line. */
const FILTERS = {
  signer: 'EXISTS (SELECT 1 FROM signer s WHERE s.key = ? AND s.idx = r.idx)',
  kind: 'r.kind = ?',
} as const;

/**
 * Runs a query, newest first. One index gives the lines (a chain is the narrowest, then a signer, then a kind); what
 * else is asked is looked at line by line, in at most `MAX_LOOKED_AT` of them.
 * @throws Problem `usage` where the limit is out of range
 */
export function query(reader: Reader, wanted: Query): Answer {
  const limit = wanted.limit ?? 100;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_ROWS) throw new Problem('usage', `limit is 1 to ${MAX_ROWS}`);
  const asked = (['chain', 'signer', 'kind'] as const).flatMap((by) => (wanted[by] === undefined ? [] : [{ by, num: reader.symbols.find(wanted[by]) }]));
  if (asked.some(({ num }) => num === undefined)) return { records: [], next: null };
  const [first, ...rest] = asked;
  const looked = rest.length === 0 ? limit + 1 : MAX_LOOKED_AT;
  const source = SOURCES[first?.by ?? 'all'];
  const range = [...(first === undefined ? [] : [first.num]), wanted.before ?? reader.size, wanted.since === undefined ? 0 : firstSince(reader, wanted.since), looked];
  const filters = rest.map(({ by }) => FILTERS[by as keyof typeof FILTERS]);
  const rows = reader.db.prepare(`
    SELECT r.idx AS "index", lower(hex(r.id)) AS id, r.payload, r.signatures, r.at FROM (${source}) w JOIN record r ON r.idx = w.idx
    ${filters.length === 0 ? '' : `WHERE ${filters.join(' AND ')}`} ORDER BY r.idx DESC LIMIT ?`)
    .all(...range, ...rest.map(({ num }) => num), limit + 1) as (Omit<Found, 'signatures'> & { signatures: string })[];
  const records = rows.slice(0, limit).map((row) => ({ ...row, signatures: JSON.parse(row.signatures) as Line['signatures'] }));
  if (rows.length > limit) return { records, next: records.at(-1)?.index ?? null };
  return { records, next: filters.length === 0 ? null : lastLookedAt(reader, source, range) };
}

/** Where to go on when the bound on lines looked at was reached; null when all were. */
function lastLookedAt(reader: Reader, source: string, range: readonly unknown[]): number | null {
  const { count, last } = reader.db.prepare(`SELECT count(*) AS count, min(idx) AS last FROM (${source})`).get(...range) as { count: number; last: number | null };
  return count < MAX_LOOKED_AT ? null : last;
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

/** A record by id or unique beginning of it (at least 6 digits). @throws Problem `not_found`, or `usage` where several fit */
export function findRecord(reader: Reader, idOrPrefix: string): Found {
  if (!/^[0-9a-f]{6,64}$/.test(idOrPrefix)) throw new Problem('usage', `not a record id: ${JSON.stringify(idOrPrefix)}`, { hint: 'at least 6 hex digits' });
  const low = Buffer.from(idOrPrefix.padEnd(64, '0'), 'hex');
  const high = Buffer.from(idOrPrefix.padEnd(64, 'f'), 'hex');
  const indexes = reader.db.prepare('SELECT idx FROM record WHERE id BETWEEN ? AND ? LIMIT 2').pluck().all(low, high) as number[];
  const index = indexes[0];
  if (index === undefined) throw new Problem('not_found', `no record ${idOrPrefix} in this book`, { hint: "3bot bcdb query" });
  if (indexes.length > 1) throw new Problem('usage', `several records begin with ${idOrPrefix}`, { hint: 'give more digits' });
  return recordAt(reader, index);
}

/** The record at a line. @throws Problem `not_found` */
export function recordAt(reader: Reader, index: number): Found {
  const line = reader.line(index);
  return { ...line, index, id: parseRecord(line.payload).id };
}
