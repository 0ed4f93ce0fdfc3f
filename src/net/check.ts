// `bcdb verify` of a grid in this home folder.
import { performance } from 'node:perf_hooks';
import { isProblem, Problem } from '../base/errors.js';
import { STATE_KIND, StateAudit } from '../bcdb/audit.js';
import { ScratchBook } from '../bcdb/scratch.js';
import { StateFile } from '../bcdb/statefile.js';
import { Store } from '../bcdb/store.js';
import { verifyBook, verifyHashes, type Step } from '../bcdb/verify.js';
import { readConfig, type Home } from '../home.js';
import { gridRules } from '../rules/all.js';
import { chosenGrid, type GridEntry } from './grid.js';
import { notHere } from './light/reader.js';
import { release } from './release.js';

/** Pages of the book that stay in memory, in KiB: it is read from one end to the other. */
const CACHE_KIB = 4_096;

/** What was found to hold. */
export interface CheckedGrid {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  /** Lines below the kept checkpoint; more than that, and the home has yet to sign the rest. */
  readonly signed: number;
  /** Tree root, hex. */
  readonly root: string;
  /** Signatures that were checked now; 0 where hashes alone were. */
  readonly signatures: number;
  /** State roots in it; the state of each was made again too. 0 where hashes alone were checked. */
  readonly stateRoots: number;
  /** Lines that an interrupted run had checked. */
  readonly resumed: number;
  /** With three places. */
  readonly seconds: number;
}

/** How a grid is verified. */
export interface CheckOptions {
  /** Hashes alone: no signatures of records, no rules. */
  readonly hashes?: boolean;
  /** Begins anew, whatever an interrupted run had checked. */
  readonly restart?: boolean;
  readonly onProgress?: (step: Step, lines: number, of: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Verifies the book of a grid as it is at one moment, while others may write.
 * @throws Problem `integrity` that names the first thing that does not hold; `not_found`
 */
export async function verifyGrid(home: Home, named: string | undefined, options: CheckOptions = {}): Promise<CheckedGrid> {
  const entry = chosenGrid(readConfig(home), named);
  if (entry === undefined) throw new Problem('not_found', `no grid in ${home.path} yet`, { reason: 'grid', hint: '3bot grid join URL' });
  if (entry.light === true) throw notHere('its lines');
  const began = performance.now();
  try {
    using store = Store.read(home.gridDatabase(entry.id));
    store.db.pragma(`cache_size = -${CACHE_KIB}`);
    // One view for the whole time, whatever is written meanwhile.
    store.db.exec('BEGIN');
    store.refresh();
    const found = await check(home, entry, store, options);
    return { id: entry.id, name: entry.name, ...found, root: found.root.toString('hex'), seconds: Math.round(performance.now() - began) / 1000 };
  } catch (thrown) {
    if (!isProblem(thrown) || thrown.code === 'integrity' || thrown.code === 'not_found' || options.signal?.aborted === true) throw thrown;
    throw new Problem('integrity', thrown.message, { cause: thrown, ...(thrown.reason === undefined ? {} : { reason: thrown.reason }) });
  }
}

async function check(home: Home, { id: grid }: GridEntry, store: Store, options: CheckOptions): Promise<Omit<CheckedGrid, 'id' | 'name' | 'root' | 'seconds'> & { root: Buffer }> {
  const { hashes, restart, onProgress, signal } = options;
  const parts = { store, grid, onProgress, signal };
  if (hashes === true) return { ...(await verifyHashes(parts)), signatures: 0, stateRoots: 0, resumed: 0 };
  const scratch = home.verifyScratch(grid);
  if (restart === true) ScratchBook.remove(scratch);
  try {
    const found = await verifyBook({ ...parts, rules: gridRules, scratch, by: release() });
    const stateRoots = await auditStates(store, options);
    ScratchBook.remove(scratch);
    return { ...found, stateRoots };
  } catch (thrown) {
    // What does not hold is nothing to go on from.
    if (isProblem(thrown, 'integrity')) ScratchBook.remove(scratch);
    if (isProblem(thrown, 'interrupted')) throw new Problem('interrupted', thrown.message, { cause: thrown, hint: 'what was checked is noted: 3bot bcdb verify goes on from there' });
    throw thrown;
  }
}

/** Makes the state of every state root in a book again; returns how many there are. */
async function auditStates(store: Store, { onProgress, signal }: CheckOptions): Promise<number> {
  // Found to be the kinds of all lines: without the word there is no such line to look for.
  if (store.symbols.find(STATE_KIND) === undefined) return 0;
  using file = StateFile.open('');
  return await new StateAudit(store, gridRules, file).check(store.size, { signal, onProgress: (lines, of) => onProgress?.('states', lines, of) });
}
