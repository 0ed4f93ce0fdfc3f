// The private database of a home folder: orders under way, payments in doubt, capacity held, invitations given, drafts
// to be signed, a node's secrets (sealed), what was lived through with farms. Never shared, never a record.
//
// Losing bot.sqlite loses no contract: those are in the book. An order that was interrupted would not be found again
// by its arguments alone (by --name it would), a repeated transfer would be paid again though the first was recorded
// (under the same --idempotency-key, too), and a farm would forget what it holds for drafts it has signed.
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { makeFolder, type Home } from './home.js';
import { openOwned } from './sqlite.js';

/** Applied in order, each once; never edited, only added to. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE orders (
     grid TEXT NOT NULL,
     contract TEXT NOT NULL,
     nonce TEXT NOT NULL,
     bot TEXT NOT NULL,
     name TEXT,
     arguments TEXT NOT NULL,
     stage TEXT NOT NULL CHECK (stage IN ('ordered', 'accepting', 'farmer_signed', 'signed', 'committed', 'kept')),
     payload TEXT,
     signatures TEXT NOT NULL DEFAULT '[]',
     changed_ms INTEGER NOT NULL,
     PRIMARY KEY (grid, contract)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX orders_open ON orders (grid, bot, arguments) WHERE stage <> 'kept';

   CREATE TABLE holds (
     grid TEXT NOT NULL,
     contract TEXT NOT NULL,
     record TEXT NOT NULL,
     node TEXT NOT NULL,
     payload TEXT NOT NULL,
     until_ms INTEGER NOT NULL,
     PRIMARY KEY (grid, contract)
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE invitations (
     token_sha256 TEXT PRIMARY KEY,
     grid TEXT NOT NULL,
     farm TEXT NOT NULL,
     expires_ms INTEGER NOT NULL,
     node TEXT
   ) STRICT, WITHOUT ROWID;`,
  // Id of the admission: the invitation is used.
  `ALTER TABLE invitations ADD COLUMN record TEXT`,
  // What a node has taken on and not released; over_*: the first checkpoint that showed the contract to be over.
  `CREATE TABLE node_contracts (
     grid TEXT NOT NULL,
     node TEXT NOT NULL,
     contract TEXT NOT NULL,
     over_size INTEGER,
     over_stamp INTEGER,
     PRIMARY KEY (grid, node, contract)
   ) STRICT, WITHOUT ROWID;`,
  // Transfers that were handed over and have no verdict yet.
  `CREATE TABLE unsent (
     grid TEXT NOT NULL,
     record TEXT NOT NULL,
     chain TEXT NOT NULL,
     payload TEXT NOT NULL,
     signatures TEXT NOT NULL,
     signed_ms INTEGER NOT NULL,
     PRIMARY KEY (grid, record)
   ) STRICT, WITHOUT ROWID;`,
  // Every transfer that was signed under an idempotency key, for good: the same key never pays twice.
  `ALTER TABLE unsent ADD COLUMN key TEXT;
   CREATE TABLE keyed (
     grid TEXT NOT NULL,
     key TEXT NOT NULL,
     record TEXT NOT NULL,
     payload TEXT NOT NULL,
     PRIMARY KEY (grid, key, record)
   ) STRICT, WITHOUT ROWID;`,
  // Drafts that were sent to a bot or by it; looked: what it has last been shown of a chain, so that changes can be told.
  `CREATE TABLE drafts (
     grid TEXT NOT NULL,
     bot TEXT NOT NULL,
     record TEXT NOT NULL,
     payload TEXT NOT NULL,
     signatures TEXT NOT NULL,
     proposer TEXT NOT NULL,
     stranger INTEGER NOT NULL CHECK (stranger IN (0, 1)),
     declined TEXT NOT NULL DEFAULT '[]',
     mine TEXT NOT NULL DEFAULT 'open' CHECK (mine IN ('open', 'signed', 'declined')),
     came_ms INTEGER NOT NULL,
     PRIMARY KEY (grid, bot, record)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE looked (
     grid TEXT NOT NULL,
     bot TEXT NOT NULL,
     chain TEXT NOT NULL,
     kind TEXT NOT NULL,
     payload TEXT NOT NULL,
     PRIMARY KEY (grid, bot, chain, kind)
   ) STRICT, WITHOUT ROWID;`,
  // Of a node: secrets of its contracts. Of a bot: the key that its secrets are salted with. Boxes, sealed to their own keys.
  `CREATE TABLE node_secrets (
     grid TEXT NOT NULL,
     node TEXT NOT NULL,
     contract TEXT NOT NULL,
     sha256 TEXT NOT NULL,
     box BLOB NOT NULL,
     PRIMARY KEY (grid, node, contract, sha256)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE salt_keys (
     sealing_key TEXT PRIMARY KEY,
     box BLOB NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  // What a node remembers of each workload, as JSON (src/node/life/life.ts).
  `CREATE TABLE node_lives (
     grid TEXT NOT NULL,
     node TEXT NOT NULL,
     contract TEXT NOT NULL,
     workload TEXT NOT NULL,
     life TEXT NOT NULL,
     PRIMARY KEY (grid, node, contract, workload)
   ) STRICT, WITHOUT ROWID;`,
  // What a node could not say when it saw it, as JSON (src/node/report/journal.ts).
  `CREATE TABLE node_journal (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     grid TEXT NOT NULL,
     node TEXT NOT NULL,
     report TEXT NOT NULL,
     observed_ms INTEGER NOT NULL
   ) STRICT;`,
  // What a buyer remembers of farms and nodes (src/consumer/journal.ts), and a farm of its answers (src/farmer/told.ts).
  `CREATE TABLE journal_answers (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     grid TEXT NOT NULL,
     bot TEXT NOT NULL,
     farm TEXT NOT NULL,
     answer TEXT NOT NULL,
     took_ms INTEGER NOT NULL,
     at_ms INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX journal_answers_farm ON journal_answers (grid, bot, farm, seq);
   CREATE TABLE journal_contracts (
     grid TEXT NOT NULL,
     bot TEXT NOT NULL,
     contract TEXT NOT NULL,
     farm TEXT NOT NULL,
     node TEXT NOT NULL,
     ordered_ms INTEGER NOT NULL,
     running_ms INTEGER,
     fault TEXT,
     closed INTEGER NOT NULL CHECK (closed IN (0, 1)),
     forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1)),
     PRIMARY KEY (grid, contract)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE farm_told (
     grid TEXT NOT NULL,
     farm TEXT NOT NULL,
     what TEXT NOT NULL CHECK (what IN ('declined', 'script')),
     code TEXT NOT NULL,
     reason TEXT NOT NULL,
     asker TEXT NOT NULL,
     count INTEGER NOT NULL,
     at_ms INTEGER NOT NULL,
     PRIMARY KEY (grid, farm, what, code)
   ) STRICT, WITHOUT ROWID;`,
  // Blueprints: what was shown under which token, and what was applied, one revision after the other; plans as JSON without
  // the bytes of any secret (src/architect/plan/revisions.ts).
  `CREATE TABLE blueprint_plans (
     grid TEXT NOT NULL,
     bot TEXT NOT NULL,
     token TEXT NOT NULL,
     agreed TEXT NOT NULL,
     made_ms INTEGER NOT NULL,
     PRIMARY KEY (grid, bot, token)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE blueprint_revisions (
     grid TEXT NOT NULL,
     bot TEXT NOT NULL,
     name TEXT NOT NULL,
     revision INTEGER NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('applying', 'applied', 'failed', 'down')),
     token TEXT NOT NULL,
     design TEXT NOT NULL,
     origin TEXT NOT NULL,
     agreed TEXT NOT NULL,
     reason TEXT,
     begun_ms INTEGER NOT NULL,
     ended_ms INTEGER,
     PRIMARY KEY (grid, bot, name, revision)
   ) STRICT, WITHOUT ROWID;`,
  // Orders of several parts that were given a name at random, until somebody is told of it.
  `CREATE TABLE order_names (
     grid TEXT NOT NULL,
     bot TEXT NOT NULL,
     name TEXT NOT NULL,
     arguments TEXT NOT NULL,
     PRIMARY KEY (grid, bot, name)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX order_names_open ON order_names (grid, bot, arguments);`,
  // Drafts that a farm has signed and their buyers let go of: until their deadlines they may be committed all the same.
  `CREATE TABLE released (
     grid TEXT NOT NULL,
     record TEXT NOT NULL,
     contract TEXT NOT NULL,
     payload TEXT NOT NULL,
     until_ms INTEGER NOT NULL,
     PRIMARY KEY (grid, record)
   ) STRICT, WITHOUT ROWID;`,
];

/** The open database; several processes of one home may hold it. */
export interface Private extends Disposable {
  readonly db: Database;
}

/**
 * Opens `bot.sqlite` of a home folder, 0600, and makes it where there is none.
 * @throws Problem `integrity` where the file is damaged, `failed` where a newer release wrote it
 */
export function openPrivate(home: Home): Private {
  makeFolder(dirname(home.database));
  const db = openOwned(home.database, MIGRATIONS, { message: `${home.database} is damaged`, hint: 'move it away: contracts are in the book, only orders under way and capacity on hold are in this file' });
  return { db, [Symbol.dispose]: () => void db.close() };
}
