// 3bot bcdb export
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & { tiles?: string }> = {
  about: "FILE: a backup while the book is in use: the file is the book as it was at one moment, every line of it re-checked before it\ngets its name. '3bot bcdb import' puts it back. Keys and what this home has signed are not in it: back up keys/ and head/ of the\nhome folder too.\n--tiles DIR: a mirror of the grid as C2SP tlog-tiles lays it out (checkpoint, tile/…), with the records beside the entries.\nAny web server or CDN can show the folder, and 'grid join' of its URL gives a copy that is read only. Run again, it adds what is new\nand puts the checkpoint last. A mirror whose checkpoint is older than 10 min is too old to believe, so run it every few minutes.",
  arguments: [['[file]', 'new file for the backup']],
  options: (c) => c.option('--tiles <dir>', 'write a mirror instead, in this folder; made where there is none').option(...GRID_FLAG),
  examples: ['3bot bcdb export book.3bot', '3bot bcdb export "backup-$(date +%F).3bot" --json', '3bot bcdb export --tiles /var/www/my-grid'],
  async run(context, [file], { grid, tiles }) {
    const { Problem } = await import('../../src/base/errors.js');
    if ((file === undefined) === (tiles === undefined)) throw new Problem('usage', 'give either a file for a backup or --tiles with a folder for a mirror', { hint: '3bot bcdb export --help' });
    if (tiles !== undefined) return (await import('./tiles.js')).exportMirror(context, tiles, grid);
    const { exportGrid } = await import('../../src/net/export.js');
    const { counter } = await import('../../src/cli/progress.js');
    const { home, signal, out } = context;
    using progress = await context.progress('reading');
    const count = { 'pages copied': counter(progress, 'pages copied'), 'lines re-checked': counter(progress, 'lines re-checked') };
    const made = await exportGrid({ home, signal, grid, file: file ?? '', onProgress: (what, done, of) => count[what](done, of) });
    progress.stop();
    const { name, size, signed, root, bytes } = made;
    out.one({
      json: made,
      id: made.file,
      text: () => `grid ${name}: ${size} lines in ${made.file} (${bytes} bytes), all re-checked${signed < size ? `\nthe home's checkpoint covers the first ${signed} of them` : ''}\nroot ${root}`,
    });
    out.next(`3bot bcdb import ${file}   (in another home folder, or here after a loss)`);
  },
};
