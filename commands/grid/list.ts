// 3bot grid list
import type { CommandFile } from '../command.js';

export const command: CommandFile = {
  examples: ['3bot grid list', '3bot grid list --json'],
  async run({ home, out, clock }) {
    const { readConfig } = await import('../../src/home.js');
    const { gridState } = await import('../../src/net/state.js');
    const { formatDuration } = await import('../../src/base/duration.js');
    const config = readConfig(home);
    const states = config.grids.map((entry) => ({ ...gridState(home, entry, clock), in_use: entry.id === config.grid }));
    out.list({
      json: states,
      columns: ['name', 'id', 'where', 'lines', 'last heard', 'in use'],
      least: ['last heard', 'lines', 'where'],
      rows: states.map(({ name, id, url, light, read_only, size, age_ms, in_use }) => [name, id, url === null ? 'home' : read_only ? `${url} (mirror)` : light ? `${url} (light)` : url, size, age_ms === null ? 'never' : formatDuration(age_ms), in_use ? 'yes' : 'no']),
      empty: "no grid yet: '3bot grid join URL' carries a copy of one; the first command that needs a grid makes one of your own",
    });
  },
};
