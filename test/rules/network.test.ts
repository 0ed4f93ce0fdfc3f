import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainId } from '../../src/bcdb/record.js';
import { peersOf } from '../../src/market/network.js';
import { isIn } from '../../src/rules/network.js';
import type { Announcement, PrivateNetwork } from '../../src/schema/types.js';
import { agreementOf, announcementOf, contractId, endOf, identityOf, key, market, nonce, runOf, web, type Submission, type World } from './world.js';

const networkId = (world: World, by = 'alice', n = 'home'): string => chainId(world.grid, key(by), nonce(n));

function networkOf(world: World, change: Partial<PrivateNetwork> = {}, by = 'alice', n = 'home'): Submission {
  return { chain: `network/${networkId(world, by, n)}`, kind: 'network@1', body: { by: key(by), nonce: nonce(n), name: 'home', subnet: '10.7.0.0/16', devices: [], ...change }, by: [by] };
}

const device = (name: string, address: string): PrivateNetwork['devices'][number] => ({ name, key: key(`device ${name}`), address });

/** A workload in alice's network. */
const placed = (world: World, address: string, name = 'web', id = networkId(world)) => web(name, { network: { id, address } });

function linkOf(world: World, addresses: string[], change: object = {}, by = ['node'], n = 'deal'): Submission {
  return { chain: `run/${contractId(world, n)}`, kind: 'link@1', body: { network: networkId(world), key: key('node wg'), endpoint: '203.0.113.5:51820', addresses, ...change }, by };
}

/** A grid with alice's network and a node that carries such. */
function networked(devices: PrivateNetwork['devices'] = []): World {
  const world = market({ rules: 2 });
  world.submit(announcementOf(world, { features: ['wireguard'] }));
  world.submit(networkOf(world, { devices }));
  return world;
}

/** The same, with a held contract at 10.7.0.9. */
function linked(): World {
  const world = networked([device('laptop', '10.7.0.2')]);
  world.submit(agreementOf(world, { workloads: [placed(world, '10.7.0.9')] }));
  world.submit(runOf(world, 'held'));
  return world;
}

test('addresses that can be given out are within the subnet, and neither its first two nor its last', () => {
  const cases: [string, boolean][] = [['10.7.0.2', true], ['10.7.255.254', true], ['10.7.0.1', false], ['10.7.0.0', false], ['10.7.255.255', false], ['10.70.0.2', false], ['10.8.0.2', false], ['10.7.0.256', false]];
  for (const [address, expected] of cases) assert.equal(isIn('10.7.0.0/16', address), expected, address);
});

test('a network is its owner\'s, who alone says which devices are in it', () => {
  const world = networked([device('laptop', '10.7.0.2')]);
  world.submit(networkOf(world, { name: 'renamed', devices: [device('phone', '10.7.0.3')] }));
  const { name, devices, subnet } = world.object('network', networkId(world));
  assert.deepEqual([name, subnet, devices.map((one) => one.name)], ['renamed', '10.7.0.0/16', ['phone']]);
});

describe('a network is refused', () => {
  const cases: [string, (world: World) => Submission, string][] = [
    ['from anybody else', (world) => ({ ...networkOf(world), by: ['bob'] }), 'signatures'],
    ['under an id that does not follow', (world) => ({ ...networkOf(world), chain: `network/${networkId(world, 'alice', 'other')}` }), 'id'],
    ['in another subnet than before', (world) => networkOf(world, { subnet: '10.8.0.0/16' }), 'terms'],
    ['with two devices at one address', (world) => networkOf(world, { devices: [device('one', '10.7.0.2'), device('two', '10.7.0.2')] }), 'terms'],
    ['with two devices of one key', (world) => networkOf(world, { devices: [device('one', '10.7.0.2'), { ...device('one', '10.7.0.3'), name: 'two' }] }), 'terms'],
    ['with a device outside of it', (world) => networkOf(world, { devices: [device('one', '10.8.0.2')] }), 'terms'],
    ['with a device in the nodes\' place', (world) => networkOf(world, { devices: [device('one', '10.7.0.1')] }), 'terms'],
  ];
  for (const [what, submission, reason] of cases) {
    test(what, () => {
      const world = networked();
      world.submit(identityOf('bob'));
      assert.equal(world.refusal(submission(world)), reason);
    });
  }
});

test('the node says where a contract\'s workloads are; without addresses, or when the contract is over, it counts no more', () => {
  const world = linked();
  world.submit(linkOf(world, ['10.7.0.9']));
  const links = () => world.object('links', networkId(world)).links;
  assert.deepEqual(links().map(({ contract, node, endpoint, addresses }) => [contract, node, endpoint, addresses]), [[contractId(world), key('node'), '203.0.113.5:51820', ['10.7.0.9']]]);
  assert.equal(world.refusal(networkOf(world, { devices: [device('laptop', '10.7.0.9')] })), 'network', 'its address is not a device\'s as well');
  world.submit(linkOf(world, []));
  assert.deepEqual(links(), []);
  world.submit(linkOf(world, ['10.7.0.9'], { endpoint: null }));
  world.at = links()[0]?.until ?? 0;
  world.submit(networkOf(world, { devices: [device('laptop', '10.7.0.9')] }));
});

const CALLED: readonly [string, Partial<Announcement>, string | null][] = [
  ['at the address that it has announced', { address: '203.0.113.5' }, '203.0.113.5:51820'],
  ['at an address of its interfaces', { address: '198.51.100.1', interfaces: [{ name: 'eth1', rate_mbit: 0, addresses: ['203.0.113.5'] }] }, '203.0.113.5:51820'],
  ['wherever the name that it has announced leads, as it says itself', { address: 'node.example.org' }, '203.0.113.5:51820'],
  ['nowhere else', { address: '198.51.100.1' }, null],
  ['nowhere, where it has announced no address', { address: null }, null],
];
for (const [title, change, expected] of CALLED) {
  test(`a node is called ${title}`, () => {
    const world = linked();
    world.submit(linkOf(world, ['10.7.0.9']));
    world.submit(announcementOf(world, { features: ['wireguard'], ...change }));
    const peers = peersOf(world, world.object('network', networkId(world)), [key('device laptop')], world.at);
    assert.deepEqual(peers.map(({ endpoint }) => endpoint), [expected]);
  });
}

describe('a link is refused', () => {
  const cases: [string, (world: World) => Submission, string][] = [
    ['from anybody but the node', (world) => linkOf(world, ['10.7.0.9'], {}, ['alice']), 'signatures'],
    ['for an address that no workload of the contract has', (world) => linkOf(world, ['10.7.0.2']), 'workload'],
    ['into a network of somebody else', (world) => linkOf(world, [], { network: networkId(world, 'bob', 'bobs') }), 'network'],
    ['with the key of a device', (world) => linkOf(world, ['10.7.0.9'], { key: key('device laptop') }), 'network'],
  ];
  for (const [what, submission, reason] of cases) {
    test(what, () => {
      const world = linked();
      world.submit(identityOf('bob'));
      world.submit(networkOf(world, { subnet: '10.9.0.0/16' }, 'bob', 'bobs'));
      assert.equal(world.refusal(submission(world)), reason);
    });
  }

  test('once the contract is over', () => {
    const world = linked();
    world.submit(endOf(world));
    assert.equal(world.refusal(linkOf(world, ['10.7.0.9'])), 'ended');
    world.submit(linkOf(world, []));
  });
});

describe('workloads are refused', () => {
  const cases: [string, (world: World) => Parameters<typeof agreementOf>[1], string][] = [
    ['in a network that there is not', (world) => ({ workloads: [placed(world, '10.7.0.9', 'web', 'ab'.repeat(20))] }), 'network'],
    ['in a network of somebody else', (world) => ({ workloads: [placed(world, '10.9.0.9', 'web', networkId(world, 'bob', 'bobs'))] }), 'network'],
    ['outside of the subnet', (world) => ({ workloads: [placed(world, '10.9.0.9')] }), 'network'],
    ['at the address of a device', (world) => ({ workloads: [placed(world, '10.7.0.2')] }), 'network'],
    ['at one address both', (world) => ({ workloads: [placed(world, '10.7.0.9', 'one'), placed(world, '10.7.0.9', 'two')] }), 'workload'],
    ['in two networks', (world) => ({ workloads: [placed(world, '10.7.0.9', 'one'), placed(world, '10.9.0.9', 'two', networkId(world, 'bob', 'bobs'))] }), 'workload'],
  ];
  for (const [what, change, reason] of cases) {
    test(what, () => {
      const world = networked([device('laptop', '10.7.0.2')]);
      world.submit(identityOf('bob'));
      world.submit(networkOf(world, { subnet: '10.9.0.0/16' }, 'bob', 'bobs'));
      assert.equal(world.refusal(agreementOf(world, change(world))), reason);
    });
  }
});
