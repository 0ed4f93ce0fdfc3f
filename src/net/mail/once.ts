// Which requests were here before, so that none counts twice.
import { Problem } from '../../base/errors.js';

/** A bounded memory of requests, each for as long as it could come again. */
export class Once {
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #until = new Map<string, { readonly who: string; readonly until: number }>();
  readonly #counts = new Map<string, number>();

  /** @param most requests of all, @param mostOfOne of one who asks */
  constructor(most: number, mostOfOne: number) {
    this.#most = most;
    this.#mostOfOne = mostOfOne;
  }

  /**
   * Notes a request.
   * @param until when it can no longer come again, ms
   * @throws Problem `refused`, reason `replay`; `busy`, reason `requests`, where too many came lately
   */
  admit(who: string, nonce: string, until: number, at: number): void {
    this.#forget(at);
    const key = `${who} ${nonce}`;
    if (this.#until.has(key)) throw new Problem('refused', 'this request was here before', { reason: 'replay' });
    const count = this.#counts.get(who) ?? 0;
    if (this.#until.size >= this.#most || count >= this.#mostOfOne) throw new Problem('busy', 'too many requests to this mailbox', { reason: 'requests', hint: 'try again in a minute' });
    this.#until.set(key, { who, until });
    this.#counts.set(who, count + 1);
  }

  #forget(at: number): void {
    for (const [key, { who, until }] of this.#until) {
      // Nearly in order of `until`; one that outlives a later one only waits a little longer.
      if (until > at) return;
      this.#until.delete(key);
      const left = (this.#counts.get(who) ?? 1) - 1;
      if (left === 0) this.#counts.delete(who);
      else this.#counts.set(who, left);
    }
  }
}
