// What a node remembers of its workloads, kept in the private database, so that no restart of the agent makes it forget.
//
// Losing it loses counts of restarts within a minute (the book has the rest), what a change would be rolled back to,
// and that a change was rolled back: it is tried again once.
import { openPrivate, type Private } from '../../private.js';
import type { Home } from '../../home.js';
import type { Life } from './life.js';

const SQL = {
  all: 'SELECT contract, workload, life FROM node_lives WHERE grid = ? AND node = ?',
  put: 'INSERT INTO node_lives (grid, node, contract, workload, life) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET life = excluded.life',
  forget: 'DELETE FROM node_lives WHERE grid = ? AND node = ? AND contract = ? AND workload = ?',
  drop: 'DELETE FROM node_lives WHERE grid = ? AND node = ? AND contract = ?',
} as const;

/** The lives of one node of one grid; durable on return of every call. */
export class Lives implements Disposable {
  readonly #private: Private;
  readonly #scope: readonly [grid: string, node: string];
  readonly #all = new Map<string, Life>();

  constructor(home: Home, grid: string, node: string) {
    this.#private = openPrivate(home);
    this.#scope = [grid, node];
    const rows = this.#private.db.prepare(SQL.all).all(...this.#scope) as { contract: string; workload: string; life: string }[];
    for (const { contract, workload, life } of rows) this.#all.set(`${contract}/${workload}`, JSON.parse(life) as Life);
  }

  /** By `contract/name`. Those of one process: another that writes is not seen. */
  get all(): ReadonlyMap<string, Life> {
    return this.#all;
  }

  /** Remembers these, in one transaction. */
  put(lives: ReadonlyMap<string, Life>): void {
    if (lives.size === 0) return;
    const { db } = this.#private;
    const put = db.prepare(SQL.put);
    db.transaction(() => {
      for (const [key, life] of lives) put.run(...this.#scope, ...splitKey(key), JSON.stringify(life));
    })();
    for (const [key, life] of lives) this.#all.set(key, life);
  }

  /** Of these contracts only these workloads are listed: the others are forgotten. @param listed contract to names */
  trim(listed: ReadonlyMap<string, ReadonlySet<string>>): void {
    for (const key of this.#all.keys()) {
      const [contract, workload] = splitKey(key);
      if (listed.get(contract)?.has(workload) !== false) continue;
      this.#private.db.prepare(SQL.forget).run(...this.#scope, contract, workload);
      this.#all.delete(key);
    }
  }

  /** Nothing of this contract is left. */
  drop(contract: string): void {
    this.#private.db.prepare(SQL.drop).run(...this.#scope, contract);
    for (const key of this.#all.keys()) if (key.startsWith(`${contract}/`)) this.#all.delete(key);
  }

  [Symbol.dispose](): void {
    this.#private[Symbol.dispose]();
  }
}

function splitKey(key: string): [contract: string, workload: string] {
  const at = key.indexOf('/');
  return [key.slice(0, at), key.slice(at + 1)];
}
