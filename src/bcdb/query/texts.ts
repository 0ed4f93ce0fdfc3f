// What the index can say of words: how many lines have them decides whether they give lines, check them, or neither.
import { MAX_LOOKED_AT, MAX_OPEN_LINES } from '../../base/limits.js';
import type { BookIndex } from '../index/book-index.js';
import { ftsOf, patternsOf, type Pattern } from './words.js';

/** What FTS5 is asked; together with `l` none of it may be asked again for each line. */
export interface Match {
  /** One or several: all must hold. */
  readonly queries: readonly string[];
  /** Some word is in more lines than are looked at: it costs what the range of lines costs that it is asked within. */
  readonly isWide: boolean;
}

/** Sizes the words of one query. The same question has the same answer for as long as the object lives. */
export class Texts {
  readonly #index: BookIndex;
  readonly #sizes = new Map<string, number>();
  #open = MAX_OPEN_LINES;

  constructor(index: BookIndex) {
    this.#index = index;
  }

  /** What gives the lines; undefined where every word is left open too early. */
  source(text: string): { query: string; isExact: boolean } | undefined {
    const patterns = patternsOf(text);
    const [narrowest] = patterns.filter((pattern) => this.#isBounded(pattern)).sort((a, b) => this.#size(a) - this.#size(b));
    if (narrowest === undefined) return undefined;
    // Words that are all in many lines may meet in none: FTS5 would look for such a line through the whole book.
    const isExact = patterns.length === 1 || (this.#isNarrow(narrowest) && patterns.every((pattern) => this.#isBounded(pattern)));
    return { query: isExact ? ftsOf(patterns) : ftsOf([narrowest]), isExact };
  }

  /** What checks lines; undefined where a word is left open too early. */
  match(text: string): Match | undefined {
    const patterns = patternsOf(text);
    if (!patterns.every((pattern) => this.#isBounded(pattern))) return undefined;
    const isWide = !patterns.some((pattern) => this.#isNarrow(pattern));
    return { queries: isWide ? patterns.map((pattern) => ftsOf([pattern])) : [ftsOf(patterns)], isWide };
  }

  #isNarrow(pattern: Pattern): boolean {
    return pattern.open || this.#size(pattern) <= MAX_LOOKED_AT;
  }

  /** FTS5 merges all words that begin so, of the whole book, whenever it is asked for them. */
  #isBounded(pattern: Pattern): boolean {
    return !pattern.open || this.#size(pattern) < Infinity;
  }

  /** Lines that have the word, counted up to one more than are looked at; Infinity where it is open to too many. */
  #size(pattern: Pattern): number {
    const key = ftsOf([pattern]);
    let size = this.#sizes.get(key);
    if (size === undefined) {
      size = pattern.open ? this.#index.countWords(pattern.word, true, this.#open + 1) : this.#index.countWords(pattern.word, false, MAX_LOOKED_AT + 1);
      if (pattern.open && size > this.#open) size = Infinity;
      else if (pattern.open) this.#open -= size;
      this.#sizes.set(key, size);
    }
    return size;
  }
}
