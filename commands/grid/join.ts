// 3bot grid join
import type { CommandFile } from '../command.js';
import { parseBotUrl, parseGenesis, parseGridName, parseSource } from './parse.js';

const UNPINNED = '3bot: note: no --genesis was given; compare the genesis hash with the one that the owner published';

interface Options {
  readonly genesis?: string;
  readonly name?: string;
  readonly light?: true;
}

export const command: CommandFile<Options> = {
  about: 'Fetches every line of the grid\'s book and re-checks each with the same rules before believing it. Give the genesis hash\nthat the grid\'s owner published: without it the first answer decides which grid this is.\nWith --light nothing is fetched but proofs, when they are needed: for CI. Each command then says what it has proven, as of\nwhich line, and what it takes on trust. Without --light later on, a copy is fetched after all.',
  arguments: [['<url>', 'of any bot that serves the grid, http(s)://host:port; or of a mirror\'s files, which gives a copy that is read only']],
  options: (c) => c
    .option('--genesis <hash>', 'the grid\'s id; anything else is refused', parseGenesis)
    .option('--light', 'carry no copy: state is proven by the log\'s signed state roots')
    .option('--name <name>', 'what you call it here (default: its own name)', parseGridName),
  examples: ['3bot grid join http://127.0.0.1:8780', '3bot grid join https://cdn.example/my-grid', '3bot grid join https://grid.example --genesis 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', '3bot grid join --light https://grid.example --genesis 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  async run(context, [url = ''], { genesis, name, light }) {
    const { joinGrid } = await import('../../src/net/join.js');
    const { home, clock, signal, out } = context;
    if (light === true) {
      const { joinLight } = await import('../../src/net/light/join.js');
      const { entry, basis } = await joinLight({ home, clock, signal, url: parseBotUrl(url), genesis, name });
      const proven = basis === null ? 'its home has recorded no state root yet' : `state proven as of line ${basis.line}, ${basis.time}`;
      out.one({ json: { id: entry.id, name: entry.name, url: entry.url, light: true, basis }, id: entry.id, text: () => `grid ${entry.name}, without a copy; ${proven}\ngenesis ${entry.id}` });
      if (genesis === undefined) out.note(UNPINNED);
      out.next('3bot wallet show');
      return;
    }
    const address = parseSource(url);
    const { counter } = await import('../../src/cli/progress.js');
    using progress = await context.progress(`asking ${address}`);
    const { entry, size, checked } = await joinGrid({ home, clock, signal, url: address, genesis, name, onProgress: counter(progress, 'lines re-checked') });
    progress.stop();
    out.one({ json: { id: entry.id, name: entry.name, url: entry.url, ...(entry.mirror === true ? { read_only: true } : {}), size, checked }, id: entry.id, text: () => `grid ${entry.name}, ${size} lines; ${checked} were re-checked, all hold${entry.mirror === true ? '\nread from a mirror: this copy is read only' : ''}\ngenesis ${entry.id}` });
    if (genesis === undefined) out.note(UNPINNED);
    out.next('3bot explore');
  },
};
