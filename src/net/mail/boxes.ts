// mail.sqlite: the mailboxes that a bot keeps. It holds sealed letters, who may fill which part of which box, and nothing else.
//
// A letter that was taken is on disk before anybody is told so, and stays until its receiver drops it or it expires: a
// full box refuses, it pushes nothing out. What was dropped is remembered for as long as it could be handed in again.
import { dirname } from 'node:path';
import type { Database, Statement } from 'better-sqlite3';
import { effect } from '../../base/effect.js';
import { isProblem, Problem } from '../../base/errors.js';
import {
  FORGOTTEN_AT_ONCE, MAX_BYTES_OF_ONE, MAX_BYTES_OF_STRANGER, MAX_BYTES_SENT, MAX_CLOCK_SKEW_MS, MAX_KNOWN, MAX_LETTERS, MAX_LETTERS_OF_ONE, MAX_LETTERS_OF_STRANGER, MAX_LETTERS_SENT,
  MAX_MAILBOX_BYTES, MAX_MAIL_BYTES, MAX_PAGE_BYTES, MAX_STRANGERS_BYTES, MAX_STRANGERS_LETTERS, STRANGERS_SHARE,
} from '../../base/limits.js';
import { makeFolder } from '../../home.js';
import type { Letter, LetterHead, MailKept, MailPage } from '../../schema/types.js';
import { openOwned } from '../../sqlite.js';
import { letterId } from './letter.js';

/** Applied in order, each once; never edited, only added to. */
const MIGRATIONS: readonly string[] = [
  // letter null: dropped, and remembered until until_ms. sums: what is in a scope, so that nothing is ever counted anew (of acquaintances, parties stand in place of letters).
  `CREATE TABLE letters (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     grid TEXT NOT NULL,
     owner TEXT NOT NULL,
     sender TEXT NOT NULL,
     stranger INTEGER NOT NULL CHECK (stranger IN (0, 1)),
     time_ms INTEGER NOT NULL,
     until_ms INTEGER NOT NULL,
     bytes INTEGER NOT NULL,
     letter TEXT
   ) STRICT;
   CREATE INDEX letters_box ON letters (grid, owner, seq) WHERE letter IS NOT NULL;
   CREATE INDEX letters_until ON letters (until_ms);

   CREATE TABLE sums (
     scope TEXT PRIMARY KEY,
     letters INTEGER NOT NULL,
     bytes INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE known (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     grid TEXT NOT NULL,
     owner TEXT NOT NULL,
     party TEXT NOT NULL,
     UNIQUE (grid, owner, party)
   ) STRICT;
   CREATE INDEX known_oldest ON known (grid, owner, seq);`,
];

const SQL = {
  find: 'SELECT stranger FROM letters WHERE id = ?',
  take: 'INSERT INTO letters (id, grid, owner, sender, stranger, time_ms, until_ms, bytes, letter) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  page: 'SELECT seq, stranger, letter FROM letters WHERE grid = ? AND owner = ? AND letter IS NOT NULL AND seq > ? AND until_ms > ? ORDER BY seq LIMIT ?',
  mine: 'SELECT id, grid, owner, sender, stranger, time_ms, until_ms, bytes FROM letters WHERE id = ? AND grid = ? AND owner = ? AND letter IS NOT NULL',
  drop: 'UPDATE letters SET letter = NULL, bytes = 0, until_ms = ? WHERE id = ?',
  over: 'SELECT id, grid, owner, sender, stranger, time_ms, until_ms, bytes FROM letters WHERE until_ms <= ? LIMIT ?',
  forget: 'DELETE FROM letters WHERE id = ?',
  sum: 'SELECT letters, bytes FROM sums WHERE scope = ?',
  add: 'INSERT INTO sums VALUES (?, ?, ?) ON CONFLICT (scope) DO UPDATE SET letters = letters + excluded.letters, bytes = bytes + excluded.bytes',
  empty: 'DELETE FROM sums WHERE scope = ? AND letters = 0',
  isKnown: 'SELECT 1 FROM known WHERE grid = ? AND owner = ? AND party = ?',
  know: 'INSERT OR IGNORE INTO known (grid, owner, party) VALUES (?, ?, ?)',
  unlearn: 'DELETE FROM known WHERE seq IN (SELECT seq FROM known WHERE grid = ? AND owner = ? ORDER BY seq LIMIT ?)',
} as const;

interface Row {
  readonly id: string;
  readonly grid: string;
  readonly owner: string;
  readonly sender: string;
  readonly stranger: 0 | 1;
  readonly time_ms: number;
  readonly until_ms: number;
  readonly bytes: number;
}

/** How many, and how large together. */
export interface Sum {
  readonly letters: number;
  readonly bytes: number;
}

/** One bound on what is kept: the scope that it counts, its most, and whom a refusal is about. */
interface Bound extends Sum {
  readonly scope: string;
  readonly reason: 'mailbox' | 'sender' | 'server';
}

/** The open file; several processes of one home may hold it. */
export class Boxes implements Disposable {
  readonly #db: Database;
  readonly #sql: { readonly [K in keyof typeof SQL]: Statement };

  private constructor(db: Database) {
    this.#db = db;
    this.#sql = Object.fromEntries(Object.entries(SQL).map(([name, text]) => [name, db.prepare(text)])) as { [K in keyof typeof SQL]: Statement };
  }

  /**
   * Opens `mail.sqlite`, 0600, and makes it where there is none.
   * @throws Problem `integrity` where the file is damaged, `failed` where a newer release wrote it
   */
  static open(path: string): Boxes {
    makeFolder(dirname(path));
    return new Boxes(openOwned(path, MIGRATIONS, { message: `${path} is damaged`, hint: 'move it away: only letters that nobody has fetched are in this file, and their senders still have the drafts' }));
  }

  /** All letters that wait here. */
  get held(): Sum {
    return (this.#sql.sum.get('all') ?? { letters: 0, bytes: 0 }) as Sum;
  }

  /** What is kept under a letter's id, or was and may come again; undefined for a new one. */
  find(id: string): MailKept | undefined {
    const row = this.#sql.find.get(id) as Pick<Row, 'stranger'> | undefined;
    return row && { id, known: true, stranger: row.stranger === 1 };
  }

  /**
   * Demands that there is room for a letter, letters of which time is over left out: or a box full of them would stay so.
   * @throws Problem `busy`, reason `mailbox`, `sender` or `server`
   */
  checkRoom(head: LetterHead, at: number): void {
    if (this.#fullOf(head) !== undefined && this.#sql.over.get(at, 1) !== undefined) this.#db.transaction(() => this.#forget(at)).immediate();
    this.#demandRoom(head);
  }

  #demandRoom(head: LetterHead): void {
    const reason = this.#fullOf(head);
    if (reason !== undefined) throw new Problem('busy', FULL[reason], { reason, hint: 'try again later, or hand the draft over as a file' });
  }

  #fullOf({ grid, from, to, size }: LetterHead): Bound['reason'] | undefined {
    return boundsOf(grid, from, to, this.#isStranger(grid, to, from)).find(({ scope, letters, bytes }) => {
      const sum = (this.#sql.sum.get(scope) ?? { letters: 0, bytes: 0 }) as Sum;
      return sum.letters + 1 > letters || sum.bytes + size > bytes;
    })?.reason;
  }

  /**
   * Keeps letters that were checked, in one transaction; durable on return. One that is there already is not kept twice.
   * To a sender its receiver is no stranger from now on.
   * @returns for each how it is kept, or Problem `busy` as `checkRoom`
   */
  take(letters: readonly Letter[], at: number): (MailKept | Problem)[] {
    const keep = this.#db.transaction(() => {
      this.#forget(at);
      return letters.map((letter) => this.#take(letter));
    });
    return effect('letter_kept', () => keep.immediate());
  }

  #take(letter: Letter): MailKept | Problem {
    const { head } = letter;
    const { grid, from, to, time, expires, size } = head;
    const id = letterId(head);
    const before = this.find(id);
    if (before !== undefined) return before;
    try {
      this.#demandRoom(head);
    } catch (thrown) {
      if (isProblem(thrown)) return thrown;
      throw thrown;
    }
    const stranger = this.#isStranger(grid, to, from) ? 1 : 0;
    this.#sql.take.run(id, grid, to, from, stranger, time, expires, size, JSON.stringify(letter));
    this.#count({ grid, owner: to, sender: from, stranger }, 1, size);
    this.#know(grid, from, [to]);
    return { id, known: false, stranger: stranger === 1 };
  }

  /** Letters of one mailbox after number `after`, in the order in which they came: at most `limit`, and about MAX_PAGE_BYTES. */
  page(grid: string, owner: string, after: number, limit: number, at: number): MailPage {
    const letters: MailPage['letters'] = [];
    let bytes = 0;
    for (const row of this.#sql.page.iterate(grid, owner, after, at, limit + 1) as Iterable<{ seq: number; stranger: 0 | 1; letter: string }>) {
      if (letters.length === limit || bytes > MAX_PAGE_BYTES) return { letters, more: true };
      bytes += row.letter.length;
      letters.push({ seq: row.seq, stranger: row.stranger === 1, letter: JSON.parse(row.letter) as Letter });
    }
    return { letters, more: false };
  }

  /** Drops letters of one mailbox; those of others, and such as are not here, are passed over. */
  drop(grid: string, owner: string, ids: readonly string[]): void {
    if (ids.length === 0) return;
    const drop = this.#db.transaction(() => {
      for (const id of ids) {
        const row = this.#sql.mine.get(id, grid, owner) as Row | undefined;
        if (row === undefined) continue;
        // Older ones are not taken in, so this one cannot come again after that.
        this.#sql.drop.run(Math.min(row.until_ms, row.time_ms + MAX_CLOCK_SKEW_MS), id);
        this.#count(row, 0, -row.bytes);
      }
    });
    effect('letters_dropped', () => drop.immediate());
  }

  /** From now on letters of these parties to that owner do not count as a stranger's. */
  know(grid: string, owner: string, parties: readonly string[]): void {
    const isNew = parties.some((party) => this.#isStranger(grid, owner, party));
    if (isNew) this.#db.transaction(() => this.#know(grid, owner, parties)).immediate();
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #isStranger(grid: string, owner: string, party: string): boolean {
    return this.#sql.isKnown.get(grid, owner, party) === undefined;
  }

  #know(grid: string, owner: string, parties: readonly string[]): void {
    const scope = `${grid}/${owner}/acquaintances`;
    const added = parties.reduce((sum, party) => sum + this.#sql.know.run(grid, owner, party).changes, 0);
    if (added === 0) return;
    this.#sql.add.run(scope, added, 0);
    const { letters: count } = this.#sql.sum.get(scope) as Sum;
    if (count <= MAX_KNOWN) return;
    this.#sql.unlearn.run(grid, owner, count - MAX_KNOWN);
    this.#sql.add.run(scope, MAX_KNOWN - count, 0);
  }

  /** Forgets letters of which time is over, some at a time. */
  #forget(at: number): void {
    for (const row of this.#sql.over.all(at, FORGOTTEN_AT_ONCE) as Row[]) {
      this.#sql.forget.run(row.id);
      this.#count(row, -1, -row.bytes);
    }
  }

  #count({ grid, owner, sender, stranger }: Pick<Row, 'grid' | 'owner' | 'sender' | 'stranger'>, letters: number, bytes: number): void {
    for (const { scope } of boundsOf(grid, sender, owner, stranger === 1)) {
      this.#sql.add.run(scope, letters, bytes);
      if (letters < 0) this.#sql.empty.run(scope);
    }
  }
}

const FULL: Readonly<Record<Bound['reason'], string>> = {
  mailbox: 'the mailbox is full',
  sender: 'too many letters of this sender wait to be fetched',
  server: 'this bot keeps as many letters as it can',
};

/** Every bound that a letter counts towards. */
function boundsOf(grid: string, sender: string, owner: string, isStranger: boolean): Bound[] {
  const box = `${grid}/${owner}/${isStranger ? 'strangers' : 'known'}`;
  const whole: Bound[] = [{ scope: 'all', reason: 'server', letters: Infinity, bytes: MAX_MAIL_BYTES }, { scope: `${grid}/${sender}/sent`, reason: 'sender', letters: MAX_LETTERS_SENT, bytes: MAX_BYTES_SENT }];
  if (!isStranger) return [...whole, { scope: box, reason: 'mailbox', letters: MAX_LETTERS, bytes: MAX_MAILBOX_BYTES }, { scope: `${box}/${sender}`, reason: 'sender', letters: MAX_LETTERS_OF_ONE, bytes: MAX_BYTES_OF_ONE }];
  return [
    ...whole,
    { scope: 'strangers', reason: 'server', letters: Infinity, bytes: MAX_MAIL_BYTES * STRANGERS_SHARE },
    { scope: box, reason: 'mailbox', letters: MAX_STRANGERS_LETTERS, bytes: MAX_STRANGERS_BYTES },
    { scope: `${box}/${sender}`, reason: 'sender', letters: MAX_LETTERS_OF_STRANGER, bytes: MAX_BYTES_OF_STRANGER },
  ];
}
