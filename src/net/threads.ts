// What the answering side remembers of conversations, so that nothing is answered twice or out of order.
import { Problem } from '../base/errors.js';
import { MAX_THREADS, MAX_THREADS_OF_ONE, THREAD_LIFE_MS } from '../base/limits.js';
import type { Message, Place } from './talk.js';

interface Thread {
  readonly with: string;
  readonly seq: number;
  /** Hash of the newest message; null while its answer is being made. */
  readonly head: string | null;
  readonly until: number;
}

/** Bounded memory of conversations. A message counts once; its thread is remembered at least until it has expired. */
export class Threads {
  readonly #threads = new Map<string, Thread>();
  readonly #counts = new Map<string, number>();

  /**
   * Takes a message into its conversation.
   * @throws Problem `refused`, reason `replay` or `thread`; `busy` where too many conversations are open
   */
  admit(message: Message, at: number): void {
    this.#forget(at);
    const { thread: id, seq, prev, from, expires } = message;
    const thread = this.#threads.get(id);
    if (thread === undefined) {
      if (seq !== 0 || prev !== null) throw new Problem('refused', 'this conversation is not known here (any more)', { reason: 'thread', hint: 'begin a new one' });
      this.#checkRoom(from);
      this.#counts.set(from, (this.#counts.get(from) ?? 0) + 1);
    } else {
      if (seq <= thread.seq) throw new Problem('refused', 'this message was here before', { reason: 'replay' });
      if (thread.with !== from || thread.head === null || seq !== thread.seq + 1 || prev !== thread.head) {
        throw new Problem('refused', 'the message does not continue its conversation', { reason: 'thread' });
      }
    }
    this.#set(id, { with: from, seq, head: null, until: Math.max(expires, at + THREAD_LIFE_MS) });
  }

  /** Where the answer to an admitted message stands. */
  answerTo(message: Message): Place {
    return { grid: message.grid, thread: message.thread, seq: message.seq + 1, prev: message.hash };
  }

  /** Notes the answer, so that the conversation may go on from it. */
  answered(place: Place, hash: string): void {
    const thread = this.#threads.get(place.thread);
    if (thread !== undefined) this.#set(place.thread, { ...thread, seq: place.seq, head: hash });
  }

  #set(id: string, thread: Thread): void {
    // Last in the map, so that what rests longest is found first.
    this.#threads.delete(id);
    this.#threads.set(id, thread);
  }

  #checkRoom(from: string): void {
    if (this.#threads.size >= MAX_THREADS || (this.#counts.get(from) ?? 0) >= MAX_THREADS_OF_ONE) {
      throw new Problem('busy', 'too many conversations are open here', { reason: 'threads', hint: 'try again in a minute' });
    }
  }

  #forget(at: number): void {
    for (const [id, { until, with: party }] of this.#threads) {
      // Nearly in order of `until`; one that outlives a later one only waits a little longer.
      if (until > at) return;
      this.#threads.delete(id);
      const left = (this.#counts.get(party) ?? 1) - 1;
      if (left === 0) this.#counts.delete(party);
      else this.#counts.set(party, left);
    }
  }
}
