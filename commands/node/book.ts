// How a node reads its grid: as this home folder's one daemon, or beside the one that runs already.
import { isProblem } from '../../src/base/errors.js';
import { startDaemon } from '../../src/net/daemon.js';
import { openGrid, type Grid } from '../../src/net/grid.js';
import { createLog } from '../../src/net/log.js';
import type { ServiceKeys } from '../../src/keys/service.js';
import { readGrid } from '../../src/rules/objects.js';
import type { Context } from '../command.js';

/** A node's grid, kept up to date as long as this is open. */
export interface Book extends AsyncDisposable {
  readonly grid: Grid;
}

/**
 * Opens the node's grid. A daemon without a TCP port, so that other commands of this home folder work meanwhile; for
 * one look, or beside a daemon, only the handle.
 * @param keys closed once this returns
 * @param once for a single look
 */
export async function openBook({ home, clock, signal, io }: Context, keys: ServiceKeys, id: string, once: boolean): Promise<Book> {
  const options = { home, clock, signal, openKeyring: keys.open };
  if (!once) {
    try {
      const daemon = await startDaemon({ ...options, log: createLog(io.stderr) });
      const grid = daemon.grids.get(id);
      if (grid === undefined) throw new Error(`grid ${id} of the node is not in config.json`);
      return { grid, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
    } catch (thrown) {
      if (!isProblem(thrown, 'busy', 'daemon')) throw thrown;
    }
  }
  const grid = await openGrid({ ...options, grid: id });
  // Its server may end, and this process then numbers the lines.
  if (grid.isHome) await keys.open('log', readGrid(grid.reader).nonce);
  return { grid, [Symbol.asyncDispose]: () => grid[Symbol.asyncDispose]() };
}
