// What was shown and what was applied of blueprints, in bot.sqlite: for tokens, for going on after a break, for rollback.
//
//   applying ─▶ applied ─▶ down        failed: it could not be carried out; what it did stands in the book
//       └─────▶ failed
import { MAX_BLUEPRINT_PLANS, MAX_BLUEPRINT_REVISIONS } from '../../base/limits.js';
import type { Private } from '../../private.js';
import type { Agreed } from './token.js';

/** How far a revision has come. */
export type RevisionState = 'applying' | 'applied' | 'failed' | 'down';

/** Where a revision came from, without secrets. */
export interface Origin {
  /** A file, `NAME@VERSION`, or `rollback to 3`. */
  readonly from: string;
  /** Values of inputs that were given; those of type secret are left out. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** Something that was applied, or is being. */
export interface Revision {
  readonly name: string;
  /** 1, 2, … by name. */
  readonly revision: number;
  readonly state: RevisionState;
  readonly token: string;
  /** Hash of the design. */
  readonly design: string;
  readonly origin: Origin;
  readonly agreed: Agreed;
  /** Why it failed. */
  readonly reason: string | null;
  readonly begun_ms: number;
  readonly ended_ms: number | null;
}

const COLUMNS = 'name, revision, state, token, design, origin, agreed, reason, begun_ms, ended_ms';
const SQL = {
  show: 'INSERT INTO blueprint_plans (grid, bot, token, agreed, made_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET made_ms = excluded.made_ms, agreed = excluded.agreed',
  trim: 'DELETE FROM blueprint_plans WHERE grid = ? AND bot = ? AND token NOT IN (SELECT token FROM blueprint_plans WHERE grid = ? AND bot = ? ORDER BY made_ms DESC LIMIT ?)',
  shown: 'SELECT agreed FROM blueprint_plans WHERE grid = ? AND bot = ? AND token = ?',
  last: 'SELECT max(revision) AS last FROM blueprint_revisions WHERE grid = ? AND bot = ? AND name = ?',
  begin: "INSERT INTO blueprint_revisions (grid, bot, name, revision, state, token, design, origin, agreed, begun_ms) VALUES (?, ?, ?, ?, 'applying', ?, ?, ?, ?, ?)",
  forget: 'DELETE FROM blueprint_revisions WHERE grid = ? AND bot = ? AND name = ? AND revision <= ?',
  end: 'UPDATE blueprint_revisions SET state = ?, reason = ?, ended_ms = ? WHERE grid = ? AND bot = ? AND name = ? AND revision = ?',
  abandon: "UPDATE blueprint_revisions SET state = 'failed', reason = ?, ended_ms = ? WHERE grid = ? AND bot = ? AND name = ? AND state = 'applying'",
  all: `SELECT ${COLUMNS} FROM blueprint_revisions WHERE grid = ? AND bot = ? AND name = ? ORDER BY revision DESC`,
  names: 'SELECT DISTINCT name FROM blueprint_revisions WHERE grid = ? AND bot = ? ORDER BY name',
} as const;

type Row = Omit<Revision, 'origin' | 'agreed'> & { origin: string; agreed: string };

/** The blueprints of one identity on one grid. */
export class Revisions {
  readonly #data: Private;
  readonly #place: readonly [grid: string, bot: string];

  /** @param bot key of the identity, hex */
  constructor(data: Private, grid: string, bot: string) {
    this.#data = data;
    this.#place = [grid, bot];
  }

  /** Keeps what was shown under a token, so that a later `apply` can say what has changed; the oldest go. */
  show(token: string, agreed: Agreed, at: number): void {
    const { db } = this.#data;
    db.transaction(() => {
      db.prepare(SQL.show).run(...this.#place, token, JSON.stringify(agreed), at);
      db.prepare(SQL.trim).run(...this.#place, ...this.#place, MAX_BLUEPRINT_PLANS);
    })();
  }

  /** What was shown under a token here; undefined where that is long ago, or was elsewhere. */
  shown(token: string): Agreed | undefined {
    const row = this.#data.db.prepare(SQL.shown).get(...this.#place, token) as { agreed: string } | undefined;
    return row === undefined ? undefined : (JSON.parse(row.agreed) as Agreed);
  }

  /** Writes down what is about to be done; another one that was under way is given up. Durable on return. */
  begin(name: string, { token, design, origin, agreed }: Pick<Revision, 'token' | 'design' | 'origin' | 'agreed'>, at: number): Revision {
    const { db } = this.#data;
    return db.transaction(() => {
      db.prepare(SQL.abandon).run('given up for a later one', at, ...this.#place, name);
      const { last } = db.prepare(SQL.last).get(...this.#place, name) as { last: number | null };
      const revision = (last ?? 0) + 1;
      db.prepare(SQL.begin).run(...this.#place, name, revision, token, design, JSON.stringify(origin), JSON.stringify(agreed), at);
      db.prepare(SQL.forget).run(...this.#place, name, revision - MAX_BLUEPRINT_REVISIONS);
      return { name, revision, state: 'applying' as const, token, design, origin, agreed, reason: null, begun_ms: at, ended_ms: null };
    }).immediate();
  }

  /** Notes how a revision ended. Durable on return. */
  end({ name, revision }: Pick<Revision, 'name' | 'revision'>, state: Exclude<RevisionState, 'applying'>, reason: string | null, at: number): void {
    this.#data.db.prepare(SQL.end).run(state, reason, at, ...this.#place, name, revision);
  }

  /** Newest first. */
  of(name: string): Revision[] {
    const rows = this.#data.db.prepare(SQL.all).all(...this.#place, name) as Row[];
    return rows.map((row) => ({ ...row, origin: JSON.parse(row.origin) as Origin, agreed: JSON.parse(row.agreed) as Agreed }));
  }

  /** Every blueprint that was ever applied here. */
  names(): string[] {
    return (this.#data.db.prepare(SQL.names).all(...this.#place) as { name: string }[]).map(({ name }) => name);
  }
}
