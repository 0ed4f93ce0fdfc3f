// Many questions to few farms: side by side, but of one farm no more at once than it answers for one buyer.
import { MAX_SCRIPTS_OF_ONE } from '../base/limits.js';
import { Turns } from '../base/turns.js';

/** Lets each farm be asked as many things at once as its script is run for one buyer; the rest waits its turn. */
export class Lanes {
  readonly #turns = new Turns();
  readonly #asked = new Map<string, number>();

  /** @param farm id */
  run<T>(farm: string, ask: () => Promise<T>): Promise<T> {
    const count = this.#asked.get(farm) ?? 0;
    this.#asked.set(farm, count + 1);
    return this.#turns.run(`${farm} ${count % MAX_SCRIPTS_OF_ONE}`, ask);
  }
}
