// Private networks: a bot's own addresses for its workloads, on whatever nodes, and for its devices.
import { MAX_LINKS } from '../base/limits.js';
import { chainId } from '../bcdb/record.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { Link, PrivateNetwork, Workload } from '../schema/types.js';
import { contractOf } from './escrow.js';
import { read, readGrid, write, type LinkedContract, type NetworkObject } from './objects.js';
import { allOf, resolve, someOf } from './quorum.js';
import { demand, refused, short } from './refusal.js';
import type { Rule } from './rule.js';
import { viewOf } from './view.js';

/** network@1: makes a network, or says anew which devices are in it. */
export const network: Rule<PrivateNetwork> = {
  kind: 'network@1',
  chain: 'network',
  since: 2,
  signers(state, { body, subject, occasion }) {
    demand(subject === chainId(readGrid(state).id, body.by, body.nonce), 'id', `network ${short(subject)} does not follow from its by and nonce`);
    for (const part of ['name', 'key', 'address'] as const) demand(isSet(body.devices.map((device) => device[part])), 'terms', `two devices have the same ${part}`);
    for (const { name, address } of body.devices) demand(isIn(body.subnet, address), 'terms', `device ${name}: ${address} is no address of ${body.subnet} that one may have`);
    return [resolve(state, someOf(1, [`bot/${body.by}`]), occasion)];
  },
  apply(state, { body, record, subject, moment: { at } }) {
    const before = read(state, 'network', subject);
    demand(before === undefined || before.subnet === body.subnet, 'terms', `network ${short(subject)} is ${before?.subnet}, and stays so`);
    const links = linksOf(state, subject, at);
    for (const { name, address, key } of body.devices) {
      demand(!links.some((link) => link.addresses.includes(address) || link.key === key), 'network', `device ${name}: ${address} or its key is a workload's`);
    }
    write(state, 'network', subject, { id: subject, record: record.id, ...body, at });
  },
};

/** link@1, by the contract's node: it speaks for addresses that this contract's workloads have, and for no others. */
export const link: Rule<Link> = {
  kind: 'link@1',
  chain: 'run',
  since: 2,
  signers(state, { subject }) {
    const { node } = contractOf(state, subject).agreement;
    return [allOf([node, `node/${node}`])];
  },
  apply(state, { body, subject, moment: { at } }) {
    const contract = contractOf(state, subject);
    const { by, node } = contract.agreement;
    const network = networkOf(state, body.network, by);
    const others = linksOf(state, network.id, at).filter((one) => one.contract !== subject);
    if (body.addresses.length > 0) {
      const own = contract.workloads.flatMap((one) => (one.network?.id === network.id ? [one.network.address] : []));
      const foreign = body.addresses.find((address) => !own.includes(address));
      demand(foreign === undefined, 'workload', `no workload of contract ${short(subject)} has the address ${foreign}`);
      const seen = viewOf(state, contract, at);
      demand(seen.state !== 'ended', 'ended', `contract ${short(subject)} is over`);
      const taken = body.addresses.find((address) => isTaken(network, others, address));
      demand(taken === undefined, 'network', `${taken} is somebody else's in this network`);
      demand(!network.devices.some(({ key }) => key === body.key) && !others.some((one) => one.key === body.key && one.node !== node), 'network', 'this key is somebody else\'s in this network');
      demand(others.length < MAX_LINKS, 'bound', `network ${short(network.id)} reaches over ${others.length} contracts already`);
      const { key, endpoint, addresses } = body;
      others.push({ contract: subject, node, key, endpoint, addresses, until: seen.ends_at });
    }
    write(state, 'links', network.id, { links: others });
  },
};

/**
 * Checks that workloads may be where they say: in one network of their own owner, at addresses that nobody else has.
 * @param by key of the consumer, hex
 * @param contract id; its own addresses do not count as taken
 * @throws Problem `refused`, reason `network`
 */
export function checkPlaces(state: ReadState, by: string, contract: string, workloads: readonly Workload[], at: number): void {
  const places = workloads.flatMap((one) => one.network ?? []);
  const [first] = places;
  if (first === undefined) return;
  const network = networkOf(state, first.id, by);
  const others = linksOf(state, first.id, at).filter((one) => one.contract !== contract);
  for (const { address } of places) {
    demand(isIn(network.subnet, address), 'network', `${address} is no address of network ${network.name} (${network.subnet}) that a workload may have`);
    demand(!isTaken(network, others, address), 'network', `${address} is taken in network ${network.name}`);
  }
}

/** A network of this owner. @throws Problem `refused`, reason `network` */
function networkOf(state: ReadState, id: string, by: string): NetworkObject {
  const network = read(state, 'network', id);
  if (network === undefined) throw refused('network', `no network ${short(id)} on this grid`);
  demand(network.by === by, 'network', `network ${short(id)} belongs to somebody else`);
  return network;
}

/** Contracts that are in a network, less those that are over. */
export function linksOf(state: ReadState, network: string, at: number): LinkedContract[] {
  return (read(state, 'links', network)?.links ?? []).filter(({ until }) => at < until);
}

function isTaken({ devices }: NetworkObject, links: readonly LinkedContract[], address: string): boolean {
  return devices.some((device) => device.address === address) || links.some(({ addresses }) => addresses.includes(address));
}

/** Whether an address is one of a /16 that can be given out: not the first ones, which are the network's and the nodes', nor the last. */
export function isIn(subnet: string, address: string): boolean {
  const parts = address.split('.').map(Number);
  const host = (parts[2] ?? 0) * 256 + (parts[3] ?? 0);
  return address.startsWith(subnet.slice(0, -'0.0/16'.length)) && parts.every((part) => part <= 255) && host > 1 && host < 65_535;
}

function isSet(items: readonly string[]): boolean {
  return new Set(items).size === items.length;
}
