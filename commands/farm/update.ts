// 3bot farm update
import { Problem } from '../../src/base/errors.js';
import { GRID_MONEY } from '../../src/base/amount.js';
import type { CommandFile } from '../command.js';
import { openGridOf } from '../handle.js';
import { checkPlace, ownFarm, termOptions, type TermOptions } from './terms.js';

export const command: CommandFile<TermOptions & { allowRegistry?: string[] }> = {
  about: 'Contracts in force keep the payout account they were signed with. A new payout account is signed by the owner too.',
  options: (c) => termOptions(c).option('--allow-registry <registry...>', 'private registries that images may come from, in place of the present list; a node has a list of its own: node join --allow-registry'),
  examples: ['3bot farm update --endpoint http://farm.example:8080', '3bot farm update --place Ghent', '3bot farm update --allow-registry registry.lan:5000'],
  async run(context, _args, options) {
    const { addressOf } = await import('../../src/keys/did.js');
    const { openKeyring } = await import('../../src/keys/unlock.js');
    const { findPayee } = await import('../../src/market/find.js');
    const { changeFarm, farmOf } = await import('../../src/farmer/farm.js');
    const { updateConfig } = await import('../../src/home.js');
    const { home, out } = context;
    const { place, payout, endpoint, allowRegistry } = options;
    const changes = place !== undefined || payout !== undefined || endpoint !== undefined;
    if (!changes && allowRegistry === undefined) throw new Problem('usage', 'nothing to change', { hint: 'give --place, --payout, --endpoint or --allow-registry' });
    const own = ownFarm(home);
    // Its owner's policy, which no record tells.
    if (allowRegistry !== undefined) updateConfig(home, ({ farm }) => void (farm !== null && (farm.allow_registries = allowRegistry)));
    if (!changes) {
      out.one({ json: { farm: own.id, name: own.name, allow_registries: allowRegistry }, id: own.id, text: () => `farm       ${own.name}\nregistries ${(allowRegistry ?? []).join(', ')}` });
      return;
    }
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
