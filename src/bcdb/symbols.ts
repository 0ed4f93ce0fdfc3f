// Texts that repeat in a book (chains, kinds, keys) and their numbers.
import type { Database, Statement } from 'better-sqlite3';
import { LRUCache } from 'lru-cache';

const CACHED = 100_000;

/** The table `symbol`, cached. */
export class Symbols {
  // By `max` it would make all its places at once, which costs every command 10 ms.
  readonly #cache = new LRUCache<string, number>({ maxSize: CACHED, sizeCalculation: () => 1 });
  readonly #db: Database;
  #select: Statement | undefined;
  #insert: Statement | undefined;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The text's number, or undefined where no line ever used it. */
  find(text: string): number | undefined {
    const cached = this.#cache.get(text);
    if (cached !== undefined) return cached;
    this.#select ??= this.#db.prepare('SELECT num FROM symbol WHERE text = ?').pluck();
    const num = this.#select.get(text) as number | undefined;
    if (num !== undefined) this.#cache.set(text, num);
    return num;
  }

  /** The text's number; a new text gets one. Only within a transaction of the writer. */
  number(text: string): number {
    const known = this.find(text);
    if (known !== undefined) return known;
    this.#insert ??= this.#db.prepare('INSERT INTO symbol (text) VALUES (?)');
    const num = Number(this.#insert.run(text).lastInsertRowid);
    this.#cache.set(text, num);
    return num;
  }

  /** Forgets what is cached, after a transaction that did not happen. */
  forget(): void {
    this.#cache.clear();
  }
}
