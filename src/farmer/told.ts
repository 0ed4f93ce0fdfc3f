// What a farm has refused, and how its script failed, by code: in bot.sqlite, for its owner alone.
import { MAX_TOLD_WAIT_MS } from '../base/limits.js';
import type { Private } from '../private.js';
import type { FarmEvent } from './talk.js';

/** Everything of one code, with the newest of it. */
export interface Told extends FarmEvent {
  readonly count: number;
  readonly at: number;
}

const SQL = {
  note: `INSERT INTO farm_told (grid, farm, what, code, reason, asker, count, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET reason = excluded.reason, asker = excluded.asker, count = count + excluded.count, at_ms = excluded.at_ms`,
  all: 'SELECT what, code, reason, asker AS "from", count, at_ms AS at FROM farm_told WHERE grid = ? AND farm = ? ORDER BY at_ms DESC',
} as const;

/** What a farm has told, newest first: one row a code, so it is bounded however many ask. */
export function toldOf(db: Private['db'], grid: string, farm: string): Told[] {
  return db.prepare(SQL.all).all(grid, farm) as Told[];
}

/** Notes what is told; strangers can make a farm refuse as fast as they write, so it is on disk within a second, not at once. */
export class Telling implements Disposable {
  readonly #data: Private;
  readonly #scope: readonly [grid: string, farm: string];
  readonly #waiting = new Map<string, Told>();
  #timer: NodeJS.Timeout | undefined;

  constructor(data: Private, grid: string, farm: string) {
    this.#data = data;
    this.#scope = [grid, farm];
  }

  /** @param at ms since 1970 */
  note(event: FarmEvent, at: number): void {
    const key = `${event.what}/${event.code}`;
    this.#waiting.set(key, { ...event, at, count: (this.#waiting.get(key)?.count ?? 0) + 1 });
    this.#timer ??= setTimeout(() => this.#write(), MAX_TOLD_WAIT_MS);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const rows = [...this.#waiting.values()];
    this.#waiting.clear();
    if (rows.length === 0) return;
    const note = this.#data.db.prepare(SQL.note);
    this.#data.db.transaction(() => {
      for (const { what, code, reason, from, count, at } of rows) note.run(...this.#scope, what, code, reason, from, count, at);
    }).immediate();
  }

  [Symbol.dispose](): void {
    this.#write();
  }
}
