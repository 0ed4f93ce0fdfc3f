// 3bot receipt get
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & { out?: string }> = {
  about: 'A receipt is a text file that proves to anyone, offline, that the record is in the book and who signed it (C2SP tlog-proof).',
  arguments: [['<record>', 'record id or its first digits, or a line number']],
  options: (c) => c.option('--out <file>', 'write it into this new file instead of stdout').option(...GRID_FLAG),
  examples: ['3bot receipt get 0', '3bot receipt get 0 --out genesis.tlog-proof'],
  async run(context, [what = ''], { out: file, grid: named }) {
    const { findRecord } = await import('../../src/bcdb/query.js');
    const { recordAt } = await import('../../src/bcdb/record-at.js');
    const { openGridOf } = await import('../handle.js');
    const { writeNew } = await import('../files.js');
    await using grid = await openGridOf(context, named);
    const { id, index } = /^[0-9]{1,5}$/.test(what) ? recordAt(grid.reader, Number(what)) : findRecord(grid.reader, what);
    const receipt = grid.receipt(id);
    if (file !== undefined) writeNew(file, receipt);
    const json = { record: id, index, grid: grid.id, ...(file === undefined ? { receipt } : { file }) };
    // The receipt's own text, byte for byte: a pipe gets what a file would hold.
    context.out.one({ json, id: file ?? receipt.replace(/\n$/, ''), text: () => file === undefined ? receipt.replace(/\n$/, '') : `receipt of record ${id} in ${file}` });
    if (file !== undefined) context.out.next(`3bot receipt verify ${file}`);
  },
};
