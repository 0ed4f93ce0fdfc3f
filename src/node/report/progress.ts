// How far downloads of images are: the owner is told of every tenth, the book once a minute.
import { MIB } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { SAY_PROGRESS_MS } from '../../base/limits.js';

/** How far a download is, in bytes: `30 % of 340 MiB`. */
export function progressWords(done: number, total: number): string {
  return `${total === 0 ? 100 : Math.floor((100 * done) / total)} % of ${Math.ceil(total / MIB)} MiB`;
}

interface Download {
  /** As the book has it, or is to have it. */
  readonly words: string;
  readonly said_at: number;
  readonly tenths: number;
}

/** Downloads under way, by the key of their step. */
export class Progress {
  readonly #clock: Clock;
  readonly #downloads = new Map<string, Download>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is to be said of each: `30 % of 340 MiB`. */
  get words(): ReadonlyMap<string, string> {
    return new Map([...this.#downloads].map(([key, { words }]) => [key, words]));
  }

  /**
   * Notes how far one is, in bytes.
   * @returns whether its owner is to be told, and whether the book has to be looked at
   */
  note(key: string, done: number, total: number): { readonly isNews: boolean; readonly isDue: boolean } {
    const before = this.#downloads.get(key);
    const tenths = total === 0 ? 10 : Math.floor((10 * done) / total);
    const isDue = before === undefined || this.#clock() - before.said_at >= SAY_PROGRESS_MS;
    const words = progressWords(done, total);
    this.#downloads.set(key, { words: isDue ? words : before.words, said_at: isDue ? this.#clock() : before.said_at, tenths });
    return { isNews: before?.tenths !== tenths, isDue };
  }

  forget(key: string): void {
    this.#downloads.delete(key);
  }
}
