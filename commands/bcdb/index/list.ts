// 3bot bcdb index list
import type { CommandFile } from '../../command.js';
import { GRID_FLAG, type GridFlag } from '../../handle.js';

export const command: CommandFile<GridFlag> = {
  about: 'Beside these, chain, kind, signer, tag, id, time, line number and text are always served.',
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot bcdb index list'],
  async run(context, _args, { grid: named }) {
    const { openGridOf } = await import('../../handle.js');
    await using grid = await openGridOf(context, named);
    const { index, size } = grid.reader;
    const fields = index.ask(size, () => index.fields().map(({ path, num }) => ({ field: path, values: index.row<{ n: number }>('SELECT count(*) AS n FROM value WHERE field = ?', num)?.n ?? 0 })));
    context.out.list({ json: fields, columns: ['field', 'values'], rows: fields.map(({ field, values }) => [field, values]), empty: 'no field of a body is indexed' });
  },
};
