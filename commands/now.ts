// The moment of which a command shows the state.
import type { Grid } from '../src/net/grid.js';

/** ms since 1970: now, but never before the newest line of the copy. */
export function nowOf({ clock, reader }: Pick<Grid, 'clock' | 'reader'>): number {
  return Math.max(clock(), reader.lastAt);
}
