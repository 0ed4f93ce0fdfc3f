// The journal of the identity in use.
import type { Journal } from '../../src/consumer/journal.js';
import type { Grid } from '../../src/net/grid.js';
import type { Context } from '../command.js';

/** Opens it; no key is needed. @throws Problem `not_found` where there is no identity */
export async function openJournal({ home }: Context, grid: Grid): Promise<Disposable & { readonly book: Journal }> {
  const { Journal } = await import('../../src/consumer/journal.js');
  const { findBotKeys } = await import('../../src/keys/identity.js');
  const { identityInUse } = await import('../../src/keys/unlock.js');
  const { openPrivate } = await import('../../src/private.js');
  const { actsFor } = await import('../../src/rules/identity.js');
  const { id } = findBotKeys(home, identityInUse(home));
  const data = openPrivate(home);
  return { book: new Journal(data, grid.id, actsFor(grid.reader, id)), [Symbol.dispose]: () => data[Symbol.dispose]() };
}
