// Which hosts are the public's, and which belong to somebody's own network.
import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Problem } from '../base/errors.js';

// What IANA's registries of special-purpose addresses (RFC 6890) keep from the public, multicast included.
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12],
  ['192.0.0.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4');
}
// Of IPv6 only what is given out to the public (2000::/3), less what carries an IPv4 address or is for examples.
const PUBLIC_6 = new BlockList();
PUBLIC_6.addSubnet('2000::', 3, 'ipv6');
for (const [network, bits] of [['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['3fff::', 20]] as const) PRIVATE.addSubnet(network, bits, 'ipv6');

/** Top-level names that never belong to the public (RFC 6761, 6762, 8375, and what routers use). */
const PRIVATE_NAMES = new Set(['localhost', 'local', 'internal', 'lan', 'home', 'corp', 'intranet', 'private', 'test', 'invalid', 'arpa']);

/** Whether an IP address is not one of the public's. @param address as `isIP` knows it */
export function isPrivateAddress(address: string): boolean {
  return isIP(address) === 4 ? PRIVATE.check(address, 'ipv4') : !PUBLIC_6.check(address, 'ipv6') || PRIVATE.check(address, 'ipv6');
}

/** Whether a host, by its name alone, belongs to somebody's own network. @param host name or address, without a port; IPv6 without brackets */
export function isPrivateHost(host: string): boolean {
  if (isIP(host) !== 0) return isPrivateAddress(host);
  const labels = host.split('.');
  const last = labels.at(-1) ?? '';
  // A name without a dot is one of the local network; what ends in a number is another way to write an address (127.1, 0x7f.1).
  return labels.length < 2 || labels.includes('') || /^(0x[0-9a-f]*|[0-9]+)$/.test(last) || PRIVATE_NAMES.has(last);
}

/** Whether a host is this machine by its name alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';
}

/**
 * A lookup for sockets that gives public addresses only. What it gives is what is connected to, so a name cannot mean
 * one thing when it is checked and another when it is used. Addresses that are written out are never looked up: check
 * them with `isPrivateHost` before.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    const addresses = error === null ? found.filter(({ address }) => !isPrivateAddress(address)) : [];
    const [first] = addresses;
    if (error !== null) callback(error, '');
    else if (first === undefined) callback(new Problem('refused', `${hostname} leads into a private network`, { reason: 'private' }), '');
    else if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};
