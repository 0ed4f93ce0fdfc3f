// Private networks as those see them who are in one: who is to be reached where, and WireGuard's file of it.
import { isIP } from 'node:net';
import type { ReadState } from '../bcdb/rulebook.js';
import { wireguardText } from '../keys/wireguard.js';
import { linksOf } from '../rules/network.js';
import { read, type LinkedContract, type NetworkObject } from '../rules/objects.js';
import { viewOf } from '../rules/view.js';
import type { Announcement } from '../schema/types.js';

/** Somebody in a private network. */
export interface Peer {
  /** Of WireGuard, hex. */
  readonly key: string;
  /** `a.b.c.d:port`; null: it calls others. */
  readonly endpoint: string | null;
  /** What it may send from, and is sent: addresses of its own only. */
  readonly addresses: readonly string[];
}

/** How often whoever cannot be called keeps its way out open: below what routers forget (WireGuard's own figure), seconds. */
const KEEPALIVE_S = 25;

/** Contracts in force whose workloads are in a network. @param at ms since 1970 */
export function linkedContracts(state: ReadState, network: string, at: number): LinkedContract[] {
  return linksOf(state, network, at).filter(({ contract }) => {
    const found = read(state, 'contract', contract);
    return found !== undefined && found.settled === null && viewOf(state, found, at).state !== 'ended';
  });
}

/**
 * Everybody in a network but those who ask, sorted by key. A node is called where it has announced itself, and nowhere
 * else: with any other endpoint it would have others call whom it likes.
 * @param but keys (hex) of those who ask
 */
export function peersOf(state: ReadState, { id, devices }: NetworkObject, but: readonly string[], at: number): Peer[] {
  const peers = new Map<string, Peer>();
  // One node carries several contracts of an owner under one key.
  for (const { key, node, endpoint, addresses } of linkedContracts(state, id, at)) {
    const before = peers.get(key);
    const announcement = read(state, 'node', node)?.announcement;
    peers.set(key, { key, endpoint: announcement === undefined ? null : calledAt(announcement, endpoint), addresses: [...(before?.addresses ?? []), ...addresses].sort() });
  }
  for (const { key, address } of devices) peers.set(key, { key, endpoint: null, addresses: [address] });
  return [...peers.values()].filter(({ key }) => !but.includes(key)).sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Where a node is called that has announced this; null: nowhere. What a name leads to changes, and only the node itself keeps looking: it is believed. */
function calledAt({ address, interfaces = [] }: Pick<Announcement, 'address' | 'interfaces'>, endpoint: string | null): string | null {
  const [host = ''] = endpoint?.split(':') ?? [];
  const isNamed = address !== null && isIP(address) === 0;
  return isNamed || host === address || interfaces.some(({ addresses }) => addresses.includes(host)) ? endpoint : null;
}

/** One's own end of a network. */
export interface OwnEnd {
  /** base64. */
  readonly secret: string;
  /** UDP port; null: any. */
  readonly port: number | null;
  /** For wg-quick, which gives the interface its address; null for wg itself, which knows none. */
  readonly address: string | null;
  /** It cannot be called. */
  readonly callsOnly: boolean;
}

/** A file as wg(8) and wg-quick(8) read it. Holds a secret. Everything that comes from records has the shape that schemas give it: no line breaks. */
export function wireguardFile({ secret, port, address, callsOnly }: OwnEnd, peers: readonly Peer[]): string {
  const own = ['[Interface]', `PrivateKey = ${secret}`, ...(port === null ? [] : [`ListenPort = ${port}`]), ...(address === null ? [] : [`Address = ${address}/32`])];
  const others = peers.flatMap(({ key, endpoint, addresses }) => [
    '', '[Peer]', `PublicKey = ${wireguardText(key)}`, `AllowedIPs = ${addresses.map((one) => `${one}/32`).join(', ')}`,
    ...(endpoint === null ? [] : [`Endpoint = ${endpoint}`]),
    ...(endpoint === null || !callsOnly ? [] : [`PersistentKeepalive = ${KEEPALIVE_S}`]),
  ]);
  return [...own, ...others, ''].join('\n');
}
