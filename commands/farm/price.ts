// 3bot farm price
import type { CommandFile } from '../command.js';
import { openGridOf } from '../handle.js';
import { isAny, ownFarm, priceOptions, pricesText, pricesWith, shownPrices, type PriceOptions } from './terms.js';

export const command: CommandFile<PriceOptions> = {
  about: 'Shows what your farm asks when no price is given. Contracts in force keep their prices.',
  options: priceOptions,
  examples: ['3bot farm price', '3bot farm price --cu 0.009 --su 0.0045'],
  async run(context, _args, options) {
    const { openKeyring } = await import('../../src/keys/unlock.js');
    const { pricesOf } = await import('../../src/market/directory.js');
    const { findFarm } = await import('../../src/market/find.js');
    const { farmOf, setPrices } = await import('../../src/farmer/farm.js');
    const { home, out } = context;
    const own = ownFarm(home);
    await using grid = await openGridOf(context, own.grid);
    await grid.refresh();
    let farm = findFarm(grid.reader, own.id);
    if (isAny(options)) {
      const keyring = await openKeyring(context, 'farm', own.name);
      farm = await setPrices(grid, keyring, farmOf(grid, keyring), (before) => pricesWith(before, options));
    }
    const prices = pricesOf(grid.reader, farm);
    out.one({
      json: { farm: farm.id, name: farm.name, ...shownPrices(prices) },
      text: () => `farm ${farm.name} asks ${pricesText(prices)}`,
    });
  },
};
