// The side of a mailbox that keeps it: takes letters of bots of its grids, and gives them to those they are for.
//
//   POST /v1/mail        shape → grid → time → seen before? → room → sender → box → signature → on disk → answered
//   POST /v1/mail/fetch  shape → grid → time → owner → signature → new? → drop, know → letters, or wait for one
//
// A mailbox is where its owner's identity says (endpoint); else at the home of the grid, to which copies hand on what
// they have checked.
import { existsSync } from 'node:fs';
import type { Clock } from '../../base/clock.js';
import { canonical } from '../../base/canonical.js';
import { coalesced } from '../../base/coalesce.js';
import { isProblem, Problem } from '../../base/errors.js';
import { MAX_CLOCK_SKEW_MS, MAX_FETCHES, MAX_FETCHES_OF_ONE, MAX_LONG_POLL_MS, MAX_WATCHES_OF_ONE, TALK_LIFE_MS } from '../../base/limits.js';
import type { ReadState } from '../../bcdb/rulebook.js';
import { verifyBytes } from '../../keys/ed25519.js';
import { signingBytes } from '../../keys/signed.js';
import type { Letter, MailboxRequest, MailKept, MailPage, SignedMailboxRequest } from '../../schema/types.js';
import { Client } from '../client.js';
import { peerOf, speaksFor } from '../talk.js';
import { Boxes, type Sum } from './boxes.js';
import { checkLetter, letterId } from './letter.js';
import { Once } from './once.js';
import { endpointOf } from './place.js';

/** Who takes letters and gives them out: this bot, or another over HTTP. */
export interface PostOffice {
  /** Takes a letter; once it is answered, the letter is on disk. Handed in again, it is known. @throws Problem */
  mail(letter: Letter, signal?: AbortSignal): Promise<MailKept>;
  /** Drops, makes known, and gives letters; where there are none, waits for one so long, ms. @throws Problem */
  mailbox(asked: SignedMailboxRequest, wait_ms: number, signal?: AbortSignal): Promise<MailPage>;
}

/** A grid as far as its mail needs it; `Grid` is one. */
export interface MailGrid {
  readonly id: string;
  /** The bot that this copy follows; null at the home, and where files are followed. */
  readonly url: string | null;
  readonly reader: ReadState;
  /** Brings this copy up to date. */
  refresh(): Promise<void>;
}

/** What an office works with. */
export interface OfficeParts {
  /** By id; may change. */
  readonly grids: ReadonlyMap<string, MailGrid>;
  /** Path of mail.sqlite. */
  readonly path: string;
  readonly clock: Clock;
  /** Serves nobody but this process: what was asked before it was made may be asked now. */
  readonly isPrivate?: boolean;
}

/** A letter that was checked and is about to be kept. */
interface Coming {
  readonly letter: Letter;
  readonly resolve: (kept: MailKept) => void;
  readonly reject: (thrown: unknown) => void;
}

/** The mailboxes of this home folder. The file is made with the first letter. */
export class MailOffice implements PostOffice, AsyncDisposable {
  readonly #parts: OfficeParts;
  readonly #started: number;
  readonly #once = new Once(MAX_FETCHES, MAX_FETCHES_OF_ONE);
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #refreshes = new Map<string, () => Promise<void>>();
  readonly #upstream = new Map<string, Client>();
  readonly #ending = new AbortController();
  #coming: Coming[] = [];
  #boxes: Boxes | undefined;

  constructor(parts: OfficeParts) {
    this.#parts = parts;
    this.#started = parts.isPrivate === true ? 0 : parts.clock();
  }

  /** All letters that wait here. */
  get held(): Sum {
    return existsSync(this.#parts.path) ? this.#open().held : { letters: 0, bytes: 0 };
  }

  async mail(letter: Letter, signal?: AbortSignal): Promise<MailKept> {
    const { head } = letter;
    const grid = this.#grid(head.grid);
    const further = this.#further(grid, head.to);
    const at = this.#parts.clock();
    // So that what was dropped need not be remembered for days.
    if (head.time < at - MAX_CLOCK_SKEW_MS) throw new Problem('refused', 'the letter was written too long ago to be handed in now', { reason: 'expired', hint: 'write it anew; are the clocks of both machines right?' });
    if (further === undefined) {
      const before = this.#open().find(letterId(head));
      if (before !== undefined) return before;
      this.#open().checkRoom(head, at);
    }
    await this.#meet(grid, head.from, head.to);
    checkLetter(letter, grid.reader, at);
    return further === undefined ? this.#keep(letter) : further.mail(letter, signal);
  }

  /** Letters that come together are put on disk together. */
  #keep(letter: Letter): Promise<MailKept> {
    return new Promise((resolve, reject) => {
      this.#coming.push({ letter, resolve, reject });
      if (this.#coming.length === 1) setImmediate(() => this.#keepAll());
    });
  }

  #keepAll(): void {
    const coming = this.#coming.splice(0);
    try {
      const kept = this.#open().take(coming.map(({ letter }) => letter), this.#parts.clock());
      for (const [i, { letter: { head }, resolve, reject }] of coming.entries()) {
        const one = kept[i];
        if (one === undefined || isProblem(one)) {
          reject(one);
          continue;
        }
        resolve(one);
        this.#wake(head.grid, head.to);
      }
    } catch (thrown) {
      for (const { reject } of coming) reject(thrown);
    }
  }

  async mailbox({ request, sig }: SignedMailboxRequest, wait_ms: number, signal?: AbortSignal): Promise<MailPage> {
    const grid = this.#grid(request.grid);
    const further = this.#further(grid, request.of);
    const { of: owner, time, nonce, by } = request;
    const at = this.#parts.clock();
    // Whoever keeps the mailbox remembers what it was asked.
    checkTime(time, at, further === undefined ? this.#started : 0);
    await this.#meet(grid, owner);
    if (!speaksFor(peerOf(grid.reader, owner), by, at, 'mail')) throw new Problem('integrity', "the request is signed with a key that is not the mailbox owner's");
    if (!verifyBytes(by, signingBytes('mailbox', canonical(request)), sig)) throw new Problem('integrity', 'the signature of the request does not hold');
    if (further !== undefined) return further.mailbox({ request, sig }, wait_ms, signal);
    this.#once.admit(`${grid.id}/${owner}`, nonce, time + TALK_LIFE_MS, at);
    return this.#give(request, wait_ms, signal);
  }

  async #give({ grid, of: owner, drop, known, after, limit }: MailboxRequest, wait_ms: number, signal?: AbortSignal): Promise<MailPage> {
    const boxes = this.#open();
    boxes.drop(grid, owner, drop);
    boxes.know(grid, owner, known);
    const now = boxes.page(grid, owner, after, limit, this.#parts.clock());
    if (now.letters.length > 0 || limit === 0 || wait_ms === 0) return now;
    await this.#news(`${grid}/${owner}`, Math.min(wait_ms, MAX_LONG_POLL_MS), signal);
    return this.#open().page(grid, owner, after, limit, this.#parts.clock());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    for (const client of this.#upstream.values()) await client[Symbol.asyncDispose]();
    this.#boxes?.[Symbol.dispose]();
  }

  #open(): Boxes {
    if (this.#ending.signal.aborted) throw new Problem('interrupted', 'this bot stops');
    return (this.#boxes ??= Boxes.open(this.#parts.path));
  }

  #grid(id: string): MailGrid {
    const grid = this.#parts.grids.get(id);
    if (grid === undefined) throw new Problem('not_found', `this bot holds no copy of grid ${id}`, { reason: 'grid' });
    return grid;
  }

  /** Who keeps this party's mailbox, if not this bot. */
  #further(grid: MailGrid, party: string): Client | undefined {
    if (grid.url === null || endpointOf(grid.reader, party) !== null) return undefined;
    const client = this.#upstream.get(grid.url) ?? new Client({ url: grid.url });
    this.#upstream.set(grid.url, client);
    return client;
  }

  /** Somebody who has only just come to the grid may not be in this copy yet. @throws Problem `refused`, reason `identity` */
  async #meet(grid: MailGrid, ...parties: readonly string[]): Promise<void> {
    try {
      for (const party of parties) peerOf(grid.reader, party);
    } catch (thrown) {
      if (!isProblem(thrown, 'refused', 'identity')) throw thrown;
      await this.#refresh(grid);
      for (const party of parties) peerOf(grid.reader, party);
    }
  }

  /** Strangers may ask for it as fast as they can write. */
  async #refresh(grid: MailGrid): Promise<void> {
    const refresh = this.#refreshes.get(grid.id) ?? coalesced(() => grid.refresh());
    this.#refreshes.set(grid.id, refresh);
    await refresh();
  }

  #wake(grid: string, owner: string): void {
    for (const then of [...(this.#waiting.get(`${grid}/${owner}`) ?? [])]) then();
  }

  /** Resolves when the owner gets a letter, after the time, or when either side goes away. */
  async #news(owner: string, wait_ms: number, signal?: AbortSignal): Promise<void> {
    const waiting = this.#waiting.get(owner) ?? new Set<() => void>();
    if (waiting.size >= MAX_WATCHES_OF_ONE) throw new Problem('busy', 'too many wait for letters to this mailbox', { reason: 'watches' });
    this.#waiting.set(owner, waiting);
    const gone = signal === undefined ? this.#ending.signal : AbortSignal.any([this.#ending.signal, signal]);
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        gone.removeEventListener('abort', done);
        waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, wait_ms);
      waiting.add(done);
      gone.addEventListener('abort', done);
      if (gone.aborted) done();
    });
    if (waiting.size === 0 && this.#waiting.get(owner) === waiting) this.#waiting.delete(owner);
  }
}

function checkTime(time: number, at: number, started: number): void {
  const hint = 'are the clocks of both machines right?';
  if (time > at + MAX_CLOCK_SKEW_MS || time + TALK_LIFE_MS <= at) throw new Problem('refused', 'the request to the mailbox was not made just now', { reason: 'expired', hint });
  // What was asked before that is not remembered here, so it could be asked a second time.
  if (time < started) throw new Problem('busy', 'this bot has only just started', { reason: 'restarted', hint: 'try again in a moment' });
}
