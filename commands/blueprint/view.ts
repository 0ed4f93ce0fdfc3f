// A grid, whose contracts are looked at, and what was applied here: for commands that only show, and open no key.
import { Problem } from '../../src/base/errors.js';
import type { Revisions } from '../../src/architect/plan/revisions.js';
import type { Grid } from '../../src/net/grid.js';
import type { Context } from '../command.js';
import { openGridOf, renew } from '../handle.js';

/** What is looked at. */
export interface View extends AsyncDisposable {
  readonly grid: Grid;
  /** Key of the bot in use, hex. */
  readonly bot: string;
  /** Time of the book. */
  readonly at: number;
  readonly revisions: Revisions;
}

/** @throws Problem `not_found` without an identity or a grid */
export async function openView(context: Context, named: string | undefined): Promise<View> {
  const { readConfig } = await import('../../src/home.js');
  const { Revisions } = await import('../../src/architect/plan/revisions.js');
  const { findBotKeys } = await import('../../src/keys/identity.js');
  const { openPrivate } = await import('../../src/private.js');
  const { actsFor } = await import('../../src/rules/identity.js');
  const { nowOf } = await import('../now.js');
  const { identity } = readConfig(context.home);
  if (identity === null) throw new Problem('not_found', `no identity in ${context.home.path} yet`, { reason: 'identity', hint: '3bot identity create, then 3bot grid join URL' });
  const grid = await openGridOf(context, named);
  try {
    await renew(context, grid);
    const data = openPrivate(context.home);
    const bot = actsFor(grid.reader, findBotKeys(context.home, identity).id);
    return {
      grid, bot, at: nowOf(grid), revisions: new Revisions(data, grid.id, bot),
      async [Symbol.asyncDispose]() {
        data[Symbol.dispose]();
        await grid[Symbol.asyncDispose]();
      },
    };
  } catch (thrown) {
    await grid[Symbol.asyncDispose]();
    throw thrown;
  }
}
