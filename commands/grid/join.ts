// 3bot grid join
import type { CommandFile } from '../command.js';
import { parseGenesis, parseGridName, parseSource } from './parse.js';

export const command: CommandFile<{ genesis?: string; name?: string }> = {
  about: 'Fetches every line of the grid\'s book and re-checks each with the same rules before believing it. Give the genesis hash\nthat the grid\'s owner published: without it the first answer decides which grid this is.',
  arguments: [['<url>', 'of any bot that serves the grid, http(s)://host:port; or of a mirror\'s files, which gives a copy that is read only']],
  options: (c) => c
    .option('--genesis <hash>', 'the grid\'s id; anything else is refused', parseGenesis)
    .option('--name <name>', 'what you call it here (default: its own name)', parseGridName),
  examples: ['3bot grid join http://127.0.0.1:8780', '3bot grid join https://cdn.example/my-grid', '3bot grid join https://grid.example --genesis 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  async run(context, [url = ''], { genesis, name }) {
    const { joinGrid } = await import('../../src/net/join.js');
    const { home, clock, signal, out } = context;
    const address = parseSource(url);
    const { counter } = await import('../../src/cli/progress.js');
    using progress = await context.progress(`asking ${address}`);
    const { entry, size, checked } = await joinGrid({ home, clock, signal, url: address, genesis, name, onProgress: counter(progress, 'lines re-checked') });
    progress.stop();
    out.one({ json: { id: entry.id, name: entry.name, url: entry.url, ...(entry.mirror === true ? { read_only: true } : {}), size, checked }, id: entry.id, text: () => `grid ${entry.name}, ${size} lines; ${checked} were re-checked, all hold${entry.mirror === true ? '\nread from a mirror: this copy is read only' : ''}\ngenesis ${entry.id}` });
    if (genesis === undefined) out.note('3bot: note: no --genesis was given; compare the genesis hash with the one that the owner published');
    out.next('3bot explore');
  },
};
