import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { desired, type BookTime, type Desired } from '../../../src/node/plan/desired.js';
import { servedNames } from '../../../src/node/gateway/names.js';
import type { NodeConfig, Workload } from '../../../src/schema/types.js';
import { agreementOf, announcementOf, contractId, endOf, gib, HOUR, key, market, nonce, runOf, web, type World } from '../../rules/world.js';

const config: NodeConfig = {
  key: key('node'), grid: '0'.repeat(64), farm: '0'.repeat(40), runtime: 'podman', allow_registries: [], allow_consumers: [], address: null, data: '/data', gateway: { domain: 'farm.example.org', http: 80, https: 443 },
};
const site = (...hosts: string[]): Workload => web('web', { ports: [{ container: 80, protocol: 'tcp' }], web: hosts.map((host) => ({ host, port: 80 })) });

/** A node with a gateway, and contracts for these names, all held. */
function shops(...hosts: string[]): World {
  const world = market({ rules: 2 });
  world.submit(announcementOf(world, { features: ['gateway'], gateway: { domain: 'farm.example.org', http: 80, https: null } }));
  hosts.forEach((host, i) => {
    world.submit(agreementOf(world, { nonce: nonce(`deal ${i}`), resources: gib(1, 1, 0), workloads: [site(host)] }));
    world.submit({ ...runOf(world, 'held', null, `deal ${i}`), chain: `run/${contractId(world, `deal ${i}`)}` });
  });
  return world;
}

function look(world: World, change: Partial<NodeConfig> = {}): { wanted: Desired[]; served: [string[], boolean][]; refusals: (string | null)[] } {
  const time: BookTime = { fresh: true, now: world.at, stamp: world.at, size: world.index };
  const wanted = desired(world, { ...config, ...change }, time, [], () => ({ checks: [], made: true }));
  return {
    wanted,
    served: servedNames(world, { ...config, ...change }, wanted).map(({ names, leads }) => [names.map(({ name }) => name), leads]),
    refusals: wanted.flatMap(({ tasks }) => tasks.map(({ refusal }) => refusal)),
  };
}

describe('names of a node', () => {
  test('each contract has its own; who comes second is refused, and told by whom', () => {
    const world = shops('shop', 'www.example.net', 'shop.farm.example.org');
    const { served, refusals } = look(world);
    assert.deepEqual(served, [[['shop.farm.example.org'], true], [['www.example.net'], true]]);
    assert.deepEqual(refusals.slice(0, 2), [null, null]);
    assert.match(refusals[2] ?? '', new RegExp(`^the name shop.farm.example.org belongs to contract ${contractId(world, 'deal 0').slice(0, 8)}.*, which came first$`));
  });

  test('with its contract a name ends, and the second gets it', () => {
    const world = shops('shop', 'shop');
    world.submit(endOf(world, ['alice'], 'deal 0'));
    assert.deepEqual(look(world).served, [[['shop.farm.example.org'], true]]);
    assert.deepEqual(look(world).refusals, [null]);
  });

  test('a contract that is paused keeps its names, and they lead nowhere', () => {
    const world = shops('shop');
    world.at += 720 * HOUR + 1;
    assert.deepEqual(look(world).served, [[['shop.farm.example.org'], false]]);
  });

  for (const [title, change, reason] of [
    ['a gateway that is gone', { gateway: undefined as never }, /no web gateway/],
    ['a label where there is no domain', { gateway: { domain: null, http: 80, https: 443 } }, /has to be a whole name/],
  ] as const satisfies readonly (readonly [string, Partial<NodeConfig>, RegExp])[]) {
    test(`refused: ${title}`, () => {
      assert.match(look(shops('shop'), change).refusals[0] ?? '', reason);
    });
  }

  test('refused: one name given twice, as a label and in whole', () => {
    const world = shops();
    world.submit(agreementOf(world, { nonce: nonce('twice'), workloads: [site('shop', 'shop.farm.example.org')] }));
    assert.match(look(world).refusals[0] ?? '', /want the same name shop\.farm\.example\.org/);
  });
});
