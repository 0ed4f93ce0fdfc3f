// Names of images: host/path, and which of its versions.
import { Problem } from '../../base/errors.js';

/** An image by its whole name. */
export interface Reference {
  /** `host[:port]`, as it is written. */
  readonly registry: string;
  readonly path: string;
  /** Null where it says none. */
  readonly tag: string | null;
  /** `sha256:…`, or null. */
  readonly digest: string | null;
}

const REFERENCE = /^([a-z0-9.-]+(?::[0-9]{1,5})?)((?:\/[a-z0-9._-]+)+)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/**
 * Takes an image's name apart.
 * @throws Problem `malformed` where it is no whole name: short names mean something else on every machine
 * @example parseReference('docker.io/library/nginx:1.27')
 */
export function parseReference(text: string): Reference {
  const [, registry, path, tag, digest] = (text.length <= 400 ? REFERENCE.exec(text) : null) ?? [];
  if (registry !== undefined && path !== undefined && /[.:]|^localhost$/.test(registry)) return { registry, path: path.slice(1), tag: tag ?? null, digest: digest ?? null };
  const isShort = text.length <= 200 && /^[a-z0-9._-]+(\/[a-z0-9._-]+)?(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/.test(text);
  const hint = isShort ? `the whole name, for example docker.io/${text.includes('/') ? '' : 'library/'}${text}` : 'host/path:tag, or host/path@sha256:…';
  throw new Problem('malformed', `not the whole name of an image: ${JSON.stringify(text.slice(0, 200))}`, { hint });
}

/** A name as it stands in a record: the tag, which may mean something else tomorrow, is left out. */
export function pinned({ registry, path }: Reference, digest: string): string {
  return `${registry}/${path}@${digest}`;
}

/** Where a registry answers, and under which path: Docker's own has another host than name, and shelves what has no owner in `library`. */
export function placeOf({ registry, path }: Reference): { readonly host: string; readonly path: string } {
  if (registry !== 'docker.io') return { host: registry, path };
  return { host: 'registry-1.docker.io', path: path.includes('/') ? path : `library/${path}` };
}
