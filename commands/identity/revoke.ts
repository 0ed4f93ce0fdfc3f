// 3bot identity revoke
import { Problem } from '../../src/base/errors.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { findKey, openBot } from './bot.js';

export const command: CommandFile<GridFlag> = {
  about: 'Ends a key of your bot for the future: from this record on nothing that it signs is taken, and it never comes back.\nWhat it signed before stays.',
  arguments: [['<key>', 'name of a keyring here, or key, or its first digits']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot identity revoke ci-1', '3bot identity revoke 5f0c9e2a'],
  async run(context, [wanted = ''], { grid: named }) {
    const { changeKeys } = await import('../../src/net/identities.js');
    const { out } = context;
    await using own = await openBot(context, named);
    const { grid, keyring, bot } = own;
    const { key } = await findKey(context, grid, bot, wanted);
    const { id, index } = await changeKeys(grid, keyring, (keys) => {
      const left = keys.filter((grant) => grant.key !== key);
      if (left.length === 0) throw new Problem('refused', `${key.slice(0, 8)}… is the only key of ${bot.name}`, { reason: 'key', hint: `3bot identity rotate ${key.slice(0, 8)} puts a new one in its place` });
      return left;
    });
    out.one({ json: { key, bot: bot.key, revoked: true, record: id, index }, id: key, text: () => `${key.slice(0, 12)}… speaks for ${bot.name} no more, from line ${index} on` });
    out.next('3bot identity keys');
  },
};
