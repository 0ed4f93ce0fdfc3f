// Brings an image to this machine: fetched by our own client, which is never led into a private network, measured
// while it comes, and handed to podman as files. Podman gets neither the registry's address nor its password.
import { createGunzip } from 'node:zlib';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MIB } from '../../base/bytes.js';
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import { MAX_IMAGE_BYTES, MAX_UNPACKED_BYTES, MIN_FREE_DISK_MIB, PULL_TIMEOUT_MS } from '../../base/limits.js';
import { Registry, type Image } from '../../net/registry/client.js';
import { LayerMeter } from '../../net/registry/layer.js';
import type { Login } from '../../net/registry/login.js';
import type { Descriptor } from '../../net/registry/manifest.js';
import { parseReference } from '../../net/registry/reference.js';
import { run } from '../children.js';
import { PLATFORM } from '../probe/platform.js';
import type { PodmanApi } from './podman-api.js';

/** What fetching an image needs. */
export interface FetchParts {
  readonly api: PodmanApi;
  /** Folder for what is under way; on this machine's own file system. */
  readonly folder: string;
  /** The farmer lets this image's registry be in a private network. */
  readonly allowPrivate: boolean;
  /** Asked only where the image is not here. What was fetched so is this contract's alone: who names its digest has not yet shown a login. */
  readonly login?: (() => Promise<Login>) | undefined;
  readonly contract: string;
  /** Called when the download begins, and with every part of it; both in bytes. */
  readonly onPull: (done: number, total: number) => void;
  /** Bytes of free disk that are promised to others. */
  readonly promised: () => Promise<number>;
}

/** Images unpacked are seldom more than four times as large. */
const UNPACKED_RATIO = 4;
/** Ours by its tag: whoever else names images so, names the same bytes. */
const OURS = /^[^@]+:sha256-[0-9a-f]{64}$|^localhost\/x[0-9a-f]{24}:latest$/;

/**
 * Sees to it that an image is here, and gives the name under which podman knows it. It has that name only if it came
 * from the very registry that it names: by its digest alone podman would also take another customer's.
 * @param image `host[:port]/path@sha256:…`
 * @throws Problem `refused` (reason `image`, `platform`, `login`, `private`), `refused` (reason `disk`) where there is no
 *   room now, `unreachable`, `not_found`, `integrity`
 */
export async function haveImage(image: string, parts: FetchParts, signal: AbortSignal): Promise<string> {
  const there = await parts.api.call({ method: 'GET', path: `/images/${image}/json`, signal, accept: [404] });
  if (there.status !== 404) {
    const { RepoDigests } = JSON.parse(there.bytes.toString('utf8')) as { RepoDigests: string[] | null };
    if (RepoDigests?.includes(image)) return image;
  }
  const [public_name = '', digest = ''] = image.split('@');
  const name = parts.login === undefined ? public_name : privateName(public_name, parts.contract);
  const tag = digest.replace(':', '-');
  const known = await parts.api.call({ method: 'GET', path: `/images/${name}:${tag}/json`, signal, accept: [404] });
  if (known.status !== 404) return `${name}:${tag}`;
  if (image.startsWith('localhost/')) throw new Problem('refused', `the image ${image} is not on this node`, { reason: 'image' });
  await fetchImage(image, { name, tag }, parts, AbortSignal.any([signal, AbortSignal.timeout(PULL_TIMEOUT_MS)]));
  return `${name}:${tag}`;
}

/** Of an image that needed a login: a name that no record may have, since registries below `.private` are nobody's. */
function privateName(name: string, contract: string): string {
  return `${contract}.private/${name.replace(':', '-')}`;
}

async function fetchImage(image: string, { name: repo, tag }: { readonly name: string; readonly tag: string }, parts: FetchParts, signal: AbortSignal): Promise<void> {
  await using registry = new Registry(parseReference(image), { allowPrivate: parts.allowPrivate, login: await parts.login?.() }, signal);
  const found = await registry.image(image.slice(image.indexOf('@') + 1), PLATFORM);
  const { config, layers } = found.manifest;
  const total = [config, ...layers].reduce((sum, { size }) => sum + size, 0);
  if (total > MAX_IMAGE_BYTES) throw new Problem('refused', `the image has ${Math.ceil(total / MIB)} MiB, which is more than ${MAX_IMAGE_BYTES / MIB}`, { reason: 'image' });
  parts.onPull(0, total);
  await mkdir(parts.folder, { recursive: true, mode: 0o700 });
  await dropOld(parts.folder);
  await demandRoom(total * (1 + UNPACKED_RATIO), parts, signal);
  // A name that podman can take for an image's: it calls what it reads from a folder after it.
  const name = `x${randomBytes(12).toString('hex')}`;
  const folder = join(parts.folder, name);
  try {
    const unpacked = await download(registry, found, folder, parts.onPull, total);
    await demandRoom(unpacked, parts, signal);
    const id = (await run('podman', ['pull', '--quiet', `oci:${name}`], signal, PULL_TIMEOUT_MS, '', parts.folder)).trim();
    // Before its own name goes: what has none may be taken away by anybody who tidies up.
    if (/^[0-9a-f]{64}$/.test(id)) await parts.api.call({ method: 'POST', path: `/images/${id}/tag`, query: { repo, tag }, signal });
    await parts.api.call({ method: 'POST', path: `/images/localhost/${name}:latest/untag`, query: { repo: `localhost/${name}`, tag: 'latest' }, signal, accept: [404, 500] });
    if (!/^[0-9a-f]{64}$/.test(id)) throw new Problem('failed', 'podman took the image and gave no id for it', { reason: 'image' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * An image as files (OCI image-layout 1.0).
 * @returns how many bytes its layers have unpacked
 * @throws Problem `refused`, reason `image`, for layers that unpack to more than is allowed or to nothing sensible
 */
async function download(registry: Registry, { descriptor, bytes, manifest }: Image, folder: string, onPull: FetchParts['onPull'], total: number): Promise<number> {
  const blobs = join(folder, 'blobs', 'sha256');
  const at = ({ digest }: Descriptor): string => join(blobs, digest.slice('sha256:'.length));
  await mkdir(blobs, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [descriptor] }));
  await writeFile(at(descriptor), bytes);
  let done = 0;
  let unpacked = 0;
  for (const part of new Map([manifest.config, ...manifest.layers].map((one) => [one.digest, one])).values()) {
    await using file = await open(at(part), 'wx', 0o600);
    const keep = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const piece of source) {
        await file.writeFile(piece);
        done += piece.length;
        onPull(done, total);
        yield piece;
      }
    };
    const isLayer = part !== manifest.config;
    const measure = async (source: AsyncIterable<Buffer>): Promise<void> => {
      const meter = new LayerMeter();
      for await (const piece of source) {
        if (isLayer) meter.add(piece);
        if (unpacked + meter.bytes > MAX_UNPACKED_BYTES) throw new Problem('refused', `the image unpacks to more than ${MAX_UNPACKED_BYTES / MIB} MiB`, { reason: 'image' });
      }
      // A layer that is there twice is unpacked twice.
      unpacked += meter.bytes * manifest.layers.filter(({ digest }) => digest === part.digest).length;
    };
    try {
      await pipeline(registry.blob(part), keep, part.mediaType.endsWith('gzip') ? createGunzip() : new PassThrough(), measure);
    } catch (thrown) {
      throw isProblem(thrown) ? thrown : new Problem('refused', `a layer of the image cannot be unpacked: ${messageOf(thrown)}`, { reason: 'image', cause: thrown });
    }
  }
  return unpacked;
}

/** Makes room by taking away images that nobody uses. @throws Problem `refused`, reason `disk` */
async function demandRoom(bytes: number, { api, folder, promised }: FetchParts, signal: AbortSignal): Promise<void> {
  const free = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize - (await promised()) - MIN_FREE_DISK_MIB * MIB;
  };
  if ((await free()) >= bytes) return;
  const images = (await api.json({ method: 'GET', path: '/images/json', signal })) as { RepoTags: string[] | null }[];
  for (const name of images.flatMap(({ RepoTags }) => (RepoTags ?? []).filter((one) => OURS.test(one)))) {
    // Refused for what a container is made of.
    await api.call({ method: 'DELETE', path: `/images/${name}`, query: { force: 'false' }, signal, accept: [404, 409, 500] });
    if ((await free()) >= bytes) return;
  }
  throw new Problem('refused', `the image needs ${Math.ceil(bytes / MIB)} MiB of disk, and ${Math.max(0, Math.floor((await free()) / MIB))} MiB are left for images`, { reason: 'disk' });
}

/** What a process that was killed has left behind. */
async function dropOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const { mtimeMs } = await stat(join(folder, name));
    if (/^x[0-9a-f]{24}$/.test(name) && Date.now() - mtimeMs > 2 * PULL_TIMEOUT_MS) await rm(join(folder, name), { recursive: true, force: true });
  }
}
