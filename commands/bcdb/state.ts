// 3bot bcdb state
import type { JsonObject } from '../../src/base/canonical.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { parseLimit } from '../limit.js';
import { AT_FLAG } from './at.js';

interface Options extends GridFlag {
  readonly prefix?: string;
  readonly at?: string;
  readonly after?: string;
  readonly limit: number;
}

export const command: CommandFile<Options> = {
  about: 'What the rules make of the lines: one object, or those whose ids begin alike. With --at the lines up to then are gone through\nagain: a second for some fifty thousand of them.',
  arguments: [['[object]', 'account/KEY, contract/ID, farm/ID, node/KEY, bot/KEY, grid …; all of them if left out']],
  options: (c) => c
    .option('--prefix <prefix>', 'objects whose id begins so, for example contract/')
    .option(...AT_FLAG)
    .option('--after <id>', 'only objects after this one, to go on where a list ended')
    .option('--limit <count>', 'at most so many', parseLimit, 100)
    .option(...GRID_FLAG),
  examples: ['3bot bcdb state grid', '3bot bcdb state --prefix account/ --at 0 --json'],
  async run(context, [object], { prefix = '', at, after, limit, grid: named }) {
    const { Problem } = await import('../../src/base/errors.js');
    const { openGridOf } = await import('../handle.js');
    const { canonical } = await import('../../src/base/canonical.js');
    const { momentText, stateAt } = await import('./at.js');
    const { out } = context;
    if (object !== undefined && prefix !== '') throw new Problem('usage', 'either an object or --prefix');
    await using grid = await openGridOf(context, named);
    // A fold leaves the keys as its rules wrote them; the book stores them in order.
    const inOrder = (value: JsonObject): unknown => JSON.parse(canonical(value));
    const then = await stateAt(context, grid.reader, at);
    const where = at === undefined ? '' : ` ${momentText(then)}`;
    if (object !== undefined) {
      const value = then.state.get(object);
      if (value === undefined) throw new Problem('not_found', `no object ${object}${where}`, { hint: '3bot bcdb state --prefix TYPE/' });
      const spelled = inOrder(value);
      out.one({ json: { id: object, value: spelled, size: then.size }, text: () => JSON.stringify(spelled, null, 2) });
    } else {
      const found = then.state.objects(prefix, limit, after).map(({ id, value }) => ({ id, value: inOrder(value) }));
      out.list({
        json: found,
        columns: ['object', 'value'],
        rows: found.map(({ id, value }) => [id, JSON.stringify(value)]),
        empty: `no object begins with ${prefix}${where}`,
      });
      if (found.length === limit) out.next(`3bot bcdb state … --after ${found.at(-1)?.id ?? ''}`);
    }
    if (where !== '') out.note(where.trim());
  },
};
