// Work that must not overlap, one after the other by a name.

/** Runs pieces of work of one name in the order in which they came; those of different names side by side. */
export class Turns {
  /** By name: the end of the newest piece. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs the work after all that came before it under this name, whether that succeeded or not. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const turn = (async () => {
      await before;
      return work();
    })();
    const ended = turn.catch(() => undefined);
    this.#last.set(name, ended);
    try {
      return await turn;
    } finally {
      if (this.#last.get(name) === ended) this.#last.delete(name);
    }
  }
}
