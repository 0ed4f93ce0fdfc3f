// Finding records: by chain, kind, signer and time, each served by an index.
import { Problem } from '../base/errors.js';
import { MAX_ROWS } from '../base/limits.js';
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

/** Newest first; `next` continues, null when there is no more. */
export interface Answer {
  readonly records: Found[];
  readonly next: number | null;
}

/**
 * Runs a query, newest first.
 * @throws Problem `usage` where the limit is out of range
 */
export function query(reader: Reader, wanted: Query): Answer {
  const limit = wanted.limit ?? 100;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_ROWS) throw new Problem('usage', `limit is 1 to ${MAX_ROWS}`);
  const where = ['r.idx < ?'];
  const values: (number | string)[] = [wanted.before ?? reader.size];
  for (const [column, text] of [['r.chain', wanted.chain], ['r.kind', wanted.kind], ['s.key', wanted.signer]] as const) {
    if (text === undefined) continue;
    const num = reader.symbols.find(text);
    if (num === undefined) return { records: [], next: null };
    where.push(`${column} = ?`);
    values.push(num);
  }
  if (wanted.since !== undefined) {
    where.push('r.idx >= ?');
    values.push(firstSince(reader, wanted.since));
  }
  // The narrowest start first: a chain is short, a signer's lines are fewer than a kind's.
  const from = wanted.signer === undefined ? 'record r' : wanted.chain === undefined ? 'signer s CROSS JOIN record r ON r.idx = s.idx' : 'record r JOIN signer s ON s.idx = r.idx';
  const order = wanted.signer !== undefined && wanted.chain === undefined ? 's.idx' : 'r.idx';
  const sql = `SELECT r.idx AS "index", lower(hex(r.id)) AS id, r.payload, r.signatures, r.at FROM ${from} WHERE ${where.join(' AND ')} ORDER BY ${order} DESC LIMIT ?`;
  const rows = reader.db.prepare(sql).all(...values, limit + 1) as (Omit<Found, 'signatures'> & { signatures: string })[];
  const records = rows.slice(0, limit).map((row) => ({ ...row, signatures: JSON.parse(row.signatures) as Line['signatures'] }));
  return { records, next: rows.length > limit ? (records.at(-1)?.index ?? null) : null };
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
