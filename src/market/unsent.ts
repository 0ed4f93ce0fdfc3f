// Transfers that were signed and handed over, until their verdict is known: so that a repeated command pays once.
import { UNSENT_LIFE_MS } from '../base/limits.js';
import { parseRecord, type ParsedRecord } from '../bcdb/record.js';
import type { Private } from '../private.js';
import type { SignedRecord, Transfer } from '../schema/types.js';

/** A transfer without a verdict. */
export interface InDoubt {
  /** Record id. */
  readonly id: string;
  readonly signed: SignedRecord;
  readonly height: number;
  /** Account key, hex. */
  readonly to: string;
  /** Stroops. */
  readonly amount: bigint;
  /** Young enough for a repeated command to mean it. */
  readonly recent: boolean;
}

const SQL = {
  keep: 'INSERT OR REPLACE INTO unsent (grid, record, chain, payload, signatures, signed_ms) VALUES (?, ?, ?, ?, ?, ?)',
  of: 'SELECT payload, signatures, signed_ms FROM unsent WHERE grid = ? AND chain = ? ORDER BY signed_ms',
  clear: 'DELETE FROM unsent WHERE grid = ? AND record = ?',
} as const;

/** The transfers of one grid that are in doubt. */
export class Unsent {
  readonly #data: Private;
  readonly #grid: string;

  constructor(data: Private, grid: string) {
    this.#data = data;
    this.#grid = grid;
  }

  /** Written down before it is handed over. Durable on return. */
  keep({ id, payload }: ParsedRecord, signed: SignedRecord, at: number): void {
    this.#data.db.prepare(SQL.keep).run(this.#grid, id, payload.chain, signed.payload, JSON.stringify(signed.signatures), at);
  }

  /** Of one wallet, oldest first. @param account key, hex */
  of(account: string, at: number): InDoubt[] {
    const rows = this.#data.db.prepare(SQL.of).all(this.#grid, `account/${account}`) as { payload: string; signatures: string; signed_ms: number }[];
    return rows.map(({ payload, signatures, signed_ms }) => {
      const { id, payload: { height, body } } = parseRecord(payload);
      const { to, payers } = body as unknown as Transfer;
      const amount = payers.reduce((sum, payer) => sum + BigInt(payer.amount_stroops), 0n);
      return { id, height, to, amount, signed: { payload, signatures: JSON.parse(signatures) as SignedRecord['signatures'] }, recent: at - signed_ms < UNSENT_LIFE_MS };
    });
  }

  /** Forgets one: its verdict is known. */
  clear(id: string): void {
    this.#data.db.prepare(SQL.clear).run(this.#grid, id);
  }
}
