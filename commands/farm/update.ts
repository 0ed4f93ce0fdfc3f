// 3bot farm update
import { Problem } from '../../src/base/errors.js';
import { GRID_MONEY } from '../../src/base/amount.js';
import type { CommandFile } from '../command.js';
import { openGridOf } from '../handle.js';
import { checkPlace, ownFarm, termOptions, type TermOptions } from './terms.js';

export const command: CommandFile<TermOptions> = {
  about: 'Contracts in force keep the payout account they were signed with. A new payout account is signed by the owner too.',
  options: termOptions,
  examples: ['3bot farm update --endpoint http://farm.example:8080', '3bot farm update --place Ghent'],
  async run(context, _args, options) {
    const { addressOf } = await import('../../src/keys/did.js');
    const { openKeyring } = await import('../../src/keys/unlock.js');
    const { findPayee } = await import('../../src/market/find.js');
    const { changeFarm, farmOf } = await import('../../src/farmer/farm.js');
    const { home, out } = context;
    const { place, payout, endpoint } = options;
    if (place === undefined && payout === undefined && endpoint === undefined) throw new Problem('usage', 'nothing to change', { hint: 'give --place, --payout or --endpoint' });
    const own = ownFarm(home);
    await using grid = await openGridOf(context, own.grid);
    await grid.refresh();
    const terms = {
      ...(place === undefined ? {} : { place: checkPlace(place) }),
      ...(payout === undefined ? {} : { payout: findPayee(grid.reader, payout).account }),
      ...(endpoint === undefined ? {} : { endpoint }),
    };
    const keyring = await openKeyring(context, 'farm', own.name);
    const farm = await changeFarm(grid, keyring, farmOf(grid, keyring), terms, () => openKeyring(context, 'identity'));
    out.one({
      json: { farm: farm.id, name: farm.name, place: farm.place, endpoint: farm.endpoint, payout: addressOf(farm.payout) },
      id: farm.id,
      text: () => [`farm     ${farm.name}`, `place    ${farm.place}`, `endpoint ${farm.endpoint ?? 'none'}`, `payout   ${addressOf(farm.payout)} (${GRID_MONEY})`].join('\n'),
    });
  },
};
