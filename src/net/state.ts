// How a book that is held here stands, read from its file alone.
import { existsSync } from 'node:fs';
import { iso, type Clock } from '../base/clock.js';
import { formatDuration } from '../base/duration.js';
import { isProblem } from '../base/errors.js';
import { FRESH_MS } from '../base/limits.js';
import { freshness } from '../bcdb/copy.js';
import { cosignersOf } from '../bcdb/cosigners.js';
import { Store } from '../bcdb/store.js';
import type { Home } from '../home.js';
import type { GridEntry } from './grid.js';
import { readLight } from './light/file.js';

/** A book as it stands. */
export interface GridState {
  readonly id: string;
  readonly name: string;
  /** Bot that is followed; null: this home numbers the lines. */
  readonly url: string | null;
  /** Read from the files of a mirror. */
  readonly read_only: boolean;
  /** There is no copy; size, root and time are of the newest checkpoint seen. */
  readonly light: boolean;
  /** Lines; 0 where the file cannot be read. */
  readonly size: number;
  /** Tree root, hex. */
  readonly root: string;
  /** Newest time stamp, ISO 8601. */
  readonly time: string | null;
  readonly age_ms: number | null;
  readonly fresh: boolean;
  /** Lines below the newest checkpoint: of a home whose witnesses are away, fewer than there are. */
  readonly committed: number;
  /** Null where the home's word is enough. */
  readonly witnesses: readonly WitnessShown[] | null;
}

/** A witness of a grid, and when it has cosigned the newest checkpoint, ISO 8601; null: it has not. */
export interface WitnessShown {
  readonly name: string;
  readonly url: string | null;
  readonly cosigned: string | null;
  readonly age_ms: number | null;
}

/** Looks at the file of a grid; one that is missing or damaged shows as empty. */
export function gridState(home: Home, { id, name, url, mirror, light }: GridEntry, clock: Clock): GridState {
  const empty: GridState = { id, name, url, read_only: mirror === true, light: light === true, size: 0, root: '', time: null, age_ms: null, fresh: false, committed: 0, witnesses: null };
  try {
    if (light === true) return lightState(home, empty, clock);
    if (!existsSync(home.gridDatabase(id))) return empty;
    using store = Store.read(home.gridDatabase(id));
    const { time_ms, age_ms, fresh } = freshness(store, clock);
    return {
      ...empty, size: store.size, root: store.tree.root().toString('hex'), time: time_ms === 0 ? null : iso(time_ms), age_ms: time_ms === 0 ? null : age_ms, fresh,
      committed: store.checkpoint()?.size ?? 0,
      witnesses: cosignersOf(store)?.map(({ name: witness, url: at, time_ms: said }) => ({ name: witness, url: at, cosigned: said === null ? null : iso(said), age_ms: said === null ? null : clock() - said })) ?? null,
    };
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    return empty;
  }
}

/** Who has cosigned and who is missing, for a line of text; null where nobody is asked. */
export function witnessesText({ witnesses }: Pick<GridState, 'witnesses'>): string | null {
  if (witnesses === null) return null;
  const ages = witnesses.filter(({ age_ms }) => age_ms !== null).map(({ name, age_ms }) => `${name} ${formatDuration(wholeSeconds(age_ms ?? 0))} ago`);
  const missing = witnesses.filter(({ age_ms }) => age_ms === null).map(({ name }) => name);
  return [ages.length === 0 ? 'nobody has cosigned' : `cosigned by ${ages.join(', ')}`, ...(missing.length === 0 ? [] : [`missing: ${missing.join(', ')}`])].join('; ');
}

function wholeSeconds(span_ms: number): number {
  return Math.max(0, Math.round(span_ms / 1_000) * 1_000);
}

/** A grid without a copy, as of the newest checkpoint seen. */
function lightState(home: Home, empty: GridState, clock: Clock): GridState {
  const checkpoint = readLight(home, empty.id).seen?.checkpoint;
  if (checkpoint === undefined) return empty;
  const { size, root, time_ms } = checkpoint;
  const age_ms = clock() - time_ms;
  return { ...empty, size, committed: size, root: root.toString('hex'), time: iso(time_ms), age_ms, fresh: Math.abs(age_ms) < FRESH_MS };
}
