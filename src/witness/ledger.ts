// What a witness remembers: which logs it knows, and of each the newest tree that it has cosigned.
//
// A witness that forgets could cosign a second history: where this file is lost, its key must be given up too.
import { closeSync, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { Problem } from '../base/errors.js';
import { makeFolder } from '../home.js';
import { openOwned } from '../sqlite.js';
import { EMPTY_ROOT } from '../tlog/merkle.js';
import type { NoteKey } from '../tlog/note.js';

/** What a witness is, laid down when it is made. */
export interface WitnessIdentity {
  /** Name of its key on notes. */
  readonly key_name: string;
  /** It takes in every line of a log, by all rules, before it cosigns. */
  readonly audits: boolean;
}

/** The grid that a log is of, where that is known. */
export interface LogSource {
  /** Its id, hex. */
  readonly grid: string;
  /** Base URL of its home, where an auditing witness gets the lines, and any learns of hand-overs; null: not known. */
  readonly url: string | null;
}

/** A log as a witness knows it. */
export interface LedgerLog {
  /** First line of its checkpoints. */
  readonly origin: string;
  /** Its key as C2SP writes it. */
  readonly vkey: string;
  readonly source: LogSource | null;
  /** Leaves of the newest tree that was cosigned; 0: none was. */
  readonly size: number;
  readonly root: Buffer;
  /** Its checkpoint as the log signed it; null: none was cosigned. */
  readonly note: string | null;
  /** When it was cosigned last, ms since 1970; null: never. */
  readonly cosigned_ms: number | null;
  /** Lines that the home had when an auditing witness last looked, and it had no more. */
  readonly looked_size: number;
  /** When that was, ms since 1970; null: never, or at another home. */
  readonly looked_ms: number | null;
}

/** The key of a witness on notes. @param key raw public key, hex */
export function witnessKey({ key_name }: WitnessIdentity, key: string): NoteKey {
  return { name: key_name, type: 'cosignature', key };
}

interface Row {
  readonly origin: string;
  readonly vkey: string;
  readonly grid: string | null;
  readonly url: string | null;
  readonly size: number;
  readonly root: Buffer;
  readonly note: string | null;
  readonly cosigned_ms: number | null;
  readonly looked_size: number;
  readonly looked_ms: number | null;
}

/** Applied in order, each once; never edited, only added to. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE witness (
     only INTEGER PRIMARY KEY CHECK (only = 1),
     key_name TEXT NOT NULL,
     audits INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE log (
     origin TEXT PRIMARY KEY,
     vkey TEXT NOT NULL,
     grid TEXT,
     url TEXT,
     size INTEGER NOT NULL,
     root BLOB NOT NULL,
     note TEXT,
     cosigned_ms INTEGER
   ) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE log ADD COLUMN looked_size INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE log ADD COLUMN looked_ms INTEGER;`,
];

const COLUMNS = 'origin, vkey, grid, url, size, root, note, cosigned_ms, looked_size, looked_ms';
const SQL = {
  describe: 'INSERT INTO witness (only, key_name, audits) VALUES (1, ?, ?)',
  identity: 'SELECT key_name, audits FROM witness',
  all: `SELECT ${COLUMNS} FROM log ORDER BY origin`,
  one: `SELECT ${COLUMNS} FROM log WHERE origin = ?`,
  trust: `INSERT INTO log (origin, vkey, grid, url, size, root) VALUES (?, ?, ?, ?, 0, ?)
          ON CONFLICT (origin) DO UPDATE SET vkey = excluded.vkey, grid = excluded.grid, url = excluded.url,
            looked_ms = CASE WHEN vkey = excluded.vkey THEN looked_ms END`,
  advance: 'UPDATE log SET size = ?, root = ?, note = ?, cosigned_ms = ? WHERE origin = ? AND size = ?',
  look: 'UPDATE log SET looked_size = ?, looked_ms = ? WHERE origin = ? AND vkey = ?',
} as const;

/** The open file; several processes may hold it. */
export class Ledger implements Disposable {
  readonly identity: WitnessIdentity;
  readonly #db: Database;

  private constructor(db: Database, identity: WitnessIdentity) {
    this.#db = db;
    this.identity = identity;
  }

  /** Makes the file of a new witness. @throws Problem `usage` where there is one */
  static create(path: string, identity: WitnessIdentity): Ledger {
    if (existsSync(path)) throw new Problem('usage', `${path} is there already: it is what another witness remembers`, { reason: 'exists', hint: 'choose another name' });
    makeFolder(dirname(path));
    // Exclusively: two that make it at the same moment would be one witness.
    closeSync(openSync(path, 'wx', 0o600));
    const db = openDatabase(path);
    db.prepare(SQL.describe).run(identity.key_name, identity.audits ? 1 : 0);
    return new Ledger(db, identity);
  }

  /** @throws Problem `not_found` where the file is missing; `integrity` where it is damaged */
  static open(path: string): Ledger {
    if (!existsSync(path)) throw new Problem('not_found', `${path} is not there: what this witness has cosigned is not known`, { hint: 'put the file itself back, not a copy from a backup; else make a new witness: 3bot witness create NAME' });
    const db = openDatabase(path);
    const row = db.prepare(SQL.identity).get() as { key_name: string; audits: number } | undefined;
    if (row === undefined) {
      db.close();
      throw new Problem('integrity', `${path} is not what a witness remembers`);
    }
    return new Ledger(db, { key_name: row.key_name, audits: row.audits === 1 });
  }

  /** All logs, by origin. */
  logs(): LedgerLog[] {
    return (this.#db.prepare(SQL.all).all() as Row[]).map(logOf);
  }

  log(origin: string): LedgerLog | undefined {
    const row = this.#db.prepare(SQL.one).get(origin) as Row | undefined;
    return row === undefined ? undefined : logOf(row);
  }

  /**
   * Trusts a key for the checkpoints of an origin, in place of one before. What was cosigned of it stays; when the home of
   * another key was looked at says nothing of this one's.
   */
  trust({ origin, vkey, source }: Pick<LedgerLog, 'origin' | 'vkey' | 'source'>): void {
    this.#db.prepare(SQL.trust).run(origin, vkey, source?.grid ?? null, source?.url ?? null, EMPTY_ROOT);
  }

  /**
   * Notes that a checkpoint is cosigned; durable on return.
   * @param from the log's size as it was looked at: if that has changed meanwhile, nothing is noted and false comes back
   */
  advance(origin: string, from: number, to: { readonly size: number; readonly root: Buffer; readonly note: string; readonly time_ms: number }): boolean {
    return this.#db.prepare(SQL.advance).run(to.size, to.root, to.note, to.time_ms, origin, from).changes === 1;
  }

  /** Notes that the home of a log had so many lines, and no more, when it was asked. */
  look({ origin, vkey }: Pick<LedgerLog, 'origin' | 'vkey'>, size: number, time_ms: number): void {
    this.#db.prepare(SQL.look).run(size, time_ms, origin, vkey);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

function logOf({ grid, url, ...log }: Row): LedgerLog {
  return { ...log, source: grid === null ? null : { grid, url } };
}

function openDatabase(path: string): Database {
  return openOwned(path, MIGRATIONS, { message: `${path} is damaged: what this witness has cosigned is not known`, hint: 'make a new witness, with a new key: 3bot witness create NAME' });
}
