// What commands hand to src/net: the grid in use with this run's home folder, clock, keys and progress.
import type { Grid, GridOptions } from '../src/net/grid.js';
import type { Basis } from '../src/net/light/reader.js';
import { isProblem } from '../src/base/errors.js';
import type { Context } from './command.js';

/** Options of every command that works on a grid. */
export interface GridFlag {
  readonly grid?: string;
}

/** The flag's text for commander. */
export const GRID_FLAG = ['--grid <grid>', 'name or first digits of the id of a grid (default: the one in use)'] as const;

/** What opening a grid needs, from a command's context. */
export function gridOptions(context: Context, grid?: string): GridOptions & { readonly createKeyring: NonNullable<GridOptions['createKeyring']> } {
  const { home, clock, signal } = context;
  return {
    home, clock, signal, grid,
    onBasis: (basis) => tellBasis(context, basis),
    openKeyring: async (type, name) => (await import('../src/keys/unlock.js')).openKeyring(context, type, name),
    createKeyring: async (type, name) => (await import('../src/keys/unlock.js')).createKeyring(context, type, name),
  };
}

const told = new WeakMap<Context, string>();

/** Says what a result on a light grid rests on; a command that opens its grid several times says it once. */
function tellBasis(context: Context, { line, time, on_trust }: Basis): void {
  const text = `proven as of line ${line}, ${time}, by the log's signed state root\non trust: ${on_trust.join('; ')}`;
  if (told.get(context) !== text) context.out.note(text);
  told.set(context, text);
}

/**
 * The grid to work on; `await using` it, so that the lock is given back.
 * @param grid what `--grid` said
 * @param isGuest holds the home folder only while it works: for a command that runs long
 * @throws Problem as `openGrid`
 */
export async function openGridOf(context: Context, grid?: string, isGuest = false): Promise<Grid> {
  const { openGrid } = await import('../src/net/grid.js');
  return openGrid({ ...gridOptions(context, grid), isGuest });
}

/**
 * For commands that only show: the copy as new as it can be had. Where the home does not answer, a copy that is still
 * fresh does, and a note says how old it is.
 * @throws Problem as `Grid.refresh`, where there is no fresh copy
 */
export async function renew({ out, clock }: Context, grid: Grid): Promise<void> {
  try {
    await grid.refresh();
  } catch (thrown) {
    const { freshness } = await import('../src/bcdb/copy.js');
    const { formatDuration } = await import('../src/base/duration.js');
    if (!isProblem(thrown, 'unreachable') || grid.isLight) throw thrown;
    const { fresh, age_ms } = freshness(grid.reader, clock);
    if (!fresh) throw thrown;
    out.note(`${thrown.message}\nshown is the own copy of ${formatDuration(age_ms)} ago`);
  }
}
