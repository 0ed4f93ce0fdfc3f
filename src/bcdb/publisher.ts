// What a home says of its book: signs the newest state, has it cosigned, notes the head, tells who listens.
//
// Where the log's keys are in this process, the checkpoint is signed within the transaction of its lines and shown only
// after it. Where they are with the unlock agent it is signed after the head file, since nothing waits within a
// transaction. So it is where the grid has witnesses: signed, then cosigned by their quorum, then kept and told.
import { toHex } from '../base/bytes.js';
import { effect } from '../base/effect.js';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import type { Signer } from '../keys/ed25519.js';
import type { Policy } from '../tlog/policy.js';
import { signCheckpoint, signCheckpointNow, type TimedPoint } from './checkpoint.js';
import type { HeadFile } from './head.js';
import { eraAt, trustOf, type Pinned } from './pinned.js';
import type { StoredCheckpoint } from './reader.js';
import type { Store } from './store.js';

/** A checkpoint that is to be cosigned. */
export interface ToCosign {
  readonly policy: Policy;
  readonly size: number;
  /** Signed by the log. */
  readonly note: string;
  /** Lines below the checkpoint that was published last: most witnesses will have that. */
  readonly published: number;
  /** RFC 6962 consistency proof from an earlier size to this one. */
  proof(from: number): Buffer[];
  /** Called with a note of more cosignatures, after the first that was enough. */
  onMore(note: string): void;
}

/** How witnesses are asked; the network is not the book's affair. */
export interface Cosigning {
  /** The note with the cosignatures of a quorum. @throws Problem `unreachable`, reason `unwitnessed` */
  cosign(wanted: ToCosign): Promise<string>;
}

/** What publishing needs. */
export interface PublisherParts {
  readonly store: Store;
  readonly head: HeadFile;
  /** Signs checkpoints and time-stamps them; distinct keys, both named in genesis. */
  readonly log: Signer;
  readonly clockSigner: Signer;
  /** Asks witnesses; without it nothing is committed where the grid has some. */
  readonly cosigning?: Cosigning | undefined;
}

/** A checkpoint, and what it is of. */
export interface Signed {
  readonly point: TimedPoint;
  readonly note: string;
}

/** Signs and tells the checkpoints of one home. */
export class Publisher {
  readonly #parts: PublisherParts;
  readonly #listeners = new Set<() => void>();
  #note = '';
  #size = 0;
  #pending: StoredCheckpoint | undefined;
  #isClosed = false;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** The newest checkpoint that was told, a signed note; empty before the first. */
  get note(): string {
    return this.#note;
  }

  /** Lines below it. */
  get size(): number {
    return this.#size;
  }

  /** Signed, and not cosigned yet. */
  get pending(): StoredCheckpoint | undefined {
    return this.#pending;
  }

  /** Calls back after every checkpoint that is told; returns how to stop that. */
  onPublished(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes no more cosignatures. */
  close(): void {
    this.#isClosed = true;
  }

  /**
   * Signs the book as it is and keeps the note, within the transaction of its newest lines; `tell` follows after that.
   * @returns undefined where something must be waited for: an agent, witnesses, a milestone
   */
  signNow(at: number): Signed | undefined {
    const { store, log, clockSigner } = this.#parts;
    const { witnesses, log_key, clock_key } = this.#pinned;
    if (witnesses !== null || log_key !== log.key || clock_key !== clockSigner.key || this.#dueMilestones().length > 0) return undefined;
    const point = this.#point(at);
    const note = signCheckpointNow(point, log, clockSigner);
    if (note === undefined) return undefined;
    store.keepCheckpoint(point.size, note);
    return { point, note };
  }

  /** Notes the head and tells what `signNow` signed. Gives what stood in the way: its lines stay, and are told with whatever comes next. */
  tell(signed: Signed): Problem | undefined {
    try {
      this.#noteHead(signed.point);
    } catch (thrown) {
      return unsigned(thrown);
    }
    this.#tell(signed);
    return undefined;
  }

  /** Signs the book as it is, has it cosigned and tells it. Gives what stood in the way: what was taken in stays, and is signed with whatever comes next. */
  async sign(at: number): Promise<Problem | undefined> {
    const { store } = this.#parts;
    const point = this.#point(at);
    try {
      this.#noteHead(point);
      for (const until of this.#dueMilestones()) {
        const milestone = await this.#witnessed(this.#point(at, until));
        effect('milestone_kept', () => store.keepMilestone(until, milestone));
      }
      const note = await this.#witnessed(point);
      effect('checkpoint_kept', () => store.keepCheckpoint(point.size, note));
      this.#tell({ point, note });
      return undefined;
    } catch (thrown) {
      return isProblem(thrown, 'unreachable', 'unwitnessed') ? unwitnessed(thrown) : unsigned(thrown);
    }
  }

  get #pinned(): Pinned {
    return trustOf(this.#parts.store);
  }

  /** The checkpoint as it may be told: signed, and cosigned by the witnesses that the grid had at this size. */
  async #witnessed(point: TimedPoint): Promise<string> {
    const { store, log, clockSigner, cosigning } = this.#parts;
    const note = await signCheckpoint(point, log, clockSigner);
    const { witnesses: policy } = eraAt(this.#pinned, point.size);
    if (policy === null) return note;
    if (cosigning === undefined) throw new Problem('unreachable', 'nobody has asked the witnesses', { reason: 'unwitnessed' });
    const { size } = point;
    this.#pending = { size, note };
    const cosigned = await effect('cosigned', () => cosigning.cosign({
      policy, size, note,
      published: store.checkpoint()?.size ?? 0,
      proof: (from) => store.tree.consistencyProof(from, size),
      onMore: (more) => this.#improve(size, note, more),
    }));
    this.#pending = undefined;
    return cosigned;
  }

  /** Keeps what has more cosignatures than the newest checkpoint, if it still is the newest. */
  #improve(size: number, note: string, more: string): void {
    if (this.#isClosed || !this.#note.startsWith(note)) return;
    this.#parts.store.keepCheckpoint(size, more);
    this.#note = more;
    for (const listener of this.#listeners) listener();
  }

  /** The book as it is, or its first lines, for signing. */
  #point(at: number, size = this.#parts.store.size): TimedPoint {
    return { origin: this.#pinned.origin, size, root: this.#parts.store.tree.root(size), time_ms: at };
  }

  /** Comes before anybody is told. */
  #noteHead({ size, root }: TimedPoint): void {
    effect('head_noted', () => this.#parts.head.write({ grid: this.#pinned.grid, size, root: toHex(root) }));
  }

  #tell({ point, note }: Signed): void {
    this.#note = note;
    this.#size = point.size;
    for (const listener of this.#listeners) listener();
  }

  /** A change of witnesses counts below the old quorum only: that checkpoint first, and kept, however many lines follow. */
  #dueMilestones(): number[] {
    const { store, log } = this.#parts;
    const due = (this.#pinned.earlier ?? []).filter(({ until, log_key }) => log_key === log.key && store.milestone(until - 1)?.size !== until);
    return due.map(({ until }) => until);
  }
}

function unwitnessed(cause: Problem): Problem {
  return new Problem('unreachable', `recorded, but not committed: ${cause.message}`, {
    reason: 'unwitnessed',
    hint: "do not send it as a new record; once a quorum cosigns, the same record gets its line: '3bot grid show' says who is missing",
    cause,
  });
}

function unsigned(cause: unknown): Problem {
  return new Problem('failed', `recorded, but not signed by the home: ${messageOf(cause)}`, {
    reason: 'unsigned',
    hint: 'do not send it as a new record; unlock the home, and the same record gets its line',
    cause,
  });
}
