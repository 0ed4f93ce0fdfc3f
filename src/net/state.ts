// How a book that is held here stands, read from its file alone.
import { existsSync } from 'node:fs';
import { iso, type Clock } from '../base/clock.js';
import { isProblem } from '../base/errors.js';
import { freshness } from '../bcdb/copy.js';
import { Store } from '../bcdb/store.js';
import type { Home } from '../home.js';
import type { GridEntry } from './grid.js';

/** A book as it stands. */
export interface GridState {
  readonly id: string;
  readonly name: string;
  /** Bot that is followed; null: this home numbers the lines. */
  readonly url: string | null;
  /** Read from the files of a mirror. */
  readonly read_only: boolean;
  /** Lines; 0 where the file cannot be read. */
  readonly size: number;
  /** Tree root, hex. */
  readonly root: string;
  /** Newest time stamp, ISO 8601. */
  readonly time: string | null;
  readonly age_ms: number | null;
  readonly fresh: boolean;
}

/** Looks at the file of a grid; one that is missing or damaged shows as empty. */
export function gridState(home: Home, { id, name, url, mirror }: GridEntry, clock: Clock): GridState {
  const empty: GridState = { id, name, url, read_only: mirror === true, size: 0, root: '', time: null, age_ms: null, fresh: false };
  if (!existsSync(home.gridDatabase(id))) return empty;
  try {
    using store = Store.read(home.gridDatabase(id));
    const { time_ms, age_ms, fresh } = freshness(store, clock);
    return { id, name, url, read_only: mirror === true, size: store.size, root: store.tree.root().toString('hex'), time: time_ms === 0 ? null : iso(time_ms), age_ms: time_ms === 0 ? null : age_ms, fresh };
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    return empty;
  }
}
