// 3bot witness trust
import type { CommandFile } from '../command.js';

export const command: CommandFile<{ genesis?: string }> = {
  about: "The witness cosigns this log from now on; a serving bot notices at once. The key of a log may be its C2SP key ('3bot grid show'\nprints it), or that of a grid carried here, or of one served at an address. A key given again for the same log takes the place of\nthe one before, as after a hand-over.",
  arguments: [['<name>', 'of a witness of this home folder'], ['<log>', 'key of the log, or a grid of this home folder, or the address of a bot that serves the grid']],
  options: (c) => c.option('--genesis <hash>', "the grid's id, where an address is given; anything else is refused"),
  examples: ['3bot witness trust watcher 3bot/6f1d…+4a0b9c2e+AV…', '3bot witness trust auditor https://grid.example --genesis 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  async run({ home, signal, out }, [name = '', what = ''], { genesis }) {
    const { addLog } = await import('../../src/witness/logs.js');
    const { showWitness } = await import('../../src/witness/show.js');
    const { parseGenesis } = await import('../grid/parse.js');
    const added = await addLog({ home, signal, witness: name, what, genesis: genesis === undefined ? undefined : parseGenesis(genesis) });
    const { path } = showWitness(home, name);
    out.one({
      json: { witness: name, ...added, path },
      id: added.origin,
      text: () => `witness ${name} cosigns log ${added.origin}\nkey     ${added.vkey}${added.source === null ? '' : `\ngrid    ${added.source.grid}`}${(added.source?.url ?? null) === null ? '' : `\nfrom    ${added.source?.url}`}`,
    });
    out.next(`3bot witness show ${name} --url https://BOT   (its line for the policy of a grid)`);
  },
};
