// Takes a new release in: nothing of it is unpacked before its signature, version and hash hold.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { messageOf, Problem } from '../../base/errors.js';
import { MAX_CHECKPOINT_BYTES, RELEASE_FETCH_TIMEOUT_MS } from '../../base/limits.js';
import { makeFolder, type Home } from '../../home.js';
import { PLATFORM, readRelease, risesAbove, type Release } from './note.js';
import { Releases } from './releases.js';

/** What taking in needs. */
export interface Accepting {
  readonly home: Home;
  /** A bundle; its note lies beside it, with `.note` behind the name. A path, or an address (http, https). */
  readonly source: string;
  /** Verifier key of who may release. */
  readonly vkey: string;
  readonly signal: AbortSignal;
}

/**
 * Checks a release and unpacks it beside the one that runs; switches nothing.
 * @throws Problem `integrity` where signature, hash or contents do not hold; `refused`, reason `version` or `platform`;
 *   `unreachable`; `not_found`; `failed`
 */
export async function acceptRelease({ home, source, vkey, signal }: Accepting): Promise<Release> {
  const releases = new Releases(home);
  const isRemote = /^https?:\/\//.test(source);
  const note = isRemote ? await fetchNote(`${source}.note`, signal) : await readNote(`${source}.note`);
  const release = readRelease(note, vkey);
  if (release.platform !== PLATFORM) throw new Problem('refused', `the release is for ${release.platform}, this is ${PLATFORM}`, { reason: 'platform' });
  if (!risesAbove(release.version, releases.version)) throw new Problem('refused', `the release ${release.version} is not newer than ${releases.version}, which runs here`, { reason: 'version' });
  // A copy that nobody else can change between the look at it and its use.
  const bundle = join(home.path, 'releases', `.${randomBytes(8).toString('hex')}.tmp`);
  makeFolder(join(home.path, 'releases'));
  try {
    const parts = isRemote ? fetched(source, signal) : (createReadStream(source) as AsyncIterable<Buffer>);
    await pipeline(bounded(parts, release.size), createWriteStream(bundle, { mode: 0o600, flags: 'wx' }));
    await checkBundle(bundle, release);
    await releases.unpack(bundle, release.version, signal);
  } finally {
    await rm(bundle, { force: true });
  }
  return release;
}

async function readNote(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > MAX_CHECKPOINT_BYTES) throw new Problem('integrity', `${path} is too large for a note`, { reason: 'note' });
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    throw new Problem('not_found', `there is no signed note ${path}`, { reason: 'note', hint: '3bot release sign BUNDLE makes it, on the machine with the release key' });
  }
}

async function checkBundle(path: string, { size, sha256 }: Release): Promise<void> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const part of createReadStream(path) as AsyncIterable<Buffer>) {
    length += part.length;
    hash.update(part);
  }
  if (length !== size || hash.digest('hex') !== sha256) throw new Problem('integrity', 'the bundle is not the one that was signed', { reason: 'hash' });
}

async function ask(url: string, signal: AbortSignal): Promise<Response> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(RELEASE_FETCH_TIMEOUT_MS)]) });
    if (!answer.ok || answer.body === null) throw new Problem('unreachable', `${url} answers ${answer.status}`);
    return answer;
  } catch (thrown) {
    if (thrown instanceof Problem || signal.aborted) throw thrown;
    throw new Problem('unreachable', `${url} cannot be fetched: ${messageOf(thrown)}`, { cause: thrown });
  }
}

async function fetchNote(url: string, signal: AbortSignal): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of bounded(fetched(url, signal), MAX_CHECKPOINT_BYTES)) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

async function* fetched(url: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const answer = await ask(url, signal);
  yield* Readable.fromWeb(answer.body as ReadableStream) as AsyncIterable<Buffer>;
}

/** The signed size bounds what is written. */
async function* bounded(source: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const part of source) {
    length += part.length;
    if (length > most) throw new Problem('integrity', 'this is not the one that was signed: it is longer', { reason: 'hash' });
    yield part;
  }
}
