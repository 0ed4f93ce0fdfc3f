// 3bot bcdb index add
import type { CommandFile } from '../../command.js';
import { GRID_FLAG, type GridFlag } from '../../handle.js';

export const command: CommandFile<GridFlag> = {
  about: 'The values of the field are looked up in all lines so far, then in each as it comes. A list of values counts each of them.',
  arguments: [['<field>', 'a field of the body: body.x.y']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot bcdb index add body.memo'],
  async run(context, [path = ''], { grid: named }) {
    const { Problem } = await import('../../../src/base/errors.js');
    const { MAX_INDEXED_FIELDS } = await import('../../../src/base/limits.js');
    const { isBodyPath } = await import('../../../src/bcdb/query/paths.js');
    const { openGridOf } = await import('../../handle.js');
    const { indexing } = await import('../indexing.js');
    if (!isBodyPath(path)) throw new Problem('usage', `not a field of the body: ${JSON.stringify(path.slice(0, 100))}`, { hint: 'for example body.total_stroops' });
    await using grid = await openGridOf(context, named);
    using progress = await context.progress('reading');
    const { index, size } = grid.reader;
    const fields = index.ask(size, () => index.fields(), indexing(progress));
    if (fields.length >= MAX_INDEXED_FIELDS) throw new Problem('usage', `an index has at most ${MAX_INDEXED_FIELDS} fields`, { hint: '3bot bcdb index drop FIELD' });
    if (!fields.some((field) => field.path === path)) index.addField(path, (lines, of) => progress.say(`${lines} of ${of} lines`));
    progress.stop();
    context.out.one({ json: { field: path, lines: size }, id: path, text: () => `${path} is indexed` });
    context.out.next(`3bot bcdb query '${path} exists'`);
  },
};
