// What this browser has found out about the book that it is shown: pinned or not, newest checkpoint good or not, and
// whether it continues what was seen before.
import type { GridApi } from '../api.js';
import { messageOf } from '../../../base/errors.js';
import { FRESH_MS } from '../../../base/limits.js';
import { keepPin, type Pin } from './pin.js';
import type { Checkpoint, Pinned, Tree } from './verify.js';

/** How the book stands. */
export type Standing =
  | { readonly is: 'unpinned' }
  | { readonly is: 'checking' }
  /** Nothing could be asked: nothing is known. */
  | { readonly is: 'unreachable'; readonly says: string }
  /** Signed by whom it must be, and continues what was seen. `isFresh` false: it is old, and nobody knows what came since. */
  | { readonly is: 'good'; readonly isFresh: boolean; readonly checkpoint: Checkpoint; readonly pinned: Pinned; readonly before: Tree | undefined }
  /** This bot is behind what the browser has seen elsewhere or before; its checkpoint is older, too. */
  | { readonly is: 'behind'; readonly checkpoint: Checkpoint; readonly pinned: Pinned; readonly seen: Tree }
  /** Something does not hold. */
  | { readonly is: 'broken'; readonly reason: 'signatures' | 'fork' | 'rewind'; readonly says: string };

/** Checks the newest checkpoint of a grid against a pin, and keeps what it has seen. Never throws. */
export async function standingOf(api: GridApi, pin: Pin, now_ms: number): Promise<Standing> {
  const { continues, opened, trusted } = await import('./verify.js');
  let [trust, note]: [string?, string?] = [];
  try {
    [trust, note] = await Promise.all([api.trust(), api.checkpoint()]);
  } catch (thrown) {
    return { is: 'unreachable', says: messageOf(thrown) };
  }
  let pinned: Pinned;
  let checkpoint: Checkpoint;
  try {
    pinned = trusted(trust, pin.grid);
    checkpoint = opened(note, pinned);
  } catch (thrown) {
    return { is: 'broken', reason: 'signatures', says: messageOf(thrown) };
  }
  const tree: Tree = { size: checkpoint.size, root: checkpoint.root.toString('hex') };
  const { seen } = pin;
  if (seen !== undefined && tree.size < seen.size) {
    // An older checkpoint may be a copy that is behind; a newer one of fewer lines is a book that was cut.
    if (checkpoint.time_ms < seen.time_ms) return { is: 'behind', checkpoint, pinned, seen };
    return { is: 'broken', reason: 'rewind', says: `this browser has seen ${seen.size} signed lines, and a later checkpoint has ${tree.size}` };
  }
  try {
    if (seen !== undefined && !(await continues(seen, tree, (path) => api.tile(path)))) return { is: 'broken', reason: 'fork', says: `the ${tree.size} lines do not continue the ${seen.size} that this browser has seen` };
  } catch (thrown) {
    return { is: 'unreachable', says: messageOf(thrown) };
  }
  keepPin({ grid: pin.grid, seen: { ...tree, time_ms: checkpoint.time_ms } });
  return { is: 'good', isFresh: now_ms - checkpoint.time_ms < FRESH_MS, checkpoint, pinned, before: seen };
}
