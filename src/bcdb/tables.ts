// The tables of a copy (and of a home: the same), as numbered migrations. A migration that was released is never edited.
import type { Database } from 'better-sqlite3';
import { Problem } from '../base/errors.js';
import { CATALOG_TABLES, fillCatalog } from './catalog.js';

/** The file's mark (`PRAGMA application_id`): "3bot" in ASCII. */
const APPLICATION_ID = 0x33626f74;

// Texts that repeat (chains, kinds, keys) stand once, in `symbol`, and rows name them by number: that keeps
// a book of a million lines small enough to stay quick.
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE symbol (
    num  INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
  ) STRICT;

  CREATE TABLE record (
    idx        INTEGER PRIMARY KEY,          -- line of the book, from 0
    id         BLOB NOT NULL,                -- SHA-256 of payload
    at         INTEGER NOT NULL,             -- home's intake, ms
    chain      INTEGER NOT NULL,             -- symbol
    height     INTEGER NOT NULL,
    kind       INTEGER NOT NULL,             -- symbol
    leaf       BLOB NOT NULL,                -- RFC 6962 leaf hash of the entry
    payload    TEXT NOT NULL,                -- canonical JSON
    signatures TEXT NOT NULL                 -- canonical JSON
  ) STRICT;
  CREATE UNIQUE INDEX record_id ON record (id);
  CREATE UNIQUE INDEX record_chain ON record (chain, height);
  CREATE INDEX record_kind ON record (kind, idx);

  CREATE TABLE signer (
    key INTEGER NOT NULL,                    -- symbol
    idx INTEGER NOT NULL,
    PRIMARY KEY (key, idx)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE object (                      -- the fold of all lines
    id   TEXT PRIMARY KEY,
    json TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tile (                        -- tree, 256 hashes a tile; level 0 only when full (record.leaf has the rest)
    level  INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, n)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE checkpoint (                  -- the newest one, a C2SP signed note
    only INTEGER PRIMARY KEY CHECK (only = 1),
    size INTEGER NOT NULL,
    note TEXT NOT NULL
  ) STRICT;

  CREATE TRIGGER record_is_never_changed BEFORE UPDATE ON record
    BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END;
  CREATE TRIGGER record_is_never_deleted BEFORE DELETE ON record
    BEGIN SELECT RAISE(ABORT, 'a record is never deleted'); END;
  CREATE TRIGGER signer_is_never_changed BEFORE UPDATE ON signer
    BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END;
  CREATE TRIGGER signer_is_never_deleted BEFORE DELETE ON signer
    BEGIN SELECT RAISE(ABORT, 'a record is never deleted'); END;
  `,
  `
  CREATE TABLE milestone (                   -- the last checkpoint of each era that is over (bcdb/pinned.ts)
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
  ) STRICT;
  `,
  // What only queries ask has a file of its own (bcdb/index): fewer pages to write for every line.
  `
  DROP INDEX record_id;
  DROP INDEX record_kind;
  DROP TABLE signer;
  `,
  CATALOG_TABLES,
];
/** The version that brought the catalog. */
const WITH_CATALOG = 4;

/**
 * Brings a book's file to the newest tables.
 * @throws Problem `integrity` where the file is something else; `failed`, reason `newer`, where a newer release wrote it
 */
export function migrate(db: Database): void {
  const mark = db.pragma('application_id', { simple: true }) as number;
  const version = db.pragma('user_version', { simple: true }) as number;
  if (mark !== APPLICATION_ID && !(mark === 0 && version === 0 && isEmpty(db))) throw new Problem('integrity', `${db.name} is not a book of 3bot`);
  if (version > MIGRATIONS.length) throw new Problem('failed', `${db.name} was written by a newer release of 3bot`, { reason: 'newer', hint: 'update 3bot' });
  if (version === MIGRATIONS.length) return;
  db.transaction(() => {
    for (const sql of MIGRATIONS.slice(version)) db.exec(sql);
    if (version < WITH_CATALOG) fillCatalog(db);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
  }).exclusive();
}

/** Whether the file has that table: a reader may open one that no newer release has written to yet. */
export function hasMilestones(db: Database): boolean {
  return (db.pragma('user_version', { simple: true }) as number) >= 2;
}

/** Whether the file has the catalog; as `hasMilestones`. */
export function hasCatalog(db: Database): boolean {
  return (db.pragma('user_version', { simple: true }) as number) >= WITH_CATALOG;
}

function isEmpty(db: Database): boolean {
  return db.prepare('SELECT count(*) AS n FROM sqlite_schema').pluck().get() === 0;
}
