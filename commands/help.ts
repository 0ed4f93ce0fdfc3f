// The help above single commands: every command by what it is for, or those of one noun.
import { groups } from './index.js';

/** The commands whose words begin with `words`, in their groups. */
export function overview(words: readonly string[]): string {
  const prefix = words.join(' ');
  const chosen = groups
    .map(({ title, commands }) => ({ title, commands: commands.filter((entry) => prefix === '' || entry.words.startsWith(`${prefix} `) || entry.words === prefix) }))
    .filter(({ commands }) => commands.length > 0);
  const width = Math.max(...chosen.flatMap(({ commands }) => commands.map((entry) => entry.words.length)));
  const blocks = chosen.map(({ title, commands }) => [`${title}:`, ...commands.map((entry) => `  ${entry.words.padEnd(width)}  ${entry.summary}`)].join('\n'));
  return [`Usage: 3bot ${prefix === '' ? '' : `${prefix} `}COMMAND [flags]`, ...blocks, '3bot help COMMAND   flags and examples of one command\n3bot help topics    exit codes, environment, scripting, formats, schemas of --json\n'].join('\n\n');
}
