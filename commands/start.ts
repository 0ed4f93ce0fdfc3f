// 3bot alone: what to do next, by what the home folder holds.
import type { CommandFile } from './command.js';

export const command: CommandFile = {
  examples: [],
  async run({ home, out }) {
    const { readConfig } = await import('../src/home.js');
    const { identity, grid } = readConfig(home);
    const next =
      identity === null ? [['3bot identity create', 'make your identity and wallet'], ['3bot identity import', 'or bring one you have, from its 24 words']]
      : grid === null ? [['3bot grid join URL', 'carry a copy of a grid'], ['3bot dev up', 'or run a whole grid on this machine, to try things']]
      : [['3bot explore', 'who sells what'], ['3bot quote --cpu 4 --sru 100', 'what it would cost'], ['3bot reserve --cpu 4 --sru 100', 'take it']];
    const commands = next.map(([line = '', meaning = '']) => ({ command: line, meaning }));
    const width = Math.max(...commands.map(({ command: line }) => line.length));
    const steps = () => ['3bot sells and buys compute, storage and network directly.', '', 'Next:', ...commands.map(({ command: line, meaning }) => `  ${line.padEnd(width)}  ${meaning}`), '', 'All commands: 3bot help'];
    out.line({ identity, grid, next: commands }, () => steps().join('\n'));
  },
};
