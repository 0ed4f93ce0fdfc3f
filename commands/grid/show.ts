// 3bot grid show
import type { CommandFile } from '../command.js';

export const command: CommandFile<{ genesisFile?: string }> = {
  arguments: [['[grid]', 'name or first digits of the id; the one in use if left out']],
  options: (c) => c.option('--genesis-file <file>', "write the grid's genesis record, and what its governance has changed since, into this new file: for 'receipt verify' elsewhere"),
  examples: ['3bot grid show', '3bot grid show --genesis-file genesis.json'],
  async run(context, [wanted], { genesisFile }) {
    const { iso } = await import('../../src/base/clock.js');
    const { readGrid } = await import('../../src/rules/objects.js');
    const { mintingText, supplyOf } = await import('../../src/market/supply.js');
    const { gridState, witnessesText } = await import('../../src/net/state.js');
    const { checkpointKeys } = await import('../../src/bcdb/checkpoint.js');
    const { trustOf } = await import('../../src/bcdb/pinned.js');
    const { formatVkey } = await import('../../src/tlog/note.js');
    const { openGridOf } = await import('../handle.js');
    const { writeNew } = await import('../files.js');
    await using grid = await openGridOf(context, wanted);
    const object = readGrid(grid.reader);
    const { prices, governance, certifiers } = object;
    const supply = supplyOf(object);
    if (genesisFile !== undefined) writeNew(genesisFile, await grid.trustText());
    const logKey = formatVkey(checkpointKeys(trustOf(grid.reader)).log);
    const state = gridState(context.home, { id: grid.id, name: grid.name, url: grid.url ?? grid.mirror, ...(grid.mirror === null ? {} : { mirror: true }), light: grid.isLight }, context.clock);
    context.out.one({
      json: { ...state, log_key: logKey, dev: grid.dev, supply: supply.exists, money: supply, prices, governance, certifiers },
      text: () => [
        `grid        ${grid.name}${grid.dev ? ' (development)' : ''}`,
        `genesis     ${grid.id}`,
        `where       ${grid.mirror !== null ? `${grid.mirror} (a mirror; this copy is read only)` : (grid.url ?? 'this home folder numbers the lines')}${grid.isLight ? ' (no copy here: --light)' : ''}`,
        `log key     ${logKey}`,
        `lines       ${state.size}${state.committed < state.size ? `, of which ${state.committed} are committed` : ''}`,
        `root        ${state.root}`,
        `time stamp  ${state.time === null ? 'none' : state.time}${state.fresh ? '' : ', not fresh'}`,
        ...(state.witnesses === null ? [] : [`witnesses   ${witnessesText(state) ?? ''}`]),
        `begun       ${iso(grid.reader.line(0).at)}`,
        `TFT         ${supply.exists} of this grid exist, at most ${supply.maximum} ever at once`,
        `            ${supply.given} from genesis and faucet, ${supply.minted} minted by farms, ${supply.burned} burned`,
        `minting     ${mintingText(object)}`,
      ].join('\n'),
    });
  },
};
