// Capacity that a farm has promised by signing a draft, until the draft's deadline; and drafts whose buyers let go of it.
// In bot.sqlite, so that a farm that is started again still knows them.
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
  release: 'INSERT OR REPLACE INTO released (grid, record, contract, payload, until_ms) SELECT grid, record, contract, payload, until_ms FROM holds WHERE grid = ? AND record = ?',
  drop: 'DELETE FROM holds WHERE grid = ? AND record = ?',
  forget: 'DELETE FROM holds WHERE grid = ? AND until_ms < ?',
  forgetReleased: 'DELETE FROM released WHERE grid = ? AND until_ms < ?',
  live: 'SELECT contract, record, payload FROM holds WHERE grid = ? AND until_ms >= ?',
  released: 'SELECT contract, record, payload FROM released WHERE grid = ? AND until_ms >= ?',
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
    return this.#open(SQL.live, state, at);
  }

  /**
   * Drafts that hold nothing any more, by their buyers' word, and may be committed all the same: the farm's signature on
   * them stands until their deadline. There may be several of one contract, of which one at most is ever in the book.
   */
  released(state: ReadState, at: number): Hold[] {
    return this.#open(SQL.released, state, at);
  }

  #open(sql: string, state: ReadState, at: number): Hold[] {
    const rows = this.#data.db.prepare(sql).all(this.#grid, at) as Row[];
    return rows.filter(({ contract }) => state.get(`contract/${contract}`) === undefined).map((row) => ({ ...row, agreement: agreementOf(parseRecord(row.payload)) }));
  }

  /** Takes a hold, until `commit_by`; what is over is forgotten. Durable on return. */
  take({ contract, record, payload, agreement }: Hold, at: number): void {
    for (const sql of [SQL.forget, SQL.forgetReleased]) this.#data.db.prepare(sql).run(this.#grid, at);
    this.#data.db.prepare(SQL.take).run(this.#grid, contract, record, agreement.node, payload, agreement.commit_by);
  }

  /** Ends the hold of a draft, and keeps it among the released ones. Durable on return. @param record its id */
  release(record: string): void {
    this.#data.db.transaction(() => {
      for (const sql of [SQL.release, SQL.drop]) this.#data.db.prepare(sql).run(this.#grid, record);
    })();
  }
}
