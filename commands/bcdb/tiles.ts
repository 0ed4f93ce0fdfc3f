// 3bot bcdb export --tiles
import { isProblem, messageOf, Problem } from '../../src/base/errors.js';
import type { Context } from '../command.js';

/** Brings a mirror's folder to the newest checkpoint of the grid, and says what was done. */
export async function exportMirror(context: Context, folder: string, named: string | undefined): Promise<void> {
  const { resolve } = await import('node:path');
  const { exportTiles } = await import('../../src/bcdb/mirror.js');
  const { openGridOf } = await import('../handle.js');
  const { out, signal } = context;
  await using grid = await openGridOf(context, named);
  using progress = await context.progress('reading');
  await grid.refresh().catch((thrown: unknown) => {
    if (!isProblem(thrown, 'unreachable')) throw thrown;
    out.note(`3bot: note: ${messageOf(thrown)}; what is held here is exported`);
  });
  const { size, before, files } = await exportTiles(grid.reader, resolve(folder), { signal, onProgress: (lines, of) => progress.say(`${lines} of ${of} lines`) }).catch((thrown: unknown) => {
    const { code } = thrown as NodeJS.ErrnoException;
    throw code === undefined || isProblem(thrown) ? thrown : new Problem('failed', `cannot write the mirror in ${folder} (${code}); its old checkpoint still holds`, { cause: thrown, hint: 'run the command again: it goes on where it was' });
  });
  progress.stop();
  out.one({
    json: { grid: grid.id, folder: resolve(folder), size, before, files },
    text: () => `grid ${grid.name}: ${size} lines in ${folder}, ${size - before} of them new; ${files} files written`,
  });
  out.next(`show ${folder} with any web server; others then: 3bot grid join http://HOST/PATH`);
}
