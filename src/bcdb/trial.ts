// A book in which lines are tried before any of them is written: for records that stand or fall together.
import type { JsonObject } from '../base/canonical.js';
import type { Book, BookLine, Head } from './book.js';

/** Takes lines in on top of another book, which learns of them with `commit` or never. */
export class Trial implements Book {
  readonly #below: Book;
  readonly #put = new Map<string, JsonObject>();
  readonly #heads = new Map<string, Head>();
  readonly #lines: BookLine[] = [];

  /** @param below not written to meanwhile by anybody else */
  constructor(below: Book) {
    this.#below = below;
  }

  get size(): number {
    return this.#below.size + this.#lines.length;
  }

  get lastAt(): number {
    return this.#lines.at(-1)?.at ?? this.#below.lastAt;
  }

  get grid(): string | null {
    return this.#below.grid;
  }

  get(id: string): JsonObject | undefined {
    return this.#put.get(id) ?? this.#below.get(id);
  }

  put(id: string, value: JsonObject): void {
    this.#put.set(id, value);
  }

  head(chain: string): Head | undefined {
    return this.#heads.get(chain) ?? this.#below.head(chain);
  }

  /** Nobody can have seen lines that are only tried: beyond the book below the root is nothing that anybody can name. */
  root(size: number): Buffer {
    return size > this.#below.size ? Buffer.alloc(0) : this.#below.root(size);
  }

  add(line: BookLine): void {
    const { chain, height } = line.record.payload;
    this.#heads.set(chain, { height, id: line.record.id });
    this.#lines.push(line);
  }

  /** Writes what was tried into the book below. */
  commit(): void {
    for (const [id, value] of this.#put) this.#below.put(id, value);
    for (const line of this.#lines) this.#below.add(line);
  }
}
