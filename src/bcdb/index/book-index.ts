// The index of a book, in a file of its own beside it: what queries ask, kept out of the way of what is written.
//
// Everything in it follows from the book, so nothing is lost with it: a file that is missing, damaged, of another
// format or of another book is made again. It is written behind the book, by whoever needs it: a daemon's keeper all
// the time, a command when it asks. Lines that it does not have yet are looked at one by one.
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import { INDEX_LOCK_WAIT_MS, MAX_UNINDEXED } from '../../base/limits.js';
import { asProblem } from '../sql.js';
import { Symbols } from '../symbols.js';
import { FIRST_FIELDS } from './facts.js';
import { Filler, fieldsOf, type IndexedLine } from './fill.js';
import { makeIndex, markOf, type Mark } from './tables.js';

const LINES = 'SELECT idx, id, at, leaf, payload, signatures FROM book.record WHERE idx >= ? AND idx < ? ORDER BY idx';
/** Which words there are, read from the text index itself. */
const WORDS = 'CREATE VIRTUAL TABLE temp.word USING fts5vocab (main, text, instance)';
/** Lines read from the book at once, so that a batch of large ones does not fill the memory. */
const PAGE = 256;
/** Prepared statements kept: there are as many as shapes of questions. */
const MAX_STATEMENTS = 256;

/** How far the index is. */
export type OnIndexed = (lines: number, of: number) => void;

interface Writing {
  readonly db: Database.Database;
  readonly filler: Filler;
}

/** The index of one book. One object for one thread; any number of them, in any number of processes. */
export class BookIndex implements Disposable {
  /** Another thread keeps it up: questions here only read, and whoever answers strangers never waits for a transaction. */
  isKept = false;
  readonly #book: string;
  readonly #path: string;
  readonly #statements = new LRUCache<string, Database.Statement>({ max: MAX_STATEMENTS });
  readonly #plucking = new LRUCache<string, Database.Statement>({ max: MAX_STATEMENTS });
  #read: Database.Database | undefined;
  #symbols: Symbols | undefined;
  #write: Writing | undefined;
  /** The file that is open, by the system's number: another one may have taken its name. */
  #file: string | undefined;

  private constructor(book: string) {
    this.#book = book;
    this.#path = join(dirname(book), 'index.sqlite');
  }

  /** The index of the book at a path; nothing is read or made before it is asked. */
  static open(book: string): BookIndex {
    return new BookIndex(book);
  }

  /**
   * Asks the index: brings it to `size` lines first, as far as that can be done, and makes it again where what it
   * says cannot be read.
   * @param size lines of the book, as the asker sees it
   * @param ask is given how many of them the index covers; it looks at the rest itself, at most MAX_UNINDEXED, and at
   *   nothing of the index where that is 0. It may run twice.
   * @throws Problem `busy` where another process is still writing the index; `failed` where it cannot be written
   */
  ask<T>(size: number, ask: (covered: number) => T, onIndexed?: OnIndexed): T {
    try {
      return ask(this.catchUp(size, onIndexed));
    } catch (thrown) {
      if (!isDamage(thrown)) throw asProblem(thrown, this.#book);
    }
    this.#remake();
    try {
      return ask(this.catchUp(size, onIndexed));
    } catch (thrown) {
      throw asProblem(thrown, this.#book);
    }
  }

  /**
   * Takes in what the book has up to `size` and the index has not.
   * @returns lines of these that the index now covers: all, or fewer by at most MAX_UNINDEXED where another process is writing it
   * @throws Problem as `ask`; SQLite's own errors where the file is damaged
   */
  catchUp(size: number, onIndexed?: OnIndexed): number {
    if (size === 0) return 0;
    let covered = 0;
    try {
      covered = this.#covered();
      if (covered >= size) return size;
      if (this.isKept && size - covered <= MAX_UNINDEXED) return covered;
      if (this.isKept) throw behind(this.#path, covered, size);
      const { db, filler } = this.#writing();
      for (let before = -1; covered < size && covered !== before; onIndexed?.(Math.min(covered, size), size)) {
        before = covered;
        covered = this.#takeGroup(db, filler, size, size - covered > MAX_UNINDEXED ? INDEX_LOCK_WAIT_MS : 0) ?? this.#covered();
      }
    } catch (thrown) {
      if (isDamage(thrown) || isProblem(thrown, 'busy')) throw thrown;
      if (size - covered > MAX_UNINDEXED) throw cannotWrite(this.#path, thrown);
    }
    if (size - covered > MAX_UNINDEXED) throw behind(this.#path, covered, size);
    return Math.min(covered, size);
  }

  /** All rows of a statement on the index (`main`) and the book (`book`). */
  all<Row>(sql: string, ...params: readonly unknown[]): Row[] {
    return this.#prepared(sql).all(...params) as Row[];
  }

  /** The first column of all rows, which holds numbers. */
  numbers(sql: string, ...params: readonly unknown[]): number[] {
    return this.#prepared(sql, true).all(...params) as number[];
  }

  /** The first row. */
  row<Row>(sql: string, ...params: readonly unknown[]): Row | undefined {
    return this.#prepared(sql).get(...params) as Row | undefined;
  }

  /** In how many lines a word is, or words are that begin so, each counted by itself; counted up to `most`. */
  countWords(word: string, open: boolean, most: number): number {
    const [where, params] = open ? ['term >= ? AND term < ?', [word, `${word}\u{10ffff}`]] : ['term = ?', [word]];
    return this.numbers(`SELECT count(*) FROM (SELECT 1 FROM temp.word WHERE ${where} LIMIT ?)`, ...params, most)[0] ?? 0;
  }

  /** The number of a chain, kind, key or tag; undefined where no line that is covered has it. */
  symbol(text: string): number | undefined {
    this.#open();
    return this.#symbols?.find(text);
  }

  /** Fields whose values are kept: path and number, by path. */
  fields(): { num: number; path: string }[] {
    return fieldsOf(this.#open());
  }

  /** Keeps the values of a field, of all lines so far and from now on; one transaction. */
  addField(path: string, onIndexed?: OnIndexed): void {
    const { db, filler } = this.#writing();
    db.pragma(`busy_timeout = ${INDEX_LOCK_WAIT_MS}`);
    db.transaction(() => {
      const { size } = markOf(db) as Mark;
      let done = 0;
      filler.addField(path, this.#lines(0, size), () => (done += 1) % 1_000 === 0 && onIndexed?.(done, size));
    }).immediate();
    this.#closeWriting();
  }

  /** Keeps them no longer. */
  dropField(num: number): void {
    const { db, filler } = this.#writing();
    db.pragma(`busy_timeout = ${INDEX_LOCK_WAIT_MS}`);
    db.transaction(() => filler.dropField(num)).immediate();
    this.#closeWriting();
  }

  [Symbol.dispose](): void {
    this.#closeWriting();
    this.#close();
  }

  #covered(): number {
    return this.numbers('SELECT size FROM main.mark')[0] ?? 0;
  }

  #prepared(sql: string, pluck = false): Database.Statement {
    const db = this.#open();
    const statements = pluck ? this.#plucking : this.#statements;
    let statement = statements.get(sql);
    if (statement === undefined) statements.set(sql, (statement = pluck ? db.prepare(sql).pluck() : db.prepare(sql)));
    return statement;
  }

  /** The connection that reads; the file is checked against the book when it is opened. */
  #open(): Database.Database {
    if (this.#read !== undefined) return this.#read;
    const id = this.#grid();
    const fits = (db: Database.Database): boolean => this.#fits(db, id);
    let db = openFitting(this.#path, fits);
    if (db === undefined) {
      makeIndex(this.#path, id, fits, FIRST_FIELDS);
      db = openFitting(this.#path, fits);
      if (db === undefined) throw new Problem('failed', `${this.#path} does not fit the book although it was just made`);
    }
    this.#file = fileAt(this.#path);
    this.#symbols = new Symbols(db);
    db.exec(WORDS);
    return (this.#read = db);
  }

  #fits(db: Database.Database, grid: Buffer): boolean {
    const mark = markOf(db);
    if (mark === undefined || !mark.grid.equals(grid)) return false;
    db.prepare('ATTACH ? AS book').run(this.#book);
    if (mark.size === 0) return true;
    const leaf = db.prepare('SELECT leaf FROM book.record WHERE idx = ?').pluck().get(mark.size - 1) as Buffer | undefined;
    return leaf?.equals(mark.leaf) === true;
  }

  #grid(): Buffer {
    using book = new Reading(this.#book);
    return book.db.prepare('SELECT id FROM record WHERE idx = 0').pluck().get() as Buffer | undefined ?? Buffer.alloc(0);
  }

  /** The connection that writes, to the file that has the name now. */
  #writing(): Writing {
    if (this.#file !== undefined && this.#file !== fileAt(this.#path)) {
      this.#closeWriting();
      this.#close();
    }
    this.#open();
    if (this.#write === undefined) {
      const db = new Database(this.#path, { fileMustExist: true });
      db.pragma('synchronous = NORMAL');
      db.pragma('cache_size = -65536');
      this.#write = { db, filler: new Filler(db) };
    }
    return this.#write;
  }

  /** One transaction; undefined where another process has the file and still had it after the wait. */
  #takeGroup(db: Database.Database, filler: Filler, size: number, wait_ms: number): number | undefined {
    db.pragma(`busy_timeout = ${wait_ms}`);
    try {
      return db.transaction(() => {
        const { size: from } = markOf(db) as Mark;
        return from >= size ? from : filler.take(from, this.#lines(from, size));
      }).immediate();
    } catch (thrown) {
      filler.forget();
      if (thrown instanceof Database.SqliteError && thrown.code === 'SQLITE_BUSY') return undefined;
      throw thrown;
    }
  }

  *#lines(from: number, to: number): Generator<IndexedLine> {
    for (let next = from; next < to; next += PAGE) yield* this.all<IndexedLine>(LINES, next, Math.min(to, next + PAGE));
  }

  #remake(): void {
    const id = this.#grid();
    this.#closeWriting();
    this.#close();
    makeIndex(this.#path, id, () => false, FIRST_FIELDS);
  }

  #closeWriting(): void {
    this.#write?.db.close();
    this.#write = undefined;
  }

  #close(): void {
    this.#statements.clear();
    this.#plucking.clear();
    this.#read?.close();
    this.#read = undefined;
    this.#symbols = undefined;
    this.#file = undefined;
  }
}

/** A short look into a file. */
class Reading implements Disposable {
  readonly db: Database.Database;

  constructor(path: string) {
    this.db = new Database(path, { readonly: true, fileMustExist: true });
  }

  [Symbol.dispose](): void {
    this.db.close();
  }
}

function openFitting(path: string, fits: (db: Database.Database) => boolean): Database.Database | undefined {
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true });
    db.pragma('cache_size = -32768');
    if (fits(db)) return db;
  } catch (thrown) {
    if (!(thrown instanceof Database.SqliteError) || thrown.code === 'SQLITE_BUSY') throw thrown;
  }
  db?.close();
  return undefined;
}

function fileAt(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}

/** Whether SQLite says that the file is not what it was: then it is made again. */
function isDamage(thrown: unknown): boolean {
  return thrown instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB|ERROR|IOERR_SHORT_READ|CONSTRAINT|READONLY_DBMOVED)/.test(thrown.code);
}

function behind(path: string, covered: number, size: number): Problem {
  return new Problem('busy', `the index ${path} is still being written: ${covered} of ${size} lines`, { reason: 'index', hint: 'try again in a moment' });
}

function cannotWrite(path: string, cause: unknown): Problem {
  return new Problem('failed', `the index ${path} cannot be written: ${messageOf(cause)}`, { reason: 'index', hint: 'free some space there, or make the folder writable', cause });
}
