// Proves objects of a book to those who carry no copy, by its newest state root; at the home, makes those roots too.
import { setTimeout as pause } from 'node:timers/promises';
import { coalesced } from '../base/coalesce.js';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { MIN_STATE_ROOT_MS, STATE_WAIT_MS } from '../base/limits.js';
import { falseRoot, STATE_KIND, stateRootOf, type StateRecord } from '../bcdb/audit.js';
import { receiptOf } from '../bcdb/prove.js';
import { StateFile } from '../bcdb/statefile.js';
import type { Reader } from '../bcdb/reader.js';
import { toBase64 } from '../base/bytes.js';
import type { Signer } from '../keys/ed25519.js';
import { readGrid } from '../rules/objects.js';
import type { Payload, StateProof } from '../schema/types.js';
import { appendSigned } from './compose.js';
import { Folder } from './folder.js';
import type { Grid } from './grid.js';

/** What a prover is made of. */
export interface ProverParts {
  readonly grid: Grid;
  readonly book: string;
  /** File of the lagging fold; derived, made where there is none. */
  readonly state: string;
  /** The log's key, at the home: state roots are made. */
  readonly log?: Signer | undefined;
}

interface NewestRoot extends StateRecord {
  /** Record id. */
  readonly id: string;
  /** When the home took it in, ms. */
  readonly at: number;
}

/** Proves objects of one book. */
export class Prover implements AsyncDisposable {
  readonly #parts: ProverParts;
  readonly #folder: Folder;
  /** Brings the file to the newest state root. */
  readonly #settle: () => Promise<void>;
  #file: StateFile | undefined;
  /** Record of the root that the file is at, found to be true. */
  #proven: NewestRoot | undefined;

  constructor(parts: ProverParts) {
    this.#parts = parts;
    this.#folder = new Folder({ book: parts.book, state: parts.state });
    this.#settle = coalesced(() => this.#catchUp());
  }

  /**
   * What shows an object as of the newest state root. At the home that is a new one, if the last is a second old and
   * something was written since.
   * @param id object id; hostile
   * @param from size of a checkpoint that the answer's is to be shown to continue; 0 for none
   * @throws Problem `busy` where there is no state root yet, or none that is worked through; `integrity` where it is false
   */
  async prove(id: string, from: number): Promise<StateProof> {
    const late = new AbortController();
    const wait = pause(STATE_WAIT_MS, 'late', { signal: late.signal }).catch(() => undefined);
    const settled = this.#settle();
    settled.catch(() => undefined); // also where nobody waits for it any more
    const first = await Promise.race([settled, wait]).finally(() => late.abort());
    const { reader } = this.#parts.grid;
    const proof = this.#file?.prove(id);
    if (first === 'late' || proof === undefined || this.#proven?.size !== proof.size) throw new Problem('busy', 'the state is being gathered here', { reason: 'state_root', hint: 'try again in a moment' });
    const { id: record } = this.#proven;
    return reader.look(() => {
      const receipt = receiptOf(reader, record);
      const { size = 0 } = reader.checkpoint() ?? {};
      return {
        receipt,
        consistency: from > 0 && from <= size ? reader.tree.consistencyProof(from, size).map(toBase64) : [],
        bucket: proof.bucket.map(([one, hash]) => [one, hash]),
        proof: proof.proof.map(toBase64),
        object: proof.object,
      };
    });
  }

  /** Makes a state root now and then, where something was written; ends with the signal. Only at the home. */
  async keepUp(every_ms: number, signal: AbortSignal, onProblem: (problem: string) => void): Promise<void> {
    while (!signal.aborted) {
      await pause(every_ms, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.#settle().catch((thrown: unknown) => onProblem(messageOf(thrown)));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]();
    this.#file?.[Symbol.dispose]();
  }

  async #catchUp(): Promise<void> {
    const { grid: { reader }, log, state } = this.#parts;
    const before = newestRoot(reader);
    // Whoever has handed the log over signs nothing for it any more.
    if (log?.key === readGrid(reader).log_key && this.#isDue(before)) await this.#record(log);
    const newest = newestRoot(reader);
    if (newest === undefined) throw new Problem('busy', 'no state root is recorded in this book yet', { reason: 'state_root', hint: "the grid's home records one now and then; ask it, or try again later" });
    if (this.#proven?.id === newest.id) return;
    const { root } = await this.#folder.advance(newest);
    if (root.toString('hex') !== newest.root) throw falseRoot(newest, root);
    // A damaged file was put aside for a new one, perhaps.
    this.#file?.[Symbol.dispose]();
    this.#file = StateFile.read(state);
    this.#proven = newest;
  }

  #isDue(newest: NewestRoot | undefined): boolean {
    const { reader, clock } = this.#parts.grid;
    return newest === undefined || (reader.size > newest.line + 1 && Math.max(clock(), reader.lastAt) >= newest.at + MIN_STATE_ROOT_MS);
  }

  async #record(log: Signer): Promise<void> {
    const { grid } = this.#parts;
    const { size, root, buckets } = await this.#folder.advance({});
    const body = { size, root: root.toString('hex'), buckets };
    try {
      await appendSigned(grid, { chain: `state/${log.key}`, kind: STATE_KIND, body }, [log]);
    } catch (thrown) {
      // The rule counts by the time of intake, which may lie a little before ours.
      if (!isProblem(thrown, 'refused', 'state_root')) throw thrown;
    }
  }
}

/** The newest state root of the log that numbers the lines now. */
function newestRoot(reader: Reader): NewestRoot | undefined {
  const chain = `state/${readGrid(reader).log_key}`;
  const head = reader.head(chain);
  const found = head === undefined ? undefined : reader.lineAt(chain, head.height);
  if (found === undefined) return undefined;
  const { index: line, id } = found;
  const { payload, at } = reader.line(line);
  return { ...stateRootOf(JSON.parse(payload) as Payload), id, line, at };
}
