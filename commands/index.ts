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
      { words: 'identity create', summary: 'make an identity and its wallet', load: () => import('./identity/create.js') },
      { words: 'identity list', summary: 'the identities of this home folder', load: () => import('./identity/list.js') },
      { words: 'identity show', summary: 'id, keys and wallet address of an identity', load: () => import('./identity/show.js') },
      { words: 'identity use', summary: 'choose the identity that commands use', load: () => import('./identity/use.js') },
      { words: 'identity import', summary: 'make an identity from its 24 words', load: () => import('./identity/import.js') },
      { words: 'identity export', summary: 'write the 24 words of an identity into a file', load: () => import('./identity/export.js') },
      { words: 'unlock', summary: 'keep the keys open for a while', load: () => import('./unlock.js') },
      { words: 'lock', summary: 'forget the keys that are open', load: () => import('./lock.js') },
    ],
  },
];

/** All commands in one list. */
export const entries: readonly Entry[] = groups.flatMap((group) => group.commands);
