import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { deploy, endContract } from '../../src/consumer/change.js';
import { placeOrder } from '../../src/consumer/order.js';
import { openSecret } from '../../src/keys/keyring.js';
import { appendSigned } from '../../src/net/compose.js';
import { changeKeys } from '../../src/net/identities.js';
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
  assert.equal(await deploy(market.grid, keyring, contract, [workload('three')]), true);
  assert.deepEqual(names(), [], 'the copy does not know yet');
  assert.equal(await deploy(buyer.grid, keyring, contract, [workload('four')]), true);
  assert.deepEqual(names(), ['four', 'three']);
  await Promise.all(['five', 'six'].map((name) => deploy(buyer.grid, keyring, contract, [workload(name)])));
  assert.deepEqual(names(), ['five', 'four', 'six', 'three']);
  assert.equal(await deploy(buyer.grid, keyring, contract, [workload('three')]), false);
  assert.equal(await endContract(market.grid, keyring, contract, 'done'), true);
  assert.equal(await endContract(buyer.grid, keyring, contract, 'done'), false, 'ended elsewhere');
});

test('another key of the bot buys, deploys and ends in its name, as far as it may', async () => {
  await using market = await Market.open();
  const buyer = await market.buyer('ann');
  const { grid } = buyer;
  const keyring = await openSecret('identity', 'anew', randomBytes(32));
  const [bot, wallet] = [keyring.signer('bot'), keyring.signer('wallet')];
  await appendSigned(grid, { chain: `account/${wallet.key}`, kind: 'faucet@1', body: { amount_stroops: '10000000000' } }, [wallet]);
  const allow = (...kinds: string[]) => changeKeys(grid, buyer.test.identity, (keys) => [...keys.filter(({ key }) => key !== bot.key), { key: bot.key, kinds, until: null }], [...(read(grid.reader, 'key', bot.key) === undefined ? [bot] : [])]);
  await allow('agreement@1', 'workload@1', 'talk');
  const { contract } = await placeOrder(buyer.parts({ keyring }), wanted(), null);
  assert.equal(read(grid.reader, 'contract', contract)?.agreement.by, buyer.bot);
  assert.equal(await deploy(grid, keyring, contract, [workload('three')]), true);
  await assert.rejects(endContract(grid, keyring, contract, 'done'), (thrown) => isProblem(thrown, 'refused', 'surplus'));
  await allow('end@1');
  await assert.rejects(deploy(grid, keyring, contract, [workload('four')]), (thrown) => isProblem(thrown, 'refused', 'surplus'));
  assert.equal(await endContract(grid, keyring, contract, 'done'), true);
});
