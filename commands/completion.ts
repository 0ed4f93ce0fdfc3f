// 3bot completion
import { Problem } from '../src/base/errors.js';
import type { CommandFile } from './command.js';
import { CHOICES } from './choices.js';

export const command: CommandFile = {
  about: 'Prints a script that completes commands, flags, files, and the names and ids that your own copy knows. It asks nobody and opens no keys.',
  arguments: [['<shell>', 'bash, zsh or fish']],
  examples: ['source <(3bot completion bash)', '3bot completion fish > ~/.config/fish/completions/3bot.fish'],
  async run({ out }, [shell = '']) {
    const { readFileSync } = await import('node:fs');
    if (CHOICES[' <shell>']?.includes(shell) !== true) throw new Problem('usage', `no completion for ${JSON.stringify(shell.slice(0, 50))}`, { hint: 'bash, zsh or fish' });
    const script = readFileSync(new URL(`../../commands/completion/3bot.${shell}`, import.meta.url), 'utf8');
    out.one({ json: { shell, script }, id: script.trimEnd(), text: () => script.trimEnd() });
  },
};
