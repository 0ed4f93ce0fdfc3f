// Two nodes and a laptop on three machines (network namespaces), joined by a network that carries only WireGuard.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { newWireguardSecret, wireguardKey } from '../../../src/keys/wireguard.js';
import { wireguardFile, type Peer } from '../../../src/market/network.js';
import { linkOf, Wireguard, type Carried, type End } from '../../../src/node/network/wireguard.js';
import { newContract, newScope, until, within } from '../drivers/support.js';
import { Lab, missing, programsOf } from './lab.js';

const skip = missing('ip', 'nsenter', 'wg', 'wireguard-go', 'busybox');

interface Node {
  readonly machine: string;
  readonly outside: string;
  readonly wireguard: Wireguard;
  readonly key: string;
}

describe('a private network', { skip, timeout: 120_000 }, () => {
  const lab = skip === false ? new Lab() : null;
  const id = newContract();
  const foreign = newContract();
  const subnet = '10.7.0.0/16';
  const secret = newWireguardSecret();
  const laptop: Peer = { key: wireguardKey(secret), endpoint: null, addresses: ['10.7.0.2'] };
  let nodes: Node[];
  let ends: End[];
  let phone: string;

  const node = (name: string, outside: string): Node => {
    const machine = lab?.machine(name) ?? '';
    const { node: key } = newScope();
    return { machine, outside, key, wireguard: new Wireguard({ node: key, folder: join(lab?.folder ?? '', name), callsOnly: false, programs: programsOf(machine) }) };
  };
  const carried = (who: string, peers: readonly Peer[]): Carried => ({ id: who, subnet, peers: (own) => peers.filter(({ key }) => key !== own) });
  /** Everybody in the network: each node's workload, and the devices. */
  const everybody = (devices: readonly Peer[]): Peer[] => [...nodes.map(({ outside }, i) => ({ key: ends[i]?.key ?? '', endpoint: `${outside}:${ends[i]?.port}`, addresses: [`10.7.0.1${i}`] })), ...devices];
  const settle = async (devices: readonly Peer[]): Promise<void> => {
    for (const { wireguard } of nodes) await wireguard.carry(carried(id, everybody(devices)), within(30));
  };
  /** A workload: a namespace with a web server, as a container is one. */
  const workload = async ({ wireguard }: Node, network: string, name: string, address: string): Promise<string> => {
    const space = lab?.machine(name) ?? '';
    await wireguard.join({ id: network, subnet }, `c/${name}`, address, `/run/netns/${space}`, within(30));
    lab?.serve(space, name);
    return space;
  };
  const answers = (from: string, address: string): Promise<boolean> => until(`${from} reaches ${address}`, async () => (await lab?.get(from, address)) !== '').then(() => true);

  before(async () => {
    if (lab === null) return;
    const wan = lab.machine('wan');
    lab.ip(wan, 'link', 'add', 'br0', 'type', 'bridge');
    lab.ip(wan, 'link', 'set', 'br0', 'up');
    nodes = [node('one', '192.0.2.11'), node('two', '192.0.2.12')];
    phone = lab.machine('laptop');
    for (const [machine, address] of [...nodes.map(({ machine, outside }) => [machine, outside] as const), [phone, '192.0.2.13'] as const]) lab.plug(wan, 'br0', machine, `${address}/24`);
    ends = [];
    for (const { wireguard } of nodes) ends.push(await wireguard.carry(carried(id, []), within(20)));
    await settle([laptop]);
    const file = join(lab.folder, 'laptop.conf');
    writeFileSync(file, wireguardFile({ secret, port: null, address: null, callsOnly: true }, everybody([])), { mode: 0o600 });
    await lab.wireguard(phone, 'wgl', file, '10.7.0.2/16');
  });

  after(async () => {
    if (lab === null) return;
    for (const { wireguard } of nodes) await wireguard.keep(new Set(), within(30));
    const left = [...readdirSync('/run/netns'), ...(existsSync('/var/run/wireguard') ? readdirSync('/var/run/wireguard') : [])].filter((name) => nodes.some(({ key }) => name.includes(key.slice(0, 8))));
    await lab[Symbol.asyncDispose]();
    assert.deepEqual(left, []);
  });

  test('works here, by the kernel or by wireguard-go', async () => {
    const check = await nodes[0]?.wireguard.check(within(20));
    assert.ok(check?.ok === true, check?.evidence);
  });

  test('joins workloads on two nodes and the laptop; somebody else\'s, at the same addresses, reach none of them', async () => {
    const [one, two] = nodes as [Node, Node];
    const [first, second] = await Promise.all([workload(one, id, 'first', '10.7.0.10'), workload(two, id, 'second', '10.7.0.11')]);
    await answers(first, '10.7.0.11');
    await answers(second, '10.7.0.10');
    await answers(phone, '10.7.0.10');
    await answers(phone, '10.7.0.11');
    await one.wireguard.carry(carried(foreign, []), within(30));
    const stranger = await workload(one, foreign, 'stranger', '10.7.0.10');
    const beside = await workload(one, foreign, 'beside', '10.7.0.12');
    assert.equal(await lab?.get(beside, '10.7.0.10'), 'stranger', 'its own network works');
    for (const address of ['10.7.0.11', '10.7.0.2', one.outside]) assert.equal(await lab?.get(stranger, address), '', address);
    assert.equal(await lab?.get(phone, '10.7.0.10'), 'first');
    assert.equal(await lab?.get(first, one.outside), '', 'the machine is not in the network');
    assert.deepEqual([...(await one.wireguard.joined(id, within(30)))].filter((name) => name.startsWith('v')), [linkOf('c/first')]);
  });

  test('another agent of the node finds it as it was; what lost its program is made anew', async () => {
    const [one] = nodes as [Node, Node];
    const folder = join(lab?.folder ?? '', 'one');
    const again = new Wireguard({ node: one.key, folder, callsOnly: false, programs: programsOf(one.machine) });
    assert.deepEqual(await again.carry(carried(id, everybody([laptop])), within(30)), ends[0]);
    await answers(phone, '10.7.0.10');
    const space = readdirSync('/run/netns').find((name) => name.startsWith(`3bot-${one.key.slice(0, 8)}`) && readFileSync(join(folder, `${id}.conf`), 'utf8') !== '') ?? '';
    assert.notEqual(space, '');
    assert.equal(statSync(join(folder, `${id}.conf`)).mode & 0o777, 0o600);
    await again.keep(new Set([id]), within(30));
    assert.deepEqual(readdirSync(folder), [`${id}.conf`], 'the other network is gone, with its key');
    const device = [...(await again.joined(id, within(30)))].find((name) => name.startsWith('w')) ?? '';
    lab?.ip(readdirSync('/run/netns').find((name) => name.startsWith(`3bot-${one.key.slice(0, 8)}`)) ?? '', 'link', 'delete', device);
    await again.carry(carried(id, everybody([laptop])), within(30));
    const first = readdirSync('/run/netns').find((name) => name.endsWith('-first')) ?? '';
    await answers(first, '10.7.0.11');
  });

  test('a device that is taken off the list is shut out at once', async () => {
    await settle([]);
    assert.equal(await lab?.get(phone, '10.7.0.10'), '');
  });
});
