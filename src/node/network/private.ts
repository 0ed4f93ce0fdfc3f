// Which private networks this node should carry, by the book, and what it has to say of them there.
import { lookup } from 'node:dns/promises';
import { isIPv4 } from 'node:net';
import { messageOf } from '../../base/errors.js';
import { RESOLVE_AGAIN_MS } from '../../base/limits.js';
import type { ReadState } from '../../bcdb/rulebook.js';
import { linkedContracts, peersOf } from '../../market/network.js';
import { linksOf } from '../../rules/network.js';
import { read, type NetworkObject } from '../../rules/objects.js';
import { viewOf } from '../../rules/view.js';
import type { Link, Workload } from '../../schema/types.js';
import type { Desired } from '../plan/desired.js';
import { refKey, type Ref, type Running } from '../driver.js';
import type { Other } from './hosts.js';
import { linkOf, type Wireguard } from './wireguard.js';

/** A link@1 that the book lacks. */
export interface LinkReport extends Link {
  readonly contract: string;
}

/** A workload in a network. */
interface Place extends Ref {
  readonly address: string;
}

/** What one round saw of private networks. */
export interface Seen {
  readonly state: ReadState;
  /** ms since 1970, of the book. */
  readonly at: number;
  readonly wanted: readonly Desired[];
  readonly running: readonly Running[];
}

/** What came of a round. */
export interface Carrying {
  /** Workloads (`contract/name`) that cannot be in their network now, with the reason. */
  readonly waiting: ReadonlyMap<string, string>;
  readonly links: readonly LinkReport[];
}

/** Carries the private networks of this node's contracts. */
export class PrivateNetworks {
  readonly #wireguard: Wireguard;
  readonly #address: string | null;
  readonly #sandbox: (ref: Ref, signal: AbortSignal) => Promise<string | null>;
  #resolved: { readonly ip: string | null; readonly at: number } | undefined;

  /**
   * @param address where this node is reached; null: nowhere
   * @param sandbox path of a running workload's network namespace, null where it has none
   */
  constructor(wireguard: Wireguard, address: string | null, sandbox: (ref: Ref, signal: AbortSignal) => Promise<string | null>) {
    this.#wireguard = wireguard;
    this.#address = address;
    this.#sandbox = sandbox;
  }

  /** One network that fails keeps none of the others. */
  async apply(seen: Seen, signal: AbortSignal): Promise<Carrying> {
    const { state, wanted } = seen;
    const waiting = new Map<string, string>();
    const links: LinkReport[] = [];
    const networks = placesOf(wanted.filter(({ phase }) => phase === 'run' || phase === 'refused'));
    const kept = placesOf(wanted.filter(({ phase }) => phase !== 'over' && phase !== 'unknown'));
    for (const [id, places] of networks) {
      const network = read(state, 'network', id);
      const own = places.filter(({ contract }) => network !== undefined && read(state, 'contract', contract)?.agreement.by === network.by);
      for (const place of places) if (!own.includes(place)) waiting.set(refKey(place), 'its private network is not of this contract\'s owner');
      if (network === undefined || own.length === 0) continue;
      try {
        links.push(...(await this.#carry(network, own, seen, signal)));
      } catch (thrown) {
        if (signal.aborted) throw thrown;
        for (const place of own) waiting.set(refKey(place), messageOf(thrown));
      }
    }
    await this.#wireguard.keep(new Set(kept.keys()), signal);
    return { waiting, links: [...links, ...goneLinks(seen)] };
  }

  async #carry(network: NetworkObject, places: readonly Place[], { state, at, wanted, running }: Seen, signal: AbortSignal): Promise<LinkReport[]> {
    const { id, subnet } = network;
    const { key, port } = await this.#wireguard.carry({ id, subnet, peers: (own) => peersOf(state, network, [own], at) }, signal);
    const up = places.filter((place) => running.some((one) => one.state === 'running' && one.contract === place.contract && one.workload === place.workload));
    const joined = up.length === 0 ? new Set<string>() : await this.#wireguard.joined(id, signal);
    for (const place of up) {
      if (joined.has(linkOf(refKey(place)))) continue;
      // The namespace was made anew below it.
      const sandbox = await this.#sandbox(place, signal);
      if (sandbox !== null) await this.#wireguard.join(network, refKey(place), place.address, sandbox, signal);
    }
    const ip = await this.#ip();
    const endpoint = ip === null ? null : `${ip}:${port}`;
    const contracts = wanted.filter(({ contract, held }) => held && places.some((place) => place.contract === contract));
    return contracts.flatMap(({ contract }) => {
      const addresses = places.filter((place) => place.contract === contract).map(({ address }) => address).sort();
      const link = { contract, network: id, key, endpoint, addresses };
      return isSaid(state, link, at) ? [] : [link];
    });
  }

  /** Of a name what it leads to now: WireGuard itself looks once only. */
  async #ip(): Promise<string | null> {
    const address = this.#address;
    if (address === null || isIPv4(address)) return address;
    const now = Date.now();
    if (this.#resolved === undefined || now - this.#resolved.at > RESOLVE_AGAIN_MS) {
      const ip = await lookup(address, { family: 4 }).then(({ address: found }) => found, () => this.#resolved?.ip ?? null);
      this.#resolved = { ip, at: now };
    }
    return this.#resolved.ip;
  }
}

/**
 * Whom a contract's workloads reach by name in their private network: workloads of other contracts, and devices, sorted
 * by name. One of an order of several parts is known as `name.part`, too: of several alike, each can be meant.
 * @param own the contract's workloads
 */
export function othersIn(state: ReadState, contract: string, own: readonly Workload[], at: number): Other[] {
  const id = own.find(({ network }) => network !== undefined)?.network?.id;
  const network = id === undefined ? undefined : read(state, 'network', id);
  if (network === undefined || read(state, 'contract', contract)?.agreement.by !== network.by) return [];
  const others = linkedContracts(state, network.id, at).flatMap((linked): Other[] => {
    const found = linked.contract === contract ? undefined : read(state, 'contract', linked.contract);
    const part = found?.agreement.order?.split('/')[1];
    return (found?.workloads ?? []).flatMap(({ name, aliases = [], network: place }) => {
      if (place?.id !== network.id || !linked.addresses.includes(place.address)) return [];
      return [{ name, address: place.address, aliases: [...aliases, ...(part === undefined ? [] : [`${name}.${part}`])] }];
    });
  });
  const devices = network.devices.map(({ name, address }) => ({ name, address }));
  return [...others, ...devices].sort((a, b) => (a.name === b.name ? (a.address < b.address ? -1 : 1) : a.name < b.name ? -1 : 1));
}

/** Network to this node's workloads in it. */
function placesOf(wanted: readonly Desired[]): Map<string, Place[]> {
  const networks = new Map<string, Place[]>();
  for (const { contract, tasks } of wanted) {
    for (const { workload: { name, network } } of tasks) {
      if (network !== undefined) networks.set(network.id, [...(networks.get(network.id) ?? []), { contract, workload: name, address: network.address }]);
    }
  }
  return networks;
}

/** Said before, and counted for at least half of what is left of the contract: a longer one is said again, but not with every payment. */
function isSaid(state: ReadState, { contract, network, key, endpoint, addresses }: LinkReport, at: number): boolean {
  const said = linksOf(state, network, at).find((one) => one.contract === contract);
  const object = read(state, 'contract', contract);
  if (said === undefined || object === undefined) return false;
  const left = viewOf(state, object, at).ends_at - at;
  return said.key === key && said.endpoint === endpoint && said.addresses.join() === addresses.join() && (said.until - at) * 2 >= left;
}

/** Contracts that are over and still stand in the book as linked. */
function goneLinks({ state, at, wanted }: Seen): LinkReport[] {
  return wanted.filter(({ phase }) => phase === 'over').flatMap(({ contract, tasks }) => {
    const network = tasks.find(({ workload }) => workload.network !== undefined)?.workload.network?.id;
    const said = network === undefined ? undefined : linksOf(state, network, at).find((one) => one.contract === contract);
    return network === undefined || said === undefined ? [] : [{ contract, network, key: said.key, endpoint: said.endpoint, addresses: [] }];
  });
}
