// 3bot farm create
import { GRID_MONEY } from '../../src/base/amount.js';
import { formatPercent, parsePercent } from '../../src/capacity/percent.js';
import type { CommandFile } from '../command.js';
import { accountOf } from '../wallet/account.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';
import { checkPlace, isAny, priceOptions, pricesText, pricesWith, shownPrices, termOptions, type PriceOptions, type TermOptions } from './terms.js';

export const command: CommandFile<GridFlag & TermOptions & PriceOptions & { architect?: number }> = {
  about: 'The farm gets keys of its own, so that its server never holds yours. Prices that you do not give are the grid\'s list prices.\nAfter an interruption the same command goes on where it stopped.',
  arguments: [['<name>', '3 to 50 of a-z, 0-9 and -, unique on the grid']],
  options: (c) => priceOptions(termOptions(c)).option('--architect <percent>', 'the largest share that architects may get of your contracts, all of them together (unless you say otherwise 10%)', parsePercent).option(...GRID_FLAG),
  examples: ['3bot farm create sunny --endpoint http://farm.example:8080 --place Ghent', '3bot farm create sunny --cu 0.009 --su 0.004'],
  async run(context, [name = ''], options) {
    const { addressOf } = await import('../../src/keys/did.js');
    const { checkName } = await import('../../src/keys/identity.js');
    const { openKeyring } = await import('../../src/keys/unlock.js');
    const { findPayee } = await import('../../src/market/find.js');
    const { ensureIdentity } = await import('../../src/net/compose.js');
    const { foundFarm } = await import('../../src/farmer/farm.js');
    const { readGrid } = await import('../../src/rules/objects.js');
    const { farmKeyring, noteFarm } = await import('./keys.js');
    const { out } = context;
    checkName(name);
    await using grid = await openGridOf(context, options.grid);
    await grid.refresh();
    const prices = isAny(options) ? pricesWith(readGrid(grid.reader).prices, options) : null;
    const payout = options.payout === undefined ? undefined : findPayee(grid.reader, options.payout).account;
    const place = checkPlace(options.place ?? '');
    const owner = await openKeyring(context, 'identity');
    const keyring = await farmKeyring(context, grid, name);
    await ensureIdentity(grid, owner);
    const farm = await foundFarm(grid, owner, keyring, { place, endpoint: options.endpoint ?? null, payout: payout ?? (await accountOf(context, undefined)).account.key }, prices, options.architect);
    noteFarm(context.home, grid.id, farm);
    const asked = farm.prices ?? readGrid(grid.reader).prices;
    out.one({
      json: { farm: farm.id, name, grid: grid.id, owner: farm.owner, place: farm.place, endpoint: farm.endpoint, payout: addressOf(farm.payout), prices: shownPrices(asked), architect_ppm: farm.architect_ppm ?? 0 },
      id: farm.id,
      text: () => [`farm ${name} is on grid ${grid.name}`, `id       ${farm.id}`, `payout   ${addressOf(farm.payout)} (${GRID_MONEY})`, `endpoint ${farm.endpoint ?? 'none: nobody can buy here yet'}`, `asks     ${pricesText(asked)}`, `leaves   ${formatPercent(farm.architect_ppm ?? 0)} at most to architects (3bot farm price --architect changes it)`].join('\n'),
    });
    out.next(farm.endpoint === null ? `3bot farm update --endpoint URL   (where 3bot serve will listen)` : `3bot node join --farm ${name}   (or, for another machine: 3bot farm invite)`);
  },
};
