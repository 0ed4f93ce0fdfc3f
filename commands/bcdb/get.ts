// 3bot bcdb get
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag> = {
  about: "With --json a record is its line as stored ({index, id, payload, signatures, at}); that of line 0 is the genesis file\nthat 'receipt verify --genesis' takes.",
  arguments: [['<what>', 'a record id or its first digits, a line number, or an object id (account/KEY, contract/ID, grid)']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot bcdb get 0 --json', '3bot bcdb get grid'],
  async run(context, [what = ''], { grid: named }) {
    const { Problem } = await import('../../src/base/errors.js');
    const { findRecord, lineOf } = await import('../../src/bcdb/query.js');
    const { recordAt } = await import('../../src/bcdb/record-at.js');
    const { openGridOf } = await import('../handle.js');
    const { shown } = await import('./shown.js');
    await using grid = await openGridOf(context, named);
    const { reader } = grid;
    const object = reader.get(what);
    if (object !== undefined) {
      context.out.one({ json: { id: what, value: object }, text: () => JSON.stringify(object, null, 2) });
      return;
    }
    if (what.includes('/') || what === 'grid') throw new Problem('not_found', `no object ${what} in this book`, { hint: '3bot bcdb query' });
    // Asked after a lost answer: what the copy does not have yet, the home may.
    if (/^[0-9a-f]{64}$/.test(what) && lineOf(reader, what) === undefined) await grid.refresh();
    // Digits alone are a line number, as long as there is such a line.
    const found = /^[0-9]{1,15}$/.test(what) && (what.length < 6 || Number(what) < reader.size) ? recordAt(reader, Number(what)) : findRecord(reader, what);
    context.out.one({ json: found, text: () => JSON.stringify(shown(found), null, 2) });
  },
};
