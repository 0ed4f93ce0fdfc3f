// The node's own meter: once a heartbeat it says in the book that it is up, which is what its contracts are billed by.
import { isProblem, type Problem } from '../../base/errors.js';
import type { Clock } from '../../base/clock.js';
import type { Signer } from '../../keys/ed25519.js';
import { AGAIN_PART, confirm, hasMeters, nextEntryAt } from '../../market/meter.js';
import type { Grid } from '../../net/grid.js';
import { read, readGrid } from '../../rules/objects.js';
import type { BookTime } from '../plan/desired.js';
import type { Teller } from './tell.js';

/** Beats for one node. A home that is away, or a copy that cannot be believed, is time that nobody confirms. */
export class Heart {
  readonly #grid: Grid;
  readonly #signer: Signer;
  readonly #clock: Clock;
  readonly #teller: Teller;
  /** The last entry by this machine's clock, which may differ from the home's. */
  #last: { readonly line: number; readonly at: number } | undefined;
  #again_at = 0;

  constructor(grid: Grid, signer: Signer, clock: Clock, teller: Teller) {
    this.#grid = grid;
    this.#signer = signer;
    this.#clock = clock;
    this.#teller = teller;
  }

  /** When the next entry is due by this machine's clock, ms since 1970; null where this node is none, or the rules know no meter. */
  get due(): number | null {
    const { reader } = this.#grid;
    const { key } = this.#signer;
    if (!hasMeters(reader) || read(reader, 'node', key) === undefined) return null;
    const line = read(reader, 'meter', `${key}/${key}`)?.line;
    const next = this.#last !== undefined && this.#last.line === line ? this.#last.at + readGrid(reader).heartbeat_ms : nextEntryAt(reader, key, key);
    return Math.max(next, this.#again_at);
  }

  /** Makes the entry if it is due. @returns what stood in the way; null where nothing did */
  async beat({ fresh }: BookTime): Promise<Problem | null> {
    const { due } = this;
    if (!fresh || due === null || this.#clock() < due) return null;
    try {
      const entry = await confirm(this.#grid, this.#signer, this.#signer.key);
      const at = this.#clock();
      if (entry === null) this.#again_at = at + Math.ceil(readGrid(this.#grid.reader).heartbeat_ms / AGAIN_PART);
      else {
        this.#last = { line: entry.index, at };
        this.#teller.confirmed();
      }
      return null;
    } catch (thrown) {
      if (!isProblem(thrown)) throw thrown;
      this.#again_at = this.#clock() + Math.ceil(readGrid(this.#grid.reader).heartbeat_ms / AGAIN_PART);
      this.#teller.unconfirmed(thrown);
      return thrown.code === 'unreachable' || thrown.code === 'busy' || thrown.code === 'interrupted' ? thrown : null;
    }
  }
}
