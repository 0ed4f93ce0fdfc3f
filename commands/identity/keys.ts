// 3bot identity keys
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag> = {
  about: 'Which keys speak for your bot on a grid, for which kinds of records and until when. The id stays the first key for ever,\neven once that key is revoked. What a key has signed stays signed, also that of a revoked one,\nwhich is listed with the line of the book since which it counts no more.',
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot identity keys', '3bot identity keys --json'],
  async run(context, _args, { grid: named }) {
    const { iso } = await import('../../src/base/clock.js');
    const { findBotKeys, listBotKeys } = await import('../../src/keys/identity.js');
    const { identityInUse } = await import('../../src/keys/unlock.js');
    const { keysAt, ownBot, revokedKeys } = await import('../../src/net/identities.js');
    const { openGridOf, renew } = await import('../handle.js');
    const { nowOf } = await import('../now.js');
    const { home, out } = context;
    await using grid = await openGridOf(context, named);
    await renew(context, grid);
    const bot = ownBot(grid, findBotKeys(home, identityInUse(home)).id);
    const here = new Map(listBotKeys(home).keys.map(({ id, name }) => [id, name]));
    const valid = keysAt(bot, nowOf(grid)).map((grant) => ({ ...grant, revoked: null }));
    const gone = revokedKeys(grid.reader, bot.key).map(({ line, at, ...grant }) => ({ ...grant, revoked: { line, at: iso(at) } }));
    const keys = [...valid, ...gone].map(({ key, kinds, until, state, revoked }) => ({ key, kinds, until: until === null ? null : iso(until), state, revoked, here: here.get(key) ?? null }));
    out.list({
      json: { id: bot.key, name: bot.name, grid: grid.id, keys, recovery: bot.recovery },
      columns: ['key', 'for', 'until', 'state', 'here'],
      rows: keys.map(({ key, kinds, until, state, revoked, here: name }) => [key, kinds.join(' '), until ?? '', revoked === null ? state : `revoked in line ${revoked.line}`, name ?? '']),
      empty: 'no keys',
    });
    out.note(bot.recovery === null ? `nobody can recover ${bot.name}: 3bot identity recovery` : `${bot.name} can be recovered: 3bot identity recovery shows by whom`);
  },
};
