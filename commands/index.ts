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
  {
    title: 'the book',
    commands: [
      { words: 'grid create', summary: 'begin a grid whose home is this folder', load: () => import('./grid/create.js') },
      { words: 'grid join', summary: 'carry a copy of a grid, every line re-checked', load: () => import('./grid/join.js') },
      { words: 'grid list', summary: 'the grids of this home folder', load: () => import('./grid/list.js') },
      { words: 'grid show', summary: 'how a grid stands, and its genesis', load: () => import('./grid/show.js') },
      { words: 'grid use', summary: 'choose the grid that commands use', load: () => import('./grid/use.js') },
      { words: 'bcdb query', summary: 'find records', load: () => import('./bcdb/query.js') },
      { words: 'bcdb get', summary: 'one record or object', load: () => import('./bcdb/get.js') },
      { words: 'bcdb verify', summary: 're-check everything that is stored', load: () => import('./bcdb/verify.js') },
      { words: 'receipt get', summary: 'proof that a record is in the book', load: () => import('./receipt/get.js') },
      { words: 'receipt verify', summary: 'check such a proof, offline', load: () => import('./receipt/verify.js') },
      { words: 'serve', summary: 'make this bot reachable', load: () => import('./serve.js') },
    ],
  },
];

/** All commands in one list. */
export const entries: readonly Entry[] = groups.flatMap((group) => group.commands);
