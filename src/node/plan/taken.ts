// The contracts that a node has taken on and not released yet, kept in the private database.
//
// Losing it loses one thing: that the data of a contract is gone is not said, if everything of it was wiped already.
// What still has a volume or a container is found again by those.
import type { Home } from '../../home.js';
import { openPrivate, type Private } from '../../private.js';
import type { Look } from './draft.js';

const SQL = {
  all: 'SELECT contract, over_size, over_stamp FROM node_contracts WHERE grid = ? AND node = ?',
  add: 'INSERT INTO node_contracts (grid, node, contract) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  over: 'UPDATE node_contracts SET over_size = ?, over_stamp = ? WHERE grid = ? AND node = ? AND contract = ? AND over_size IS NULL',
  notOver: 'UPDATE node_contracts SET over_size = NULL, over_stamp = NULL WHERE grid = ? AND node = ? AND contract = ?',
  drop: 'DELETE FROM node_contracts WHERE grid = ? AND node = ? AND contract = ?',
} as const;

/** The list of one node of one grid; durable on return of every call. */
export class Taken implements Disposable {
  readonly #private: Private;
  readonly #scope: readonly [grid: string, node: string];

  constructor(home: Home, grid: string, node: string) {
    this.#private = openPrivate(home);
    this.#scope = [grid, node];
  }

  /** Contract to the first look that showed it to be over; null while it is not. */
  all(): Map<string, Look | null> {
    const rows = this.#private.db.prepare(SQL.all).all(...this.#scope) as { contract: string; over_size: number | null; over_stamp: number | null }[];
    return new Map(rows.map(({ contract, over_size, over_stamp }) => [contract, over_size === null || over_stamp === null ? null : { size: over_size, stamp: over_stamp }]));
  }

  /** Notes a contract; before anything is made for it. */
  add(contract: string): void {
    this.#private.db.prepare(SQL.add).run(...this.#scope, contract);
  }

  /** Notes the first look that showed it to be over; later ones change nothing. */
  over(contract: string, look: Look): void {
    this.add(contract);
    this.#private.db.prepare(SQL.over).run(look.size, look.stamp, ...this.#scope, contract);
  }

  /** A later look shows it in force, or nothing at all: whatever shows it to be over next is a first look. */
  notOver(contract: string): void {
    this.#private.db.prepare(SQL.notOver).run(...this.#scope, contract);
  }

  /** Nothing of it is left. */
  drop(contract: string): void {
    this.#private.db.prepare(SQL.drop).run(...this.#scope, contract);
  }

  [Symbol.dispose](): void {
    this.#private[Symbol.dispose]();
  }
}
