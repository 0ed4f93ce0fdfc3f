// Every command: the words a person types, what it is for, where it lives. Others add a line here, nothing else.
import type { CommandFile } from './command.js';

/** One command in the table. */
export interface Entry {
  readonly words: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: CommandFile }>;
}

/** The commands by what they are for, in the order of the help. */
export const groups: readonly { readonly title: string; readonly commands: readonly Entry[] }[] = [
  {
    title: 'who you are',
    commands: [
    ],
  },
];

/** All commands in one list. */
export const entries: readonly Entry[] = groups.flatMap((group) => group.commands);
