// 3bot bcdb export
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag> = {
  about: "A backup while the book is in use: the file is the book as it was at one moment, every line of it re-checked before it gets its\nname. '3bot bcdb import' puts it back. Keys and what this home has signed are not in it: back up keys/ and head/ of the home folder too.",
  arguments: [['<file>', 'new file for the backup']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot bcdb export book.3bot', '3bot bcdb export "backup-$(date +%F).3bot" --json'],
  async run(context, [file = ''], { grid }) {
    const { exportGrid } = await import('../../src/net/export.js');
    const { home, signal, out } = context;
    using progress = await context.progress('reading');
    const made = await exportGrid({ home, signal, grid, file, onProgress: (what, done, of) => progress.say(`${done} of ${of} ${what}`) });
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
