// 3bot bcdb evidence list
import type { CommandFile } from '../../command.js';

export const command: CommandFile = {
  about: 'What the homes of your grids have signed and cannot be. Each file proves itself to others: send it to them.',
  examples: ['3bot bcdb evidence list', '3bot bcdb evidence list --json'],
  async run({ home, out }) {
    const { iso } = await import('../../../src/base/clock.js');
    const { evidenceFiles, evidenceFolder, evidenceGrids, readEvidence } = await import('../../../src/net/evidence.js');
    const found = evidenceGrids(home).flatMap((grid) => evidenceFiles(evidenceFolder(home, grid))).map((file) => {
      const { grid, kind, found_ms } = readEvidence(file);
      return { grid, kind, found: iso(found_ms), file };
    });
    out.list({
      json: found,
      columns: ['grid', 'kind', 'found', 'file'],
      least: ['kind', 'grid'],
      rows: found.map(({ grid, kind, found: time, file }) => [grid.slice(0, 12), kind, time, file]),
      empty: 'no evidence against any home',
    });
    const [first] = found;
    if (first !== undefined) out.next(`3bot bcdb evidence verify ${first.file}`);
  },
};
