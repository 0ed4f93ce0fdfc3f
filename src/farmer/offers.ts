// The offers a farm has made and may be held to: few, small in all, and for a minute.
import { LRUCache } from 'lru-cache';
import { MAX_OFFERS, MAX_OFFERS_BYTES, MAX_OFFERS_OF_ONE } from '../base/limits.js';

/** An offer that was made. */
export interface Offered {
  readonly contract: string;
  /** Key of the buyer, hex. */
  readonly by: string;
  /** SHA-256 of the request: only the same request gets the same offer. */
  readonly asked: string;
  /** Record id of the draft. */
  readonly record: string;
  /** Canonical payload of the draft. */
  readonly payload: string;
  /** Ms since 1970, exclusive. */
  readonly valid_until: number;
  /** What the buyer is told beside it. */
  readonly notes: readonly string[];
  /** Prices that the buyer has named for this contract. */
  readonly counters: number;
}

/**
 * Offers by contract. Those who overfill it lose their own oldest first; what is forgotten is asked for again.
 * Times are the caller's.
 */
export class Offers {
  readonly #byContract = new LRUCache<string, Offered>({ max: MAX_OFFERS, maxSize: MAX_OFFERS_BYTES, sizeCalculation: ({ payload }) => Buffer.byteLength(payload) });

  /** The offer of a contract that is still valid. */
  get(contract: string, at: number): Offered | undefined {
    const found = this.#byContract.get(contract);
    return found !== undefined && at < found.valid_until ? found : undefined;
  }

  /** The offer with this draft, valid or not. @param record its id */
  ofRecord(record: string): Offered | undefined {
    return [...this.#byContract.values()].find((one) => one.record === record);
  }

  /** Remembers an offer in place of an earlier one of its contract. */
  add(offered: Offered, at: number): void {
    this.#byContract.delete(offered.contract);
    const own: string[] = [];
    for (const [contract, { by, valid_until }] of [...this.#byContract.entries()]) {
      if (at >= valid_until) this.#byContract.delete(contract);
      else if (by === offered.by) own.push(contract);
    }
    // Newest first.
    for (const contract of own.slice(MAX_OFFERS_OF_ONE - 1)) this.#byContract.delete(contract);
    this.#byContract.set(offered.contract, offered);
  }

  /** Forgets the offer with this draft. */
  forget(record: string): void {
    const found = this.ofRecord(record);
    if (found !== undefined) this.#byContract.delete(found.contract);
  }

  /** Offers remembered, and their bytes. */
  get held(): { readonly count: number; readonly bytes: number } {
    return { count: this.#byContract.size, bytes: this.#byContract.calculatedSize };
  }
}
