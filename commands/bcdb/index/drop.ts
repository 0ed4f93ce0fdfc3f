// 3bot bcdb index drop
import type { CommandFile } from '../../command.js';
import { GRID_FLAG, type GridFlag } from '../../handle.js';

export const command: CommandFile<GridFlag> = {
  arguments: [['<field>', 'a field that is indexed']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot bcdb index drop body.memo'],
  async run(context, [path = ''], { grid: named }) {
    const { Problem } = await import('../../../src/base/errors.js');
    const { openGridOf } = await import('../../handle.js');
    await using grid = await openGridOf(context, named);
    const { index, size } = grid.reader;
    const field = index.ask(size, () => index.fields()).find((one) => one.path === path);
    if (field === undefined) throw new Problem('not_found', `there is no index of ${JSON.stringify(path.slice(0, 100))}`, { hint: '3bot bcdb index list' });
    index.dropField(field.num);
    context.out.one({ json: { field: path }, id: path, text: () => `${path} is no longer indexed` });
  },
};
