// Reads from an image registry (OCI distribution-spec 1.1): bounded in size, time and redirects, never led into a
// private network, and nothing is believed that does not have the hash it was asked for by.
import { createHash } from 'node:crypto';
import type { Agent, Dispatcher } from 'undici';
import { messageOf, Problem } from '../../base/errors.js';
import { MAX_MANIFEST_BYTES, MAX_REGISTRY_REDIRECTS, MAX_TOKEN_BYTES, REGISTRY_ANSWER_MS, REGISTRY_SILENCE_MS } from '../../base/limits.js';
import { isLoopback, isPrivateHost, publicLookup } from '../addresses.js';
import type { Login } from './login.js';
import { ACCEPTED, demandLayers, parseManifest, platformOf, type Descriptor, type Manifest } from './manifest.js';
import { placeOf, type Reference } from './reference.js';

/** How a registry is asked. */
export interface RegistryOptions {
  /** The registry itself may be in a private network: a person named it so, or the farmer allows it. What it leads to may not. */
  readonly allowPrivate: boolean;
  readonly login?: Login | undefined;
}

/** What a tag or digest stands for now. */
export interface Found {
  /** Of the index where there is one, else of the manifest: `sha256:…`, worked out here. */
  readonly digest: string;
  /** Platforms that it runs on, as nodes announce them. */
  readonly platforms: readonly string[];
}

/** One platform's image. */
export interface Image {
  readonly descriptor: Descriptor;
  /** Its manifest, as it was hashed. */
  readonly bytes: Buffer;
  readonly manifest: Manifest;
}

type Response = Dispatcher.ResponseData;

/** Connections for one image of one registry; dispose of it. */
export class Registry implements AsyncDisposable {
  readonly #name: string;
  readonly #base: URL;
  readonly #options: RegistryOptions;
  readonly #signal: AbortSignal;
  #agents: { readonly open: Agent; readonly own: Agent } | undefined;
  #authorization: string | undefined;

  /** @param signal ends whatever is under way */
  constructor(image: Reference, options: RegistryOptions, signal: AbortSignal) {
    const { host, path } = placeOf(image);
    this.#name = `${image.registry}/${image.path}`;
    this.#base = new URL(`${isLoopback(host.replace(/:[0-9]+$/, '')) ? 'http' : 'https'}://${host}/v2/${path}/`);
    this.#options = options;
    this.#signal = signal;
  }

  /**
   * What a tag or digest stands for.
   * @throws Problem `not_found`; `refused` (reason `login`, `private`, `image`); `integrity`; `unreachable`; `malformed`
   */
  async find(version: string): Promise<Found> {
    const { bytes, mediaType, digest } = await this.#manifest(version);
    const parsed = parseManifest(bytes, mediaType);
    if (parsed.type === 'index') return { digest, platforms: [...new Set(parsed.images.map(({ platform }) => platform))] };
    return { digest, platforms: [platformOf(await this.#whole(parsed.config))] };
  }

  /**
   * The image of a digest for a platform.
   * @throws Problem as `find`, and `refused`, reason `platform`
   */
  async image(digest: string, platform: string): Promise<Image> {
    const first = await this.#manifest(digest);
    const parsed = parseManifest(first.bytes, first.mediaType);
    if (parsed.type === 'manifest') return this.#checked({ descriptor: { mediaType: first.mediaType, digest, size: first.bytes.length }, bytes: first.bytes, manifest: parsed }, platform);
    const entry = parsed.images.find((one) => one.platform === platform);
    if (entry === undefined) throw notFor(this.#name, platform, parsed.images.map((one) => one.platform));
    const { bytes, mediaType } = await this.#manifest(entry.digest);
    const manifest = parseManifest(bytes, mediaType);
    if (manifest.type === 'index') throw new Problem('refused', `${this.#name} has an index within its index`, { reason: 'image' });
    return this.#checked({ descriptor: { mediaType, digest: entry.digest, size: bytes.length }, bytes, manifest }, platform);
  }

  /** Content by its hash, part by part; the last part comes only if hash and size are right. */
  async *blob({ digest, size }: Pick<Descriptor, 'digest' | 'size'>): AsyncGenerator<Buffer> {
    const { body } = await this.#ask(new URL(`blobs/${digest}`, this.#base), '*/*');
    const hash = createHash('sha256');
    let left = size;
    let held: Buffer | undefined;
    try {
      for await (const part of body as AsyncIterable<Buffer>) {
        left -= part.length;
        if (left < 0) break;
        hash.update(part);
        if (held !== undefined) yield held;
        held = part;
      }
    } catch (thrown) {
      throw this.#problem(thrown);
    }
    if (left !== 0 || `sha256:${hash.digest('hex')}` !== digest) throw new Problem('integrity', `${this.#name}: the registry gave something else than ${digest}`, { reason: 'digest' });
    if (held !== undefined) yield held;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#agents?.open.destroy(), this.#agents?.own.destroy()]);
  }

  async #checked(image: Image, platform: string): Promise<Image> {
    demandLayers(image.manifest);
    const own = platformOf(await this.#whole(image.manifest.config));
    if (own !== platform) throw notFor(this.#name, platform, [own]);
    return image;
  }

  async #whole(descriptor: Descriptor): Promise<Buffer> {
    if (descriptor.size > MAX_MANIFEST_BYTES) throw new Problem('refused', `${this.#name}: its configuration is too long`, { reason: 'image' });
    const parts: Buffer[] = [];
    for await (const part of this.blob(descriptor)) parts.push(part);
    return Buffer.concat(parts);
  }

  async #manifest(version: string): Promise<{ bytes: Buffer; mediaType: string; digest: string }> {
    const { headers, body } = await this.#ask(new URL(`manifests/${version}`, this.#base), ACCEPTED);
    const bytes = await this.#read(body, MAX_MANIFEST_BYTES);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (version.startsWith('sha256:') && version !== digest) throw new Problem('integrity', `${this.#name}: the registry gave something else than ${version}`, { reason: 'digest' });
    return { bytes, digest, mediaType: String(headers['content-type'] ?? '').replace(/;.*/, '') };
  }

  /** Asks, logs in where that is asked for, follows redirects. @throws Problem for every answer but 200 */
  async #ask(first: URL, accept: string): Promise<Response> {
    let url = first;
    let isAsked = false;
    for (let redirects = 0; ; ) {
      const isOwn = url.origin === this.#base.origin;
      const response = await this.#get(url, { accept, ...(isOwn && this.#authorization !== undefined ? { authorization: this.#authorization } : {}) });
      if (response.statusCode === 200) return response;
      await response.body.dump({ limit: MAX_TOKEN_BYTES }).catch(() => undefined);
      const { location, 'www-authenticate': challenge } = response.headers;
      if (response.statusCode === 401 && isOwn && !isAsked && typeof challenge === 'string') {
        isAsked = true;
        this.#authorization = await this.#authorize(challenge);
      } else if (response.statusCode >= 300 && response.statusCode < 400 && typeof location === 'string' && redirects < MAX_REGISTRY_REDIRECTS) {
        redirects += 1;
        if (!URL.canParse(location, url.href)) throw new Problem('failed', `${url.host} leads to ${JSON.stringify(location.slice(0, 100))}, which is no address`, { reason: 'registry' });
        url = new URL(location, url);
      } else throw this.#refusal(response.statusCode);
    }
  }

  /** What to say who asks: a token from where the registry sends us (distribution-spec: Bearer), or the login itself (Basic). */
  async #authorize(challenge: string): Promise<string> {
    const { login } = this.#options;
    const basic = login === undefined ? undefined : `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
    if (/^basic /i.test(challenge) && basic !== undefined) return basic;
    const said = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name.toLowerCase(), value]));
    const realm = said.get('realm');
    if (!/^bearer /i.test(challenge) || realm === undefined || !URL.canParse(realm)) throw this.#refusal(401);
    const url = new URL(realm);
    for (const name of ['service', 'scope']) if (said.has(name)) url.searchParams.set(name, said.get(name) ?? '');
    const { statusCode, body } = await this.#get(url, basic === undefined ? {} : { authorization: basic });
    const text = (await this.#read(body, MAX_TOKEN_BYTES)).toString('utf8');
    if (statusCode !== 200) throw this.#refusal(statusCode);
    const { token, access_token } = parsedObject(text);
    const given = token ?? access_token;
    if (typeof given !== 'string' || !/^[!-~]+$/.test(given)) throw this.#refusal(401);
    return `Bearer ${given}`;
  }

  async #get(url: URL, headers: Record<string, string>): Promise<Response> {
    const isOwn = url.host === this.#base.host && this.#options.allowPrivate;
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (url.protocol !== 'https:' && !(isOwn && isLoopback(host))) throw new Problem('refused', `${this.#name} leads to ${url.protocol}//${url.host}, which is not https`, { reason: 'private' });
    if (!isOwn && isPrivateHost(host)) throw new Problem('refused', `${this.#name} leads to ${url.host}, which is private or this machine`, { reason: 'private' });
    try {
      const { Agent } = await import('undici');
      const common = { headersTimeout: REGISTRY_ANSWER_MS, bodyTimeout: REGISTRY_SILENCE_MS };
      this.#agents ??= { open: new Agent({ ...common, connect: { timeout: REGISTRY_ANSWER_MS, lookup: publicLookup } }), own: new Agent({ ...common, connect: { timeout: REGISTRY_ANSWER_MS } }) };
      return await (isOwn ? this.#agents.own : this.#agents.open).request({ origin: url.origin, path: `${url.pathname}${url.search}`, method: 'GET', headers: { ...headers, 'user-agent': '3bot' }, signal: this.#signal });
    } catch (thrown) {
      throw this.#problem(thrown);
    }
  }

  async #read(body: Response['body'], limit: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let size = 0;
    try {
      for await (const part of body as AsyncIterable<Buffer>) {
        size += part.length;
        if (size > limit) throw new Problem('malformed', `the registry of ${this.#name} gave an answer of more than ${limit} bytes`);
        parts.push(part);
      }
    } catch (thrown) {
      throw this.#problem(thrown);
    }
    return Buffer.concat(parts);
  }

  #problem(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown;
    if (this.#signal.aborted) return this.#signal.reason instanceof Problem ? this.#signal.reason : new Problem('unreachable', `the registry of ${this.#name} took too long`, { reason: 'timeout' });
    return new Problem('unreachable', `the registry of ${this.#name} does not answer: ${messageOf(thrown)}`, { reason: 'registry', cause: thrown });
  }

  #refusal(status: number): Problem {
    if (status === 404) return new Problem('not_found', `${this.#name} is not there, or not in this version`, { reason: 'image' });
    if (status === 401 || status === 403) return new Problem('refused', `the registry wants to know who asks for ${this.#name}, or has no such image`, { reason: 'login' });
    if (status === 429) return new Problem('busy', `the registry of ${this.#name} has been asked too often`, { reason: 'registry' });
    return new Problem('unreachable', `the registry of ${this.#name} answers with status ${status}`, { reason: 'registry' });
  }
}

function parsedObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function notFor(name: string, platform: string, has: readonly string[]): Problem {
  return new Problem('refused', `${name} is not for ${platform}, but for ${has.slice(0, 8).join(', ') || 'nothing known'}`, { reason: 'platform' });
}
