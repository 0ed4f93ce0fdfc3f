// 3bot bcdb import
import { Problem } from '../../src/base/errors.js';
import type { CommandFile } from '../command.js';
import { parseBotUrl, parseGenesis, parseGridName } from '../grid/parse.js';

interface Options {
  readonly genesis?: string;
  readonly url?: string;
  readonly name?: string;
  readonly lines?: number;
}

export const command: CommandFile<Options> = {
  about: `Takes every line of a backup into a new book with the same checks as joining, then puts that in place at once: an error or a
crash changes nothing. Refused where the book here has more lines, or lines that the backup does not have.
At the grid's home the backup must contain all that this home has signed (its head file), since going on from less would fork
the book; a copy that is ahead has the rest: '3bot bcdb export' there. Where the head file is lost too, nobody but you knows
whether some copy has more: look, then say how many lines there are with --lines.`,
  arguments: [['<file>', "what '3bot bcdb export' wrote"]],
  options: (c) => c
    .option('--genesis <hash>', "the grid's id; anything else is refused", parseGenesis)
    .option('--url <url>', 'bot to follow from now on, for a grid that is not known here', parseBotUrl)
    .option('--name <name>', 'what you call a grid that is not known here (default: its own name)', parseGridName)
    .option('--lines <count>', 'lines that the book must have', parseLines),
  examples: ['3bot bcdb import book.3bot', '3bot bcdb import book.3bot --url http://127.0.0.1:8780 --json'],
  async run(context, [file = ''], { genesis, url, name, lines }) {
    const { importGrid } = await import('../../src/net/import.js');
    const { home, clock, signal, out } = context;
    using progress = await context.progress('reading');
    const { entry, size, before } = await importGrid({ home, clock, signal, file, genesis, url, name, lines, onProgress: (done, of) => progress.say(`${done} of ${of} lines re-checked`) });
    progress.stop();
    out.one({
      json: { id: entry.id, name: entry.name, url: entry.url, home: entry.url === null, size, before },
      id: entry.id,
      text: () => `grid ${entry.name}: ${size} lines re-checked and in place${before === null ? '; the damaged book lies beside, .damaged' : before > 0 ? `, ${before} were here before` : ''}`,
    });
    out.next('3bot bcdb verify');
  },
};

function parseLines(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new Problem('usage', `not a number of lines: ${JSON.stringify(text.slice(0, 50))}`);
  return Number(text);
}
