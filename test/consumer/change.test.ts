import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deploy, endContract } from '../../src/consumer/change.js';
import { placeOrder } from '../../src/consumer/order.js';
import { read } from '../../src/rules/objects.js';
import type { Workload } from '../../src/schema/types.js';
import { Market, wanted } from '../deal.js';

const workload = (name: string): Workload => ({ name, image: `docker.io/library/web@sha256:${'ab'.repeat(32)}`, command: [], env: [], ports: [], secrets: [] });

test('what was deployed elsewhere meanwhile stays, and the same again records nothing', async () => {
  await using market = await Market.open();
  const buyer = await market.buyer('ann');
  const { contract } = await placeOrder(buyer.parts(), wanted(), null);
  const keyring = buyer.test.identity;
  const names = () => read(buyer.grid.reader, 'contract', contract)?.workloads.map(({ name }) => name).sort();
  assert.equal(await deploy(market.grid, keyring, contract, workload('three')), true);
  assert.deepEqual(names(), [], 'the copy does not know yet');
  assert.equal(await deploy(buyer.grid, keyring, contract, workload('four')), true);
  assert.deepEqual(names(), ['four', 'three']);
  await Promise.all(['five', 'six'].map((name) => deploy(buyer.grid, keyring, contract, workload(name))));
  assert.deepEqual(names(), ['five', 'four', 'six', 'three']);
  assert.equal(await deploy(buyer.grid, keyring, contract, workload('three')), false);
  assert.equal(await endContract(market.grid, keyring, contract, 'done'), true);
  assert.equal(await endContract(buyer.grid, keyring, contract, 'done'), false, 'ended elsewhere');
});
