// What the tags of images stand for when a contract is made: a record names bytes, not a word that moves.
import { Problem } from '../base/errors.js';
import { RESOLVE_TIMEOUT_MS } from '../base/limits.js';
import { isPrivateHost } from '../net/addresses.js';
import { Registry, type Found } from '../net/registry/client.js';
import { parseLogin, type Login } from '../net/registry/login.js';
import { parseReference, pinned, type Reference } from '../net/registry/reference.js';
import type { Workload } from '../schema/types.js';
import type { GivenSecret } from './secrets.js';

/** Workloads whose images are all named by digest. */
export interface Resolved {
  readonly workloads: Workload[];
  /** Platforms that all images which were looked up run on, as nodes announce them; null: none had to be. */
  readonly platforms: readonly string[] | null;
  /** What was looked up, for people: `docker.io/library/nginx:1.27 is sha256:…, for linux/amd64, linux/arm64`. */
  readonly notes: readonly string[];
}

/**
 * Asks registries what tags stand for. The digest is that of the index where an image has one: it fixes the image of
 * every platform, the node picks its own, and an offer need not be known before.
 * @param given secrets: a registry that wants a login gets the one that the workload names for it
 * @throws Problem `usage` for `latest` or no tag at all; `refused`, reason `platform`, where no platform runs all of them;
 *   those of `Registry.find`
 */
export async function resolveImages(workloads: readonly Workload[], given: readonly GivenSecret[], signal: AbortSignal): Promise<Resolved> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(RESOLVE_TIMEOUT_MS)]);
  const found = new Map<string, Found>();
  const named = workloads.map(({ image }) => (image === null ? null : demandVersion(image)));
  for (const [i, reference] of named.entries()) {
    const image = workloads[i]?.image ?? '';
    if (reference?.digest === null && !found.has(image)) found.set(image, await look(reference, loginOf(workloads[i], given), limit));
  }
  const platforms = [...found.values()].reduce<readonly string[] | null>((all, one) => (all === null ? one.platforms : all.filter((platform) => one.platforms.includes(platform))), null);
  if (platforms?.length === 0) throw new Problem('refused', 'there is no platform that all of these images are for', { reason: 'platform' });
  return {
    workloads: workloads.map((workload, i) => {
      const reference = named[i] ?? null;
      const digest = reference?.digest ?? found.get(workload.image ?? '')?.digest;
      return reference === null || digest === undefined ? workload : { ...workload, image: pinned(reference, digest) };
    }),
    platforms,
    notes: [...found].map(([image, { digest, platforms: all }]) => `${image} is ${digest}, for ${all.join(', ')}`),
  };
}

/** An image of a certain version. @throws Problem `usage`, reason `tag` for `latest` or none */
export function demandVersion(image: string): Reference {
  let reference: Reference;
  try {
    reference = parseReference(image);
  } catch (thrown) {
    throw thrown instanceof Problem ? new Problem('usage', thrown.message, { ...(thrown.hint === undefined ? {} : { hint: thrown.hint }), cause: thrown }) : thrown;
  }
  const { registry, path, tag, digest } = reference;
  if (digest !== null || (tag !== null && tag !== 'latest')) return reference;
  throw new Problem('usage', `${image} ${tag === null ? 'names no version' : 'is whatever is newest, which changes from day to day'}`, { reason: 'tag', hint: `say which: ${registry}/${path}:1.2, or @sha256:…` });
}

function loginOf(workload: Workload | undefined, given: readonly GivenSecret[]): Login | undefined {
  const secret = given.find(({ name }) => name === workload?.registry?.secret);
  return secret === undefined ? undefined : parseLogin(secret.bytes, secret.name);
}

async function look(reference: Reference, login: Login | undefined, signal: AbortSignal): Promise<Found> {
  // Who types a private name means it; a public one must not lead into this machine's network.
  await using registry = new Registry(reference, { allowPrivate: isPrivateHost(reference.registry.replace(/:[0-9]+$/, '')), login }, signal);
  try {
    return await registry.find(reference.tag ?? '');
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.reason !== 'login') throw thrown;
    if (login !== undefined) throw new Problem('refused', `${thrown.message}; the login that was given is not taken`, { reason: 'login', cause: thrown });
    throw new Problem('refused', thrown.message, { reason: 'login', hint: '--registry-login NAME --secret NAME=@FILE with {"username": …, "password": …}; or name it by its digest, @sha256:…', cause: thrown });
  }
}
