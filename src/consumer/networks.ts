// Private networks as their owner sees and changes them, from the own copy.
import { randomBytes } from 'node:crypto';
import { Problem } from '../base/errors.js';
import { MAX_ROWS } from '../base/limits.js';
import { chainId } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import type { Keyring } from '../keys/keyring.js';
import { linkedContracts } from '../market/network.js';
import { appendSigned } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import { isIn } from '../rules/network.js';
import { read, type NetworkObject } from '../rules/objects.js';
import { viewOf } from '../rules/view.js';
import type { PrivateNetwork, Workload } from '../schema/types.js';
import { contractsOf } from './contracts.js';

/** A network for people and scripts. */
export interface NetworkShown {
  readonly id: string;
  readonly name: string;
  readonly subnet: string;
  readonly devices: readonly { readonly name: string; readonly address: string }[];
  /** Contracts that nodes carry in it; `endpoint` null: that node only calls others. */
  readonly contracts: readonly { readonly contract: string; readonly node: string; readonly endpoint: string | null; readonly addresses: readonly string[] }[];
}

/** Networks of a bot, as ids go. */
export function networksOf(reader: Reader, bot: string): NetworkObject[] {
  const all = reader.objects('network/', MAX_ROWS).map(({ value }) => value as unknown as NetworkObject);
  return all.filter(({ by }) => by === bot);
}

/** One's network by its name, its id or the beginning of that. @throws Problem `not_found`; `usage` where several are meant */
export function findNetwork(reader: Reader, bot: string, text: string): NetworkObject {
  const own = networksOf(reader, bot);
  const named = own.filter(({ name }) => name === text);
  const found = named.length > 0 ? named : own.filter(({ id }) => text.length >= 4 && id.startsWith(text));
  const [network, more] = found;
  if (network === undefined) throw new Problem('not_found', `you have no network ${JSON.stringify(text.slice(0, 60))}`, { reason: 'network', hint: `3bot network create ${/^[a-z0-9-]{3,50}$/.test(text) ? text : 'NAME'}` });
  if (more !== undefined) throw new Problem('usage', `several of your networks are called ${text}`, { reason: 'network', hint: `3bot network list, then the id: ${network.id.slice(0, 12)}` });
  return network;
}

/** @param at ms since 1970, of the book */
export function showNetwork(reader: Reader, { id, name, subnet, devices }: NetworkObject, at: number): NetworkShown {
  const contracts = linkedContracts(reader, id, at).map(({ contract, node, endpoint, addresses }) => ({ contract, node, endpoint, addresses }));
  return { id, name, subnet, devices: devices.map((device) => ({ name: device.name, address: device.address })), contracts };
}

/**
 * Makes a network. Without a subnet it gets one at random, so that it meets no other that its devices are in.
 * @param nonce 32 hex digits, from which its id follows
 * @returns its id
 * @throws Problem `usage` where one of that name is there; what `append` throws
 */
export async function createNetwork(grid: Grid, keyring: Keyring, bot: string, name: string, subnet: string | null, nonce = randomBytes(16).toString('hex')): Promise<string> {
  if (networksOf(grid.reader, bot).some((one) => one.name === name)) throw new Problem('usage', `you have a network ${name} already`, { reason: 'name', hint: `3bot network show ${name}` });
  const id = chainId(grid.id, bot, nonce);
  const body: PrivateNetwork = { by: bot, nonce, name, subnet: subnet ?? `10.${(randomBytes(1)[0] ?? 0)}.0.0/16`, devices: [] };
  await appendSigned(grid, { chain: `network/${id}`, kind: 'network@1', body }, [keyring.signer('bot')]);
  return id;
}

/**
 * Puts a device into a network, or gives it another key; its address stays.
 * @param key of WireGuard, hex
 * @returns its address
 */
export async function putDevice(grid: Grid, keyring: Keyring, network: NetworkObject, name: string, key: string): Promise<string> {
  const before = network.devices.find((device) => device.name === name);
  const address = before?.address ?? nextAddress(grid.reader, network, new Set(), grid.clock());
  if (before?.key !== key) await setDevices(grid, keyring, network.id, (devices) => [...devices.filter((device) => device.name !== name), { name, key, address }]);
  return address;
}

/** Takes a device out of a network. @throws Problem `not_found` */
export async function dropDevice(grid: Grid, keyring: Keyring, network: NetworkObject, name: string): Promise<void> {
  if (!network.devices.some((device) => device.name === name)) throw new Problem('not_found', `network ${network.name} has no device ${name}`, { reason: 'device', hint: `3bot network show ${network.name}` });
  await setDevices(grid, keyring, network.id, (devices) => devices.filter((device) => device.name !== name));
}

async function setDevices(grid: Grid, keyring: Keyring, id: string, change: (devices: PrivateNetwork['devices']) => PrivateNetwork['devices']): Promise<void> {
  const body = (reader: Reader): PrivateNetwork => {
    const now = read(reader, 'network', id);
    if (now === undefined) throw new Problem('not_found', `no network ${id} on this grid`, { reason: 'network' });
    const { by, nonce, name, subnet } = now;
    return { by, nonce, name, subnet, devices: change(now.devices) };
  };
  await appendSigned(grid, { chain: `network/${id}`, kind: 'network@1', body }, [keyring.signer('bot')]);
}

/** What workloads are for, so that asking again gives the same addresses. */
export interface Purpose {
  /** `--name` of the order; null: none. */
  readonly order: string | null;
  /** Id of the contract, where there is one. */
  readonly contract: string | null;
  /** Addresses that others of the same command have, which are in no contract yet; grows by those given out. */
  readonly used?: Set<string> | undefined;
}

/** The same workloads at addresses of a network: those that they have in this contract already, else the next free ones. */
export function placed(reader: Reader, network: NetworkObject, workloads: readonly Workload[], { order, contract, used = new Set() }: Purpose, at: number): Workload[] {
  const own = contractsInForce(reader, network.by, at).filter(({ id, agreement }) => id === contract || (order !== null && agreement.order === order)).flatMap((one) => one.workloads);
  return workloads.map((workload) => {
    const before = own.find(({ name, network: place }) => name === workload.name && place?.id === network.id)?.network?.address;
    const address = before ?? nextAddress(reader, network, used, at);
    used.add(address);
    return { ...workload, network: { id: network.id, address } };
  });
}

/** The lowest address that neither a device nor a workload has. @throws Problem `refused` where there is none */
function nextAddress(reader: Reader, network: NetworkObject, used: ReadonlySet<string>, at: number): string {
  return freeAddress(network.id, network.subnet, new Set([...takenAddresses(reader, network, at), ...used]));
}

/** Addresses of a network that a device or workload has, by what is ordered or by what nodes say. */
export function takenAddresses(reader: Reader, { id, by, devices }: NetworkObject, at: number): string[] {
  const ordered = contractsInForce(reader, by, at).flatMap(({ workloads }) => workloads.flatMap(({ network }) => (network?.id === id ? [network.address] : [])));
  const linked = linkedContracts(reader, id, at).flatMap(({ addresses }) => addresses);
  return [...devices.map(({ address }) => address), ...ordered, ...linked];
}

/** The lowest address of a network that is not taken. @throws Problem `refused`, reason `network`, where there is none */
export function freeAddress(id: string, subnet: string, taken: ReadonlySet<string>): string {
  for (let host = 2; host < 65_535; host += 1) {
    const address = subnet.replace('0.0/16', `${host >> 8}.${host & 255}`);
    if (!taken.has(address) && isIn(subnet, address)) return address;
  }
  throw new Problem('refused', `network ${id.slice(0, 12)} has no address left`, { reason: 'network' });
}

function contractsInForce(reader: Reader, bot: string, at: number): ReturnType<typeof contractsOf> extends IterableIterator<infer T> ? T[] : never {
  return [...contractsOf(reader, bot)].filter((contract) => contract.settled === null && viewOf(reader, contract, at).state !== 'ended');
}
