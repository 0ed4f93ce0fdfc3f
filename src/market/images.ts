// Which image registries a node may be sent to: not into its owner's own network.
import { BlockList, isIP } from 'node:net';

// A farmer's machine stands in a private network: whoever can name a registry must not be able to reach into it.
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12],
  ['192.0.0.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4');
}
/** Top-level names that never belong to the public (RFC 6761, 6762, 8375, and what routers use). */
const PRIVATE_NAMES = new Set(['localhost', 'local', 'internal', 'lan', 'home', 'corp', 'intranet', 'private', 'test', 'invalid', 'arpa']);

function isPrivate(host: string): boolean {
  if (isIP(host) === 4) return PRIVATE.check(host, 'ipv4');
  const labels = host.split('.');
  const last = labels.at(-1) ?? '';
  // A name without a dot is one of the local network; what ends in a number is another way to write an address (127.1, 0x7f.1).
  return labels.length < 2 || labels.includes('') || /^(0x[0-9a-f]*|[0-9]+)$/.test(last) || PRIVATE_NAMES.has(last);
}

/**
 * Why an image may not be fetched or run, or null when it may.
 *
 * Looks at the name alone: what a public name resolves to is known only when it is asked for, so a farmer who has
 * something to protect beside the node keeps it behind a firewall as well.
 * @param image `host[:port]/path@sha256:…`, as the workload's schema allows
 * @param allow the farmer's exceptions: `localhost`, `registry.lan:5000`, or a part of one: `localhost/3bot-demo`
 * @example registryRefusal('localhost/web@sha256:…', []) // 'the registry localhost is private…'
 */
export function registryRefusal(image: string, allow: readonly string[]): string | null {
  const name = image.slice(0, image.indexOf('@'));
  if (!/^[a-z0-9.-]+(:[0-9]{1,5})?(\/[a-z0-9._-]+)+$/.test(name)) return 'the image is not named host/path@sha256:…';
  if (allow.some((entry) => entry !== '' && (name === entry || name.startsWith(`${entry}/`)))) return null;
  const registry = name.slice(0, name.indexOf('/'));
  if (!isPrivate(registry.replace(/:[0-9]+$/, ''))) return null;
  return `the registry ${registry} is private or on this machine, and this farm does not allow it`;
}
