// Which image registries a node may be sent to. A farmer's machine stands in a private network: whoever can name a
// registry must not be able to reach into it.
import { isPrivateHost } from '../net/addresses.js';

/** Whether the farmer's exceptions name an image, or a part of what it lies under; see `registryRefusal`. */
export function isAllowed(image: string, allow: readonly string[]): boolean {
  const name = image.slice(0, image.indexOf('@'));
  return allow.some((entry) => entry !== '' && (name === entry || name.startsWith(`${entry}/`)));
}

/**
 * Why an image may not be fetched or run, or null when it may.
 *
 * Looks at the name alone; what a public name resolves to is looked at when it is fetched (`publicLookup`).
 * @param image `host[:port]/path@sha256:…`, as the workload's schema allows
 * @param allow the farmer's exceptions: `localhost`, `registry.lan:5000`, or a part of one: `localhost/3bot-demo`
 * @example registryRefusal('localhost/web@sha256:…', []) // 'the registry localhost is private…'
 */
export function registryRefusal(image: string, allow: readonly string[]): string | null {
  const name = image.slice(0, image.indexOf('@'));
  // No part of the path is '..' or begins with a dot: as OCI's distribution-spec has names.
  if (!/^[a-z0-9.-]+(:[0-9]{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/.test(name)) return 'the image is not named host/path@sha256:…';
  if (isAllowed(image, allow)) return null;
  const registry = name.slice(0, name.indexOf('/'));
  if (!isPrivateHost(registry.replace(/:[0-9]+$/, ''))) return null;
  return `the registry ${registry} is private or on this machine, and this farm does not allow it`;
}
