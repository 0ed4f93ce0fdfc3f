// Capacity that a farm has promised by signing a draft, until the draft's deadline. In bot.sqlite, so that a farm that
// is started again still knows it.
import { parseRecord } from '../bcdb/record.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { agreementOf } from '../market/terms.js';
import type { Private } from '../private.js';
import type { Agreement } from '../schema/types.js';

/** A draft that the farm has signed, or is about to. */
export interface Hold {
  readonly contract: string;
  /** Record id of the draft. */
  readonly record: string;
  /** Canonical payload. */
  readonly payload: string;
  readonly agreement: Agreement;
}

const SQL = {
  take: 'INSERT INTO holds (grid, contract, record, node, payload, until_ms) VALUES (?, ?, ?, ?, ?, ?)',
  drop: 'DELETE FROM holds WHERE grid = ? AND record = ?',
  forget: 'DELETE FROM holds WHERE grid = ? AND until_ms < ?',
  live: 'SELECT contract, record, payload FROM holds WHERE grid = ? AND until_ms >= ?',
} as const;

type Row = Omit<Hold, 'agreement'>;

/** The holds of one grid. */
export class Holds {
  readonly #data: Private;
  readonly #grid: string;

  constructor(data: Private, grid: string) {
    this.#data = data;
    this.#grid = grid;
  }

  /** Drafts that may still be committed: those in the book already count there. */
  live(state: ReadState, at: number): Hold[] {
    const rows = this.#data.db.prepare(SQL.live).all(this.#grid, at) as Row[];
    return rows.filter(({ contract }) => state.get(`contract/${contract}`) === undefined).map((row) => ({ ...row, agreement: agreementOf(parseRecord(row.payload)) }));
  }

  /** Takes a hold, until `commit_by`; what is over is forgotten. Durable on return. */
  take({ contract, record, payload, agreement }: Hold, at: number): void {
    this.#data.db.prepare(SQL.forget).run(this.#grid, at);
    this.#data.db.prepare(SQL.take).run(this.#grid, contract, record, agreement.node, payload, agreement.commit_by);
  }

  /** Ends the hold of a draft. Durable on return. @param record its id */
  drop(record: string): void {
    this.#data.db.prepare(SQL.drop).run(this.#grid, record);
  }
}
