// The heavy half of checking: the very code of the command line, loaded once somebody has pinned a grid or has a receipt.
import { openCheckpoint, type Checkpoint } from '../../../bcdb/checkpoint.js';
import { examineReceipt, type Examined } from '../../../bcdb/examine.js';
import type { Pinned } from '../../../bcdb/pinned.js';
import { readTrust } from '../../../net/trustfile.js';
import { fromTiles } from '../../../tlog/fetch.js';
import { verifyConsistency } from '../../../tlog/merkle.js';
import { consistencyProof } from '../../../tlog/prove.js';
import { tilePath } from '../../../tlog/tiles.js';

export { examineReceipt };
export type { Checkpoint, Examined, Pinned };

/** A tree that somebody has signed: its size and root. */
export interface Tree {
  readonly size: number;
  /** Hex. */
  readonly root: string;
}

/** Gets a file of the log by its path. */
export type GetTile = (path: string) => Promise<Uint8Array>;

/**
 * What is trusted of a grid, by its statements.
 * @param text genesis and what governance has said since (`/v1/grids/<grid>/trust`, `grid show --genesis-file`); hostile
 * @param grid the id that the reader has pinned
 * @throws Problem `integrity`
 */
export function trusted(text: string, grid: string): Pinned {
  const pinned = readTrust(text);
  if (pinned.grid !== grid) throw new Error(`this is the genesis of grid ${pinned.grid}, not of the one that is pinned`);
  return pinned;
}

/** Opens a checkpoint: log, time stamp, witnesses. @throws Problem `integrity` that names what does not hold */
export function opened(note: string, pinned: Pinned): Checkpoint {
  return openCheckpoint(note, pinned);
}

/**
 * Whether one tree begins with another, by a proof put together of the log's own tiles: whoever serves them cannot make it up.
 * @throws what getting the tiles throws
 */
export async function continues(before: Tree, now: Tree, get: GetTile): Promise<boolean> {
  if (before.size > now.size) return false;
  const proof = before.size === 0 || before.size === now.size ? [] : await fromTiles(now.size, async (tile) => Buffer.from(await get(tilePath(tile))), (hash) => consistencyProof(hash, before.size, now.size));
  return verifyConsistency(before.size, now.size, Buffer.from(before.root, 'hex'), Buffer.from(now.root, 'hex'), proof);
}
