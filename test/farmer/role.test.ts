import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../../src/base/errors.js';
import { updateConfig } from '../../src/home.js';
import { openGrid } from '../../src/net/grid.js';
import { changeFarm, farmOf, foundFarm } from '../../src/farmer/farm.js';
import { endpointToTell, farmerRole } from '../../src/farmer/role.js';
import { TestHome } from '../net/homes.js';

const HERE = 'http://127.0.0.1:8780';
for (const [title, recorded, listening, named, told] of [
  ['an address that is named is recorded', 'https://farm.example', HERE, 'https://other.example', 'https://other.example'],
  ['a public address stays when none is named', 'https://farm.example', HERE, null, null],
  ['a farm without an address gets the one that is listened on', null, 'http://192.0.2.1:8780', null, 'http://192.0.2.1:8780'],
  ['a loopback address is replaced', 'http://127.0.0.1:1', HERE, null, HERE],
  ['also one of IPv6', 'http://[::1]:1', HERE, null, HERE],
  ['all interfaces are no address', null, 'http://0.0.0.0:8780', null, null],
  ['neither are those of IPv6', 'http://localhost:1', 'http://[::]:8780', null, null],
  ['without a port there is nothing to tell', null, null, null, null],
] as const) {
  test(title, () => assert.equal(endpointToTell(recorded, listening, named), told));
}

test('serve without --public leaves the public address of the farm, and a lost farm key stops only the selling', async () => {
  await using farmer = await TestHome.create('farmer');
  await farmer.create();
  // Lets go of the book after each piece of work: the daemon numbers its lines meanwhile.
  await using grid = await openGrid({ ...farmer.options, isGuest: true });
  const keyring = await farmer.options.createKeyring('farm', 'sunny');
  const { id } = await foundFarm(grid, farmer.identity, keyring, { place: '', payout: farmer.identity.public['wallet'] ?? '', endpoint: 'https://farm.example' }, null);
  updateConfig(farmer.home, (config) => void (config.farm = { id, grid: grid.id, name: 'sunny', allow_registries: [], allow_consumers: null, deny_consumers: [], max_term_ms: 1_000 }));
  const serve = async (openKeyring = farmer.options.openKeyring): Promise<string | null> => {
    await using daemon = await farmer.daemon({ roles: [farmerRole], openKeyring });
    assert.ok(daemon.url);
    return farmOf(daemon.grids.get(grid.id) ?? grid, keyring).endpoint;
  };
  assert.equal(await serve(), 'https://farm.example');
  await changeFarm(grid, keyring, farmOf(grid, keyring), { endpoint: 'http://127.0.0.1:1' }, () => Promise.reject(new Error('not needed')));
  assert.match((await serve()) ?? '', /^http:\/\/127\.0\.0\.1:[0-9]{4,5}$/);
  const missing = (): Promise<never> => Promise.reject(new Problem('not_found', 'no keystore'));
  await serve((type, name) => (type === 'farm' ? missing() : farmer.options.openKeyring(type, name)));
});
