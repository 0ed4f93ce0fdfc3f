// What every view needs to know: which grid it shows, and how its book stands.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { GridApi, ServedGrid } from './api.js';
import type { Pin } from './trust/pin.js';
import type { Standing } from './trust/standing.js';

/** The grid that is shown. */
export interface Shown {
  readonly grid: ServedGrid;
  readonly api: GridApi;
  readonly pin: Pin | undefined;
  readonly standing: Standing;
  /** Pins the grid that is shown, or forgets the pin. */
  readonly setPinned: (isPinned: boolean) => void;
  /** Asks for the newest checkpoint again. */
  readonly check: () => void;
}

/** Set by the shell around each view. */
export const ShownGrid = createContext<Shown | null>(null);

/** The grid that is shown. */
export function useShown(): Shown {
  const shown = useContext(ShownGrid);
  if (shown === null) throw new Error('a view outside of the shell');
  return shown;
}
