// 3bot blueprint get
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag, renew } from '../handle.js';
import { BLUEPRINT_ARGUMENT } from './meant.js';

export const command: CommandFile<GridFlag> = {
  about: 'Prints the file of a published version as it stands in the book, withdrawn or not.',
  arguments: [BLUEPRINT_ARGUMENT],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot blueprint get alice/shop', '3bot blueprint get alice/shop@2 > shop.yaml'],
  async run(context, [text = ''], { grid: named }) {
    const { fileOf } = await import('../../src/architect/publish/publish.js');
    const { iso } = await import('../../src/base/clock.js');
    const { feesText, findPublished, sumOf, titleOf } = await import('../../src/market/blueprint.js');
    const { out } = context;
    await using grid = await openGridOf(context, named);
    await renew(context, grid);
    const { blueprint, ref, version } = findPublished(grid.reader, text);
    const { about, fees, withdrawn, record, at } = version;
    const title = titleOf(grid.reader, blueprint, ref.version);
    const file = fileOf(version).slice(0, -1);
    if (withdrawn !== null) out.note(`${title} is withdrawn since ${iso(withdrawn.at)}: ${withdrawn.reason || 'no reason given'}`);
    out.note(`# ${title}, record ${record.slice(0, 12)}, fee: ${feesText(fees)}`);
    out.one({
      json: { ...ref, title, name: blueprint.name, about, fees, fee_ppm: sumOf(fees), contracts: blueprint.contracts, withdrawn: withdrawn === null ? null : { at: iso(withdrawn.at), reason: withdrawn.reason }, record, published_at: iso(at), text: `${file}\n` },
      id: file,
      text: () => file,
    });
  },
};
