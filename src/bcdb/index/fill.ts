// Takes lines of the book into its index, in large transactions, sorted so that each table grows from one end.
import type Database from 'better-sqlite3';
import { effect } from '../../base/effect.js';
import { MAX_INDEXED_AT_ONCE, MAX_INDEXED_ENTRIES } from '../../base/limits.js';
import type { Payload } from '../../schema/types.js';
import { Symbols } from '../symbols.js';
import { familyOf, tagsOf, textOf, valuesAt, type Value } from './facts.js';
import { TERM } from './tables.js';

/** A line of the book as the index needs it. */
export interface IndexedLine {
  readonly idx: number;
  readonly id: Buffer;
  readonly at: number;
  readonly leaf: Buffer;
  readonly payload: string;
  readonly signatures: string;
}

/** First 48 bits of a record id: they tell a million records apart, and fit a number. */
export function idPrefix(id: Buffer): number {
  return id.readUIntBE(0, 6);
}

/** A value as SQLite keeps and compares it. */
export function stored(value: Value): string | bigint | Buffer {
  return typeof value === 'boolean' ? Buffer.from([value ? 1 : 0]) : value;
}

// A term and its line in one number, for sorting: the line counts from the first of the group.
const IN_GROUP = 2 ** 14;

/** Rows that one statement writes: a call for each would cost more than the row. */
const AT_ONCE = 64;

/** Writes many rows of numbers into one table. */
class Rows {
  readonly #columns: number;
  readonly #one: Database.Statement;
  readonly #many: Database.Statement;

  /** @param table with its columns, `line (idx, at)` */
  constructor(db: Database.Database, table: string) {
    this.#columns = table.split(',').length;
    const row = `(${Array.from({ length: this.#columns }, () => '?').join(', ')})`;
    this.#one = db.prepare(`INSERT INTO ${table} VALUES ${row}`);
    this.#many = db.prepare(`INSERT INTO ${table} VALUES ${Array.from({ length: AT_ONCE }, () => row).join(', ')}`);
  }

  /** @param cells row after row */
  write(cells: readonly number[]): void {
    const whole = AT_ONCE * this.#columns;
    let at = 0;
    for (; at + whole <= cells.length; at += whole) this.#many.run(cells.slice(at, at + whole));
    for (; at < cells.length; at += this.#columns) this.#one.run(cells.slice(at, at + this.#columns));
  }
}

/** Writes an index. */
export class Filler {
  readonly #db: Database.Database;
  readonly #symbols: Symbols;
  #fields: readonly { readonly num: number; readonly path: string }[] = [];
  readonly #rows;
  readonly #sql;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#symbols = new Symbols(db);
    this.#rows = { line: new Rows(db, 'line (idx, at, chain, kind)'), id: new Rows(db, 'record_id (prefix, idx)'), term: new Rows(db, 'term (field, value, idx)') };
    this.#sql = {
      value: db.prepare('INSERT INTO value (field, idx, value) VALUES (?, ?, ?)'),
      text: db.prepare('INSERT INTO text (rowid, words) VALUES (?, ?)'),
      mark: db.prepare('UPDATE mark SET size = ?, leaf = ?'),
    };
  }

  /** Forgets the numbers that a transaction gave which did not happen. */
  forget(): void {
    this.#symbols.forget();
  }

  /**
   * Takes in as many lines, in order, as one transaction shall hold; call within one.
   * @param first number of the first line
   * @returns number after the last line taken in
   */
  take(first: number, lines: Iterable<IndexedLine>): number {
    const terms = Object.fromEntries(Object.values(TERM).map((field) => [field, [] as number[]])) as Record<number, number[]>;
    const ids: { prefix: number; idx: number }[] = [];
    const places: number[] = [];
    // Another process may have added one.
    this.#fields = fieldsOf(this.#db);
    let entries = 0;
    let last: IndexedLine | undefined;
    for (const line of lines) {
      ids.push({ prefix: idPrefix(line.id), idx: line.idx });
      entries += this.#takeLine(line, places, (field, text) => terms[field]?.push(this.#symbols.number(text) * IN_GROUP + (line.idx - first)));
      last = line;
      if (ids.length === MAX_INDEXED_AT_ONCE || entries >= MAX_INDEXED_ENTRIES) break;
    }
    if (last === undefined) return first;
    this.#rows.line.write(places);
    this.#rows.id.write(ids.sort((a, b) => a.prefix - b.prefix || a.idx - b.idx).flatMap(({ prefix, idx }) => [prefix, idx]));
    for (const [field, packed] of Object.entries(terms)) {
      this.#rows.term.write(Array.from(Float64Array.from(packed).sort(), (term) => [Number(field), Math.floor(term / IN_GROUP), first + (term % IN_GROUP)]).flat());
    }
    const size = last.idx + 1;
    const { leaf } = last;
    effect('index_marked', () => this.#sql.mark.run(size, leaf));
    return size;
  }

  /** One line; returns how many entries it made. */
  #takeLine({ idx, at, payload, signatures }: IndexedLine, rows: number[], term: (field: number, text: string) => void): number {
    const record = JSON.parse(payload) as Payload;
    const signers = (JSON.parse(signatures) as { by: string }[]).map(({ by }) => by);
    const tags = tagsOf(record);
    rows.push(idx, at, this.#symbols.number(record.chain), this.#symbols.number(record.kind));
    term(TERM.chain, record.chain);
    term(TERM.kind, record.kind);
    term(TERM.family, familyOf(record.chain));
    for (const signer of signers) term(TERM.signer, signer);
    for (const tag of tags) if (tag !== record.chain) term(TERM.tag, tag);
    for (const { num, path } of this.#fields) this.#takeValues(num, path, idx, record);
    const words = textOf(record);
    if (words.length > 0) this.#sql.text.run(idx, words.join(' '));
    return 4 + signers.length + tags.size;
  }

  #takeValues(num: number, path: string, idx: number, record: Payload): void {
    for (const value of valuesAt(record, path)) this.#sql.value.run(num, idx, stored(value));
  }

  /** Adds a field with its values in all lines so far; call within a transaction. */
  addField(path: string, lines: Iterable<IndexedLine>, onLine: () => void): void {
    const num = Number(this.#db.prepare('INSERT INTO field (path) VALUES (?)').run(path).lastInsertRowid);
    for (const line of lines) {
      this.#takeValues(num, path, line.idx, JSON.parse(line.payload) as Payload);
      onLine();
    }
  }

  /** Takes a field away; call within a transaction. */
  dropField(num: number): void {
    this.#db.prepare('DELETE FROM value WHERE field = ?').run(num);
    this.#db.prepare('DELETE FROM field WHERE num = ?').run(num);
  }
}

/** The fields that an index serves. */
export function fieldsOf(db: Database.Database): { num: number; path: string }[] {
  return db.prepare('SELECT num, path FROM main.field ORDER BY path').all() as { num: number; path: string }[];
}
