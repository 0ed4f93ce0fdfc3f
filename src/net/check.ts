// `bcdb verify` of a grid in this home folder.
import { performance } from 'node:perf_hooks';
import { isProblem, Problem } from '../base/errors.js';
import { StateAudit } from '../bcdb/audit.js';
import { StateFile } from '../bcdb/statefile.js';
import { Store } from '../bcdb/store.js';
import { verifyBook } from '../bcdb/verify.js';
import { readConfig, type Home } from '../home.js';
import { SignaturePool } from '../keys/pool.js';
import { rules1 } from '../rules/all.js';
import type { OnProgress } from './follow.js';
import { chosenGrid } from './grid.js';

/** What was found to hold. */
export interface CheckedGrid {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  /** Lines below the kept checkpoint; more than that, and the home has yet to sign the rest. */
  readonly signed: number;
  /** Tree root, hex. */
  readonly root: string;
  readonly signatures: number;
  /** State roots in it; the state of each was made again too. */
  readonly stateRoots: number;
  /** With three places. */
  readonly seconds: number;
}

/**
 * Verifies the book of a grid as it is at one moment, while others may write.
 * @throws Problem `integrity` that names the first thing that does not hold; `not_found`
 */
export async function verifyGrid(home: Home, named: string | undefined, onProgress?: OnProgress): Promise<CheckedGrid> {
  const entry = chosenGrid(readConfig(home), named);
  if (entry === undefined) throw new Problem('not_found', `no grid in ${home.path} yet`, { reason: 'grid', hint: '3bot grid join URL' });
  const began = performance.now();
  try {
    using store = Store.read(home.gridDatabase(entry.id));
    // One view for the whole time, whatever is written meanwhile.
    store.db.exec('BEGIN');
    store.refresh();
    await using pool = new SignaturePool();
    const { size, root, signatures, signed } = await verifyBook({ store, rules: rules1, pool, grid: entry.id, ...(onProgress === undefined ? {} : { onProgress }) });
    using file = StateFile.open('');
    const stateRoots = await new StateAudit(store, rules1, file).check(size, { onProgress });
    return { id: entry.id, name: entry.name, size, signed, root: root.toString('hex'), signatures, stateRoots, seconds: Math.round(performance.now() - began) / 1000 };
  } catch (thrown) {
    if (!isProblem(thrown) || thrown.code === 'integrity' || thrown.code === 'not_found') throw thrown;
    throw new Problem('integrity', thrown.message, { cause: thrown, ...(thrown.reason === undefined ? {} : { reason: thrown.reason }) });
  }
}
