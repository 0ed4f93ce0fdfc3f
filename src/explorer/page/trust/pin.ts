// What this browser knows by itself: which grid its reader has pinned, and the newest checkpoint that it saw of it.
import type { Tree } from './verify.js';

/** A pinned grid. */
export interface Pin {
  /** Genesis hash, as the reader compared it. */
  readonly grid: string;
  /** The newest checkpoint that held here, and when it was signed; undefined before the first. */
  readonly seen?: Tree & { readonly time_ms: number };
}

const PREFIX = '3bot.pin.';
const GRID = /^[0-9a-f]{64}$/;

/** Whether a text is a genesis hash, as `3bot grid show` prints it. */
export const isGrid = (text: string): boolean => GRID.test(text);

/** The pin of a grid; undefined where the reader has none. What is not readable counts as none. */
export function pinOf(grid: string): Pin | undefined {
  try {
    const value = JSON.parse(localStorage.getItem(PREFIX + grid) ?? 'null') as Pin | null;
    return value?.grid === grid ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Every grid that is pinned in this browser for this address. */
export function pinnedGrids(): string[] {
  try {
    return Object.keys(localStorage).flatMap((key) => (key.startsWith(PREFIX) && isGrid(key.slice(PREFIX.length)) ? [key.slice(PREFIX.length)] : []));
  } catch {
    return [];
  }
}

/** Keeps a pin. A browser that keeps nothing forgets it with the page. */
export function keepPin(pin: Pin): void {
  try {
    localStorage.setItem(PREFIX + pin.grid, JSON.stringify(pin));
  } catch {
    // Private windows may refuse; the page goes on with what it has.
  }
}

/** Forgets a pin, and what was seen. */
export function dropPin(grid: string): void {
  try {
    localStorage.removeItem(PREFIX + grid);
  } catch {
    // As above.
  }
}
