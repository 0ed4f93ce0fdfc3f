// What a registry gives out: an index (one image for several platforms) or a manifest (one image). OCI image-spec 1.1
// and Docker's schema 2, which is the same but for the names of its types. All of it is hostile.
import { Problem } from '../../base/errors.js';
import { MAX_IMAGE_LAYERS, MAX_INDEX_ENTRIES, MAX_MANIFEST_BYTES } from '../../base/limits.js';

/** Something in a registry by its content. */
export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:…` */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/** One image for several platforms. */
export interface Index {
  readonly type: 'index';
  /** `platform` as nodes announce it: `linux/amd64`. */
  readonly images: readonly (Descriptor & { readonly platform: string })[];
}

/** One image. */
export interface Manifest {
  readonly type: 'manifest';
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

const INDEXES = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'];
const MANIFESTS = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'];
/** Layers as plain or gzipped tar: of others it cannot be told how much disk they take before they have it. */
const LAYERS = /^application\/vnd\.(oci\.image\.layer\.v1\.tar(\+gzip)?|docker\.image\.rootfs\.diff\.tar\.gzip)$/;

/** What to ask a registry for. */
export const ACCEPTED = [...INDEXES, ...MANIFESTS].join(', ');

/**
 * Reads an index or manifest.
 * @param mediaType as the registry names it
 * @throws Problem `malformed`; `refused`, reason `image`, for kinds of images that no node runs
 */
export function parseManifest(bytes: Buffer, mediaType: string): Index | Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES) throw bad('is too long');
  const value = jsonObject(bytes);
  const type = typeof value['mediaType'] === 'string' ? value['mediaType'] : mediaType;
  if (INDEXES.includes(type)) return { type: 'index', images: list(value['manifests'], MAX_INDEX_ENTRIES).flatMap(imageOf) };
  if (!MANIFESTS.includes(type)) throw new Problem('refused', `an image of a kind that is not known here: ${type.slice(0, 100)}`, { reason: 'image' });
  return { type: 'manifest', config: descriptor(value['config']), layers: list(value['layers'], MAX_IMAGE_LAYERS).map(descriptor) };
}

/**
 * The platform of an image, from its configuration.
 * @throws Problem `malformed`
 */
export function platformOf(config: Buffer): string {
  return platformText(jsonObject(config)) ?? 'unknown/unknown';
}

/** @throws Problem `refused`, reason `image`, where a layer is none that a node takes */
export function demandLayers({ layers }: Manifest): void {
  const strange = layers.find(({ mediaType }) => !LAYERS.test(mediaType));
  if (strange !== undefined) throw new Problem('refused', `the image has a layer of a kind that is not taken: ${strange.mediaType}`, { reason: 'image' });
}

/** An entry for a platform; others, such as attestations, are no images. */
function imageOf(entry: unknown): (Descriptor & { platform: string })[] {
  const platform = isObject(entry) && isObject(entry['platform']) ? platformText(entry['platform']) : null;
  return platform === null || platform === 'unknown/unknown' ? [] : [{ ...descriptor(entry), platform }];
}

function platformText({ os, architecture }: Record<string, unknown>): string | null {
  const isWord = (word: unknown): word is string => typeof word === 'string' && /^[a-z0-9]{1,20}$/.test(word);
  return isWord(os) && isWord(architecture) ? `${os}/${architecture}` : null;
}

function descriptor(value: unknown): Descriptor {
  const { mediaType, digest, size } = isObject(value) ? value : {};
  const ok = typeof mediaType === 'string' && /^[\w.+/-]{1,200}$/.test(mediaType) && typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) && typeof size === 'number' && Number.isSafeInteger(size) && size >= 0;
  if (!ok) throw bad('names something in a way that is not known');
  return { mediaType, digest, size };
}

function list(value: unknown, max: number): unknown[] {
  if (!Array.isArray(value) || value.length > max) throw bad(`has no list of at most ${max} parts`);
  return value as unknown[];
}

function jsonObject(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (isObject(value)) return value;
  } catch {
    // Said below.
  }
  throw bad('is no JSON object');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(what: string): Problem {
  return new Problem('malformed', `what the registry gave as an image ${what}`, { reason: 'image' });
}
