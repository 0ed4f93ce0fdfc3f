// Payments that were signed and handed over: until their verdict is known, so that a repeated command pays once; under
// an idempotency key for good, so that the same key never pays twice.
import { UNSENT_LIFE_MS } from '../base/limits.js';
import { parseRecord, type ParsedRecord } from '../bcdb/record.js';
import type { Private } from '../private.js';
import type { SignedRecord } from '../schema/types.js';

/** A payment without a verdict. */
export interface InDoubt {
  readonly record: ParsedRecord;
  readonly signed: SignedRecord;
  /** Idempotency key that it was made under. */
  readonly key: string | null;
  /** Young enough for a repeated command to mean it. */
  readonly recent: boolean;
}

const SQL = {
  keep: 'INSERT OR REPLACE INTO unsent (grid, record, chain, payload, signatures, signed_ms, key) VALUES (?, ?, ?, ?, ?, ?, ?)',
  of: 'SELECT payload, signatures, signed_ms, key FROM unsent WHERE grid = ? AND chain = ? ORDER BY signed_ms',
  clear: 'DELETE FROM unsent WHERE grid = ? AND record = ?',
  note: 'INSERT OR IGNORE INTO keyed (grid, key, record, payload) VALUES (?, ?, ?, ?)',
  under: 'SELECT payload FROM keyed WHERE grid = ? AND key = ?',
} as const;

/** The payments of one grid that are in doubt, and those that were made under a key. */
export class Unsent {
  readonly #data: Private;
  readonly #grid: string;

  constructor(data: Private, grid: string) {
    this.#data = data;
    this.#grid = grid;
  }

  /** Written down before it is handed over. Durable on return. @param key idempotency key, if it has one */
  keep({ id, payload }: ParsedRecord, signed: SignedRecord, at: number, key: string | null = null): void {
    const { db } = this.#data;
    db.transaction(() => {
      if (key !== null) this.note(id, signed.payload, key);
      db.prepare(SQL.keep).run(this.#grid, id, payload.chain, signed.payload, JSON.stringify(signed.signatures), at, key);
    }).immediate();
  }

  /** Written down as signed under a key, though others hand it over: a draft. Durable on return. */
  note(id: string, payload: string, key: string): void {
    this.#data.db.prepare(SQL.note).run(this.#grid, key, id, payload);
  }

  /** Of one account, oldest first. @param account key, hex */
  of(account: string, at: number): InDoubt[] {
    const rows = this.#data.db.prepare(SQL.of).all(this.#grid, `account/${account}`) as { payload: string; signatures: string; signed_ms: number; key: string | null }[];
    return rows.map(({ payload, signatures, signed_ms, key }) => ({
      record: parseRecord(payload), key, signed: { payload, signatures: JSON.parse(signatures) as SignedRecord['signatures'] }, recent: at - signed_ms < UNSENT_LIFE_MS,
    }));
  }

  /** Every payment that was ever signed under a key, whether it came into the book or not. */
  under(key: string): ParsedRecord[] {
    return (this.#data.db.prepare(SQL.under).all(this.#grid, key) as { payload: string }[]).map(({ payload }) => parseRecord(payload));
  }

  /** Forgets one that was in doubt: its verdict is known. */
  clear(id: string): void {
    this.#data.db.prepare(SQL.clear).run(this.#grid, id);
  }
}
